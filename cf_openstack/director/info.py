# SPDX-License-Identifier: Apache-2.0
"""What a director says about itself."""

from collections.abc import Mapping
import dataclasses
from typing import Any

from cf_openstack.director import exceptions
from cf_openstack.director import response as director_response

# Characters of any text in an answer.
_LONGEST = 1000
# UAAs that are tried in turn.
_MOST_URLS = 4


@dataclasses.dataclass(frozen=True)
class Info:
    """The answer to ``GET /info``, which needs no credentials.

    :ivar name: name of the director.
    :ivar uuid: its identity, the same through all its updates.
    :ivar version: version of its bosh release.
    :ivar cpi: the CPI job it was deployed with.
    :ivar user: who asked; None without valid credentials.
    :ivar user_authentication: ``basic`` or ``uaa``.
    :ivar uaa_urls: addresses of the UAA, the preferred one first.
    :ivar stemcell_os: operating system of its own stemcell.
    :ivar stemcell_version: version of its own stemcell.
    :ivar features: what is switched on, by name.
    """

    name: str
    uuid: str
    version: str
    cpi: str | None
    user: str | None
    user_authentication: str
    uaa_urls: tuple[str, ...] = ()
    stemcell_os: str | None = None
    stemcell_version: str | None = None
    features: Mapping[str, bool] = dataclasses.field(default_factory=dict)


def parse(response: director_response.Response) -> Info:
    """Read the answer to ``GET /info``.

    Nothing of the answer is quoted in an error: what answers may be no
    director at all.

    :raises NotADirector: when no director gave it.
    """
    document = response.json_or_none()
    if response.status != 200 or not isinstance(document, dict):
        raise _stranger(response, f'GET /info gave HTTP status '
                                  f'{response.status}'
                        if response.status != 200 else
                        'GET /info gave no JSON object')
    for key in ('name', 'uuid', 'version'):
        if _text(document.get(key)) is None:
            raise _stranger(response, f'GET /info told no {key}')
    authentication = _object(document.get('user_authentication'))
    if _text(authentication.get('type')) is None:
        raise _stranger(response, 'GET /info told no user_authentication')
    return Info(
        name=document['name'], uuid=document['uuid'],
        version=document['version'], cpi=_text(document.get('cpi')),
        user=_text(document.get('user')),
        user_authentication=authentication['type'],
        uaa_urls=_urls(_object(authentication.get('options'))),
        stemcell_os=_text(document.get('stemcell_os')),
        stemcell_version=_text(document.get('stemcell_version')),
        features={name: bool(_object(feature).get('status')) for
                  name, feature in _object(document.get('features')).items()})


def _urls(options: dict[str, Any]) -> tuple[str, ...]:
    more = options.get('urls')
    urls = [options.get('url'), *(more if isinstance(more, list) else ())]
    known = [url for url in map(_text, urls) if url]
    return tuple(dict.fromkeys(known))[:_MOST_URLS]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and (
        len(value) <= _LONGEST) else None


def _stranger(response: director_response.Response,
              reason: str) -> exceptions.NotADirector:
    return exceptions.NotADirector(endpoint=response.endpoint, reason=reason)
