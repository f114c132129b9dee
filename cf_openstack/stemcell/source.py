# SPDX-License-Identifier: Apache-2.0
"""Opening a stemcell's location: an https URL, read as a stream."""

from collections.abc import Iterator
import contextlib
import logging
import ssl
import time
from types import TracebackType
from typing import Any
from typing import Protocol
from typing import Self
import urllib.parse

import requests
from urllib3 import exceptions as urllib3_exceptions

from cf_openstack.director import endpoint as director_endpoint
from cf_openstack.director import endpoint_policy
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack.director import transport
from cf_openstack import exceptions
from cf_openstack.stemcell import errors

LOG = logging.getLogger(__name__)

#: Redirects that are followed; the same number as the director's.
MAX_REDIRECTS = 9

# Bytes that may come before a file begins: status, headers, a part of it.
_MAX_HEAD = 1024 * 1024
# In place of no bound; sockets take no infinity.
_NEVER = 10.0 ** 6

_REDIRECTS = (301, 302, 303, 307, 308)
_REASONS = {401: 'it asks for credentials', 403: 'access is denied',
            404: 'there is nothing', 410: 'there is nothing any more'}


class Policy(Protocol):
    """What decides on the hosts that may be connected to."""

    def check(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of a host, or an error of ours."""


@contextlib.contextmanager
def _bounded(deadline: float | None, size: int) -> Iterator[None]:
    """Bound what a host may take and send while it is asked for bytes."""
    left = _NEVER if deadline is None else deadline - time.monotonic()
    token = transport.allowance.set(transport.Allowance(
        seconds=left, size=size, sending=left, stall=left))
    try:
        yield
    finally:
        transport.allowance.reset(token)


class _WebEndpoint(director_endpoint.Endpoint):
    """A web server; port 443 stays unsaid, as in the browser's Host header.

    The signature of a signed URL covers that header.
    """

    @property
    def netloc(self) -> str:
        return super().netloc.removesuffix(':443')


class _Location:
    """A URL, taken apart; its text form holds no secret."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        # Neither userinfo nor query: a signed URL holds its secret there.
        self._shown = urllib.parse.urlunsplit(
            (parts.scheme, parts.netloc.rpartition('@')[2], parts.path, '',
             ''))
        if parts.scheme.lower() != 'https':
            raise self.refused('only https is fetched')
        try:
            endpoint = director_endpoint.parse(
                'https://' + parts.netloc.rpartition('@')[2],
                default_port=443)
            self.endpoint = _WebEndpoint(endpoint.host, endpoint.port)
            user, password = parts.username, parts.password
        except (director_exceptions.InvalidEndpoint, ValueError) as error:
            raise self.refused('host or port is not valid') from error
        self.auth = user and (urllib.parse.unquote(user),
                              urllib.parse.unquote(password or ''))
        target = urllib.parse.urlunsplit(
            ('', '', parts.path or '/', parts.query, ''))
        self.url = self.endpoint.url + target

    def __str__(self) -> str:
        return self._shown

    def refused(self, reason: object) -> errors.LocationRefused:
        return errors.LocationRefused(location=self, reason=reason)

    def failed(self, reason: object) -> errors.DownloadFailed:
        return errors.DownloadFailed(location=self, reason=reason)


class Stream:
    """A file that is being fetched.

    :ivar length: its bytes as announced, or None.
    """

    def __init__(self, location: _Location, session: requests.Session,
                 response: requests.Response,
                 deadline: float | None) -> None:
        self._location = location
        self._session = session
        self._response = response
        self._deadline = deadline
        self._done = 0
        announced = response.headers.get('Content-Length', '')
        self.length = int(announced) if announced.isdecimal() else None

    def read(self, size: int = -1, /) -> bytes:
        """At most size bytes (all there are, if negative).

        :raises DownloadFailed: the connection broke, the file ended early,
            or it took too long.
        """
        if size < 0:
            return b''.join(iter(lambda: self.read(256 * 1024), b''))
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise self._location.failed(
                'it took too long; %d bytes were read' % self._done)
        raw = self._response.raw
        try:
            # One packet at a time where urllib3 can: a host that drips
            # could otherwise put off the look at the clock.
            with _bounded(self._deadline, size + _MAX_HEAD):
                data = getattr(raw, 'read1', raw.read)(size)
        except (urllib3_exceptions.HTTPError, OSError) as error:
            raise self._location.failed(
                'it broke off after %d bytes (%s)'
                % (self._done, _cause(error))) from error
        self._done += len(data)
        if size and not data and self._done < (self.length or 0):
            raise self._location.failed(
                'it ended after %d of %d bytes' % (self._done, self.length))
        return data

    def close(self) -> None:
        """End the connection."""
        self._response.close()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None,
                 error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


def _cause(error: BaseException) -> str:
    """A few words on an error; nothing of what the host said."""
    for cause in reversed(transport.causes(error)):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return 'its certificate is not trusted: %s' % cause.verify_message
        if isinstance(cause, ssl.SSLError):
            return 'TLS failed (%s)' % (cause.reason or 'handshake')
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    if isinstance(error, (requests.Timeout, TimeoutError,
                          urllib3_exceptions.TimeoutError)):
        return 'no answer in time'
    return 'the connection was closed'


def _send(location: _Location, ca_certificate: str, policy: Policy | None,
          auth: Any, timeout: tuple[float, float], deadline: float | None
          ) -> tuple[requests.Session, requests.Response]:
    endpoint = location.endpoint
    if policy is None:
        policy = endpoint_policy.EndpointPolicy(
            [endpoint.port], denied_networks=())
    try:
        context = transport.ssl_context(ca_certificate)
    except (ssl.SSLError, ValueError) as error:
        raise location.failed(
            'ca_certificate is not a PEM certificate') from error
    session = transport.Session(transport.PinnedAdapter(
        endpoint, context, policy))
    try:
        with _bounded(deadline, _MAX_HEAD):
            response = session.get(
                location.url, auth=auth, stream=True, allow_redirects=False,
                timeout=timeout, verify=True,
                headers={'User-Agent': 'cf-openstack', 'Accept': '*/*',
                         'Accept-Encoding': 'identity'})
    except director_exceptions.EndpointRefused as error:
        session.close()
        raise location.refused(error) from error
    except exceptions.CfOpenStackError as error:
        session.close()
        raise location.failed(error) from error
    except requests.RequestException as error:
        session.close()
        raise location.failed(_cause(error)) from error
    return session, response


def open_stream(location: str, ca_certificate: str | None = None,
                policy: Policy | None = None, *,
                connect_timeout: float = 10, read_timeout: float = 60,
                total_timeout: float | None = None) -> Stream:
    """Open a file at an https URL.

    Proxies, netrc and CA bundles of the environment are ignored.  A user
    and password in the URL go to its host alone, not to where that host
    redirects to.

    :param ca_certificate: PEM text of the only CA to trust, at every hop;
        without it, those of the operating system.
    :param policy: asked for the addresses of every hop's host.
    :param connect_timeout: seconds for a connection.
    :param read_timeout: seconds for the next bytes.
    :param total_timeout: seconds for it all, redirects included.
    :raises LocationRefused: it is not https, or the policy forbids it.
    :raises DownloadFailed: it could not be opened.
    """
    deadline = total_timeout and time.monotonic() + total_timeout
    here = _Location(location)
    auth, home = here.auth, here.endpoint
    for _hop in range(MAX_REDIRECTS + 1):
        session, response = _send(
            here, ca_certificate or '', policy,
            auth if here.endpoint == home else None,
            (connect_timeout, read_timeout), deadline)
        status = response.status_code
        if status == 200:
            LOG.info('Fetching %s', here)
            return Stream(here, session, response, deadline)
        target = response.headers.get('Location')
        response.close()
        session.close()
        if status not in _REDIRECTS or not target:
            raise here.failed('the answer has the HTTP status %d%s' % (
                status, ' (%s)' % _REASONS[status]
                if status in _REASONS else ''))
        here = _Location(urllib.parse.urljoin(here.url, target))
    raise here.failed('there are more than %d redirects' % MAX_REDIRECTS)
