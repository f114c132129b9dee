# SPDX-License-Identifier: Apache-2.0
"""What a process knows of a cloud from the processes before it.

That is a token with its catalog, and the version documents of services.
All of it may be out of date: a token may have been revoked, an endpoint
moved.  So it is believed only until the cloud contradicts it.
"""

from collections.abc import Callable
import json
import logging
from typing import Any

from keystoneauth1 import access
from keystoneauth1 import discover

from cf_openstack.cloud import token_cache

LOG = logging.getLogger(__name__)

#: Seconds that a remembered token must still be good for.
LEAST_LIFE = 300


class Memory:
    """Keeps what one connection learns in a file, and recalls it.

    Version documents live as long as the token they came with, so that
    an upgrade of a service is seen within that time.

    :param file: the file; None: nothing is remembered.
    :param least_life: seconds that a recalled token must be good for.
    :param keep_secret: is told each token, so that no log shows it.
    :ivar believed: whether the token at hand was recalled, so that it and
        its catalog may be out of date.
    :ivar documents: version documents by URL, as keystoneauth keeps them.
    """

    def __init__(
        self,
        file: token_cache.TokenFile | None = None,
        least_life: float = LEAST_LIFE,
        keep_secret: Callable[[set[str]], object] | None = None,
    ) -> None:
        self._file = file
        self._least_life = least_life
        self._keep_secret = keep_secret
        self.believed = False
        self.documents: dict[str, Any] = _Documents(self._learn_document)

    def recall(self, auth: Any) -> None:
        """Give a plugin the token that is remembered, if one is."""
        stored = self._file.read() if self._file else {}
        if not _install(auth, stored.get('auth'), self._least_life):
            return
        self.believed = True
        self._hide(auth)
        self.documents.update(_restored(stored.get('documents')))
        LOG.info('The token of an earlier call serves')

    def learn(self, auth: Any) -> None:
        """Remember the token that a plugin was just given."""
        self.believed = False
        self._hide(auth)
        if self._file:
            self._file.write({
                'auth': auth.get_auth_state(),
                'documents': _plain(self.documents)})

    def forget(self, token: str) -> None:
        """Forget a token that was refused; a newer one's file stays."""
        self.believed = False
        if self._file and _token_in(self._file.read()) in (token, None):
            self._file.remove()

    def _hide(self, auth: Any) -> None:
        if self._keep_secret:
            self._keep_secret({auth.auth_ref.auth_token})

    def _learn_document(self) -> None:
        stored = self._file.read() if self._file else {}
        # If the file is gone, somebody had reason to forget it.
        if self._file and _token_in(stored):
            known = stored.get('documents')
            self._file.write({
                'auth': stored['auth'],
                'documents': {
                    **(known if isinstance(known, dict) else {}),
                    **_plain(self.documents)}})


class _Documents(dict):
    """Version documents by URL; says when there is a new one."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def __setitem__(self, url: str, document: discover.Discover) -> None:
        is_new = url not in self
        super().__setitem__(url, document)
        if is_new:
            self._changed()


class _Recorded:
    """Answers with a version document as the service once did."""

    def __init__(self, versions: Any) -> None:
        self._versions = versions

    def get(self, url: str, **kwargs: Any) -> '_Recorded':
        return self

    def json(self) -> dict[str, Any]:
        return {'versions': self._versions}


def endpoints(auth: Any) -> dict[tuple[str, ...], str]:
    """The URLs in a plugin's catalog, by what they are chosen by."""
    return {
        (service['type'], service.get('name') or '',
         endpoint['interface'], endpoint.get('region_id') or ''):
        endpoint['url']
        for service in auth.auth_ref.service_catalog.catalog
        for endpoint in service['endpoints']
    }


def _install(auth: Any, state: Any, least_life: float) -> bool:
    """Whether a plugin could be given a token that is good enough."""
    if not isinstance(state, str):
        return False
    try:
        auth.set_auth_state(state)
        known = auth.auth_ref
        if (isinstance(known, access.AccessInfoV3)
                and known.auth_token and isinstance(known.auth_token, str)
                and not known.will_expire_soon(least_life)
                and endpoints(auth)):
            return True
    except Exception as exc:
        LOG.warning('The token cache is damaged (%s); asking Keystone',
                    type(exc).__name__)
    auth.set_auth_state(None)
    return False


def _token_in(stored: dict[str, Any]) -> str | None:
    try:
        return json.loads(stored['auth'])['auth_token']
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def _plain(documents: dict[str, discover.Discover]) -> dict[str, Any]:
    return {
        url: document.raw_version_data(
            allow_experimental=True, allow_unknown=True)
        for url, document in documents.items()
    }


def _restored(documents: Any) -> dict[str, discover.Discover]:
    found = {}
    try:
        for url, versions in documents.items():
            document = discover.Discover(_Recorded(versions), url)
            # Whatever is wrong with it shows now and not later on.
            document.version_data(allow_experimental=True)
            if versions:
                found[url] = document
    except Exception as exc:
        LOG.warning('The version documents in the token cache are damaged '
                    '(%s)', type(exc).__name__)
    return found
