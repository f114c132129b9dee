# SPDX-License-Identifier: Apache-2.0
"""keystoneauth's session and plugins, with a memory.

keystoneauth itself asks for a new token when one is about to expire, or
was refused with 401, and then sends the request again.  What is added is
that a new token is remembered, and that a catalog which was remembered is
looked at again when what it names does not answer as OpenStack does.
"""

import logging
from typing import Any
import urllib.parse

from keystoneauth1 import exceptions
from keystoneauth1 import identity
from keystoneauth1 import session
import requests

from cf_openstack.cloud import memory as cloud_memory

LOG = logging.getLogger(__name__)

# Once more does no harm.
_SAFE = frozenset(('DELETE', 'GET', 'HEAD', 'PUT'))

_REQUEST_IDS = ('x-openstack-request-id', 'x-compute-request-id')


class _Remembering:
    """Mixed into a plugin of the Identity API's version 3."""

    memory: cloud_memory.Memory

    def get_auth_ref(self, session: Any, **kwargs: Any) -> Any:
        """Ask Keystone for a token and remember it."""
        self.auth_ref = super().get_auth_ref(session, **kwargs)
        self.memory.learn(self)
        return self.auth_ref

    def invalidate(self) -> bool:
        """Forget the token, here and in the file."""
        if self.auth_ref:
            self.memory.forget(self.auth_ref.auth_token)
        return super().invalidate()

    def forget_documents(self) -> None:
        """Ask the services for their versions anew."""
        self.memory.documents.clear()
        self._discovery_cache.clear()


class Password(_Remembering, identity.V3Password):
    """Who asks is a user with a password."""


class ApplicationCredential(
        _Remembering, identity.V3ApplicationCredential):
    """Who asks is an application credential."""


class Session(session.Session):
    """A session that believes a remembered catalog with caution.

    :param auth: one of the plugins above.
    :param memory: filled by its own requests; the plugin gets it too.
    :param http: the session of requests that sends them.
    :param verify: as of requests.
    """

    def __init__(
        self,
        auth: Password | ApplicationCredential,
        memory: cloud_memory.Memory,
        http: requests.Session,
        verify: bool | str,
    ) -> None:
        super().__init__(
            auth=auth, session=http, verify=verify,
            discovery_cache=memory.documents, app_name='cf-openstack')
        self._memory = memory
        self._moved: dict[str, str] = {}
        auth.memory = memory
        memory.recall(auth)

    def request(self, url: str, method: str, **kwargs: Any) -> Any:
        """Send a request, as keystoneauth's session does.

        If the endpoint came from a remembered catalog and does not seem to
        be one of OpenStack, the catalog is fetched anew; if the endpoint
        has moved, a request that may be repeated goes there.
        """
        self._redirect(kwargs)
        if method == 'GET' and kwargs.get('authenticated') is False:
            # A version document.  keystoneauth would ask for it without a
            # token first, which Cinder's refuses.
            kwargs['authenticated'] = urllib.parse.urlsplit(
                url).path.strip('/') != ''
        try:
            response = super().request(url, method, **kwargs)
        except exceptions.ConnectionError:
            if not (self._has_moved() and method in _SAFE):
                raise
        except exceptions.NotFound as exc:
            if _is_openstack(exc.response) or not self._has_moved():
                raise
        else:
            if response.status_code == 406 and self._memory.believed:
                # It does not take the newest microversion of the
                # remembered document: others shall read a new one.
                self._memory.forget(self.auth.get_token(self))
            if (response.status_code != 404 or _is_openstack(response)
                    or not self._has_moved()):
                return response
        self._redirect(kwargs)
        return super().request(url, method, **kwargs)

    def _redirect(self, kwargs: dict[str, Any]) -> None:
        # The SDK notes down the URLs of services without versions.
        override = kwargs.get('endpoint_override')
        for before, after in self._moved.items():
            if override and f'{override}/'.startswith(f'{before}/'):
                kwargs['endpoint_override'] = (
                    after + override.removeprefix(before))
                return

    def _has_moved(self) -> bool:
        """Whether an endpoint of a remembered catalog is out of date."""
        if not self._memory.believed:
            return False
        before = cloud_memory.endpoints(self.auth)
        LOG.warning('Is the remembered catalog out of date? Fetching it')
        self.auth.invalidate()
        self.auth.forget_documents()
        try:
            self.auth.get_access(self)
        except exceptions.ClientException as exc:
            LOG.warning('Fetching the catalog failed: %s', exc)
            return False
        after = cloud_memory.endpoints(self.auth)
        self._moved = {
            url.rstrip('/'): after[key].rstrip('/')
            for key, url in before.items()
            if key in after and after[key] != url}
        return bool(self._moved)


def _is_openstack(response: requests.Response | None) -> bool:
    """Whether a service of OpenStack gave this answer."""
    return response is not None and any(
        name in response.headers for name in _REQUEST_IDS)
