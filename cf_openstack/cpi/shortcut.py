# SPDX-License-Identifier: Apache-2.0
"""The answer to ``info``, by the shortest way.

``info`` comes before nearly every other call, each time to a new process,
so that the time to import modules is all it costs.  Here it is answered
with what the interpreter has loaded anyway: even ``json`` and ``typing``
would double that time.  Whatever is not a plain, faultless request for
``info`` is left to :mod:`cf_openstack.cpi.dispatch`.
"""

import os
import time

from cf_openstack.cpi import journal

#: What protocol.success() makes of the result of methods.info.info().
REPLY = (
    '{"result": {"api_version": 3, "stemcell_formats": ["openstack-raw", '
    '"openstack-qcow2", "openstack-light"]}, "error": null, "log": ""}')

_BLANKS = ' \t\n\r'


class _Options:
    """The scanner's, as json.JSONDecoder has them."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    memo: dict[str, str] = {}

    @staticmethod
    def parse_constant(name: str) -> None:
        raise ValueError(name)


def reply_to(raw: bytes) -> str | None:
    """Return the reply to a request for ``info``; None: it is none.

    :param raw: what came on stdin.
    """
    if b'"info"' not in raw:
        return None
    try:
        # What json itself uses where there is C; not a public module.
        from _json import make_scanner

        text = raw.decode('utf-8').strip(_BLANKS)
        document, end = make_scanner(_Options)(text, 0)
    except Exception:
        # Whatever is wrong, there it will be said.
        return None
    if end != len(text) or not _is_plain(document):
        return None
    request_id = document['context'].get('request_id')
    if not isinstance(request_id, str) or not request_id:
        number = int.from_bytes(os.urandom(4), 'big') % 1000000
        request_id = f'cpi-{number:06d}'
    log = journal.Journal(request_id)
    started = time.monotonic()
    log.line('Starting info()...')
    seconds = time.monotonic() - started
    log.line(f'Finished info in {seconds:.2f} seconds')
    return REPLY


def _is_plain(document: object) -> bool:
    if not isinstance(document, dict):
        return False
    context = document.get('context')
    return (
        document.get('method') == 'info'
        and document.get('arguments') == []
        and type(document.get('api_version', 0)) in (int, type(None))
        and isinstance(context, dict)
        and isinstance(context.get('director_uuid'), str)
        and bool(context['director_uuid']))
