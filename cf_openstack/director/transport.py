# SPDX-License-Identifier: Apache-2.0
"""TLS to one host, pinned to its CA and to the addresses it may have."""

import contextvars
from http import cookiejar
import ssl
import time
from typing import Any
import urllib.parse

import requests
from requests import adapters
from urllib3 import exceptions as urllib3_exceptions

from cf_openstack.director import endpoint as director_endpoint
from cf_openstack.director import endpoint_policy
from cf_openstack.director import exceptions

_BEFORE_SENDING = (
    requests.ConnectTimeout, ssl.SSLCertVerificationError,
    # also "connection refused", which urllib3 derives from it
    urllib3_exceptions.ConnectTimeoutError)
_TIMED_OUT = (
    requests.Timeout, TimeoutError,
    urllib3_exceptions.ConnectTimeoutError,
    urllib3_exceptions.ReadTimeoutError)


class Allowance:
    """What one exchange with a host may take of its caller.

    A time-out of a socket begins anew with each byte, so that a host which
    drips one byte at a time, or takes one at a time, would hold its caller
    for ever.  The bytes count as they arrive: no header line, chunk size or
    trailer escapes.

    :param seconds: for the answer, from the first look for it on.
    :param size: bytes of the answer, as they are sent.
    :param sending: seconds for the request.
    :param stall: seconds that the host may take nothing of the request.
    """

    def __init__(self, seconds: float, size: int, sending: float,
                 stall: float) -> None:
        self._seconds = seconds
        self._size = size
        self._sending = sending
        self._stall = stall
        self._send_end: float | None = None
        self._end: float | None = None

    def left(self) -> float:
        """Tell how many seconds are left; the first call starts them."""
        now = time.monotonic()
        if self._end is None:
            self._end = now + self._seconds
        return self._end - now

    def to_send(self) -> float:
        """Tell how many seconds the next bytes may take to be sent.

        :raises TimeoutError: when the time to send is up.
        """
        now = time.monotonic()
        if self._send_end is None:
            self._send_end = now + self._sending
        if now >= self._send_end:
            raise TimeoutError
        return min(self._stall, self._send_end - now)

    def take(self, size: int) -> None:
        """Count bytes that have arrived.

        :raises OSError: when they are too many.
        """
        self._size -= size
        if self.is_exceeded:
            raise OSError

    @property
    def is_over(self) -> bool:
        """Whether the time to send, or that for the answer, is up."""
        ends = [end for end in (self._send_end, self._end) if end]
        return bool(ends) and ends[-1] <= time.monotonic()

    @property
    def is_exceeded(self) -> bool:
        """Whether more bytes came than an answer may have."""
        return self._size < 0


#: What the exchange that this thread is about may take.
allowance: contextvars.ContextVar[Allowance | None] = contextvars.ContextVar(
    'allowance', default=None)


class _BoundedSocket(ssl.SSLSocket):
    """A TLS socket that keeps to the allowance."""

    def send(self, data: Any, flags: int = 0) -> int:
        bound = allowance.get()
        if bound is not None:
            self.settimeout(bound.to_send())
        return super().send(data, flags)

    def recv_into(self, buffer: Any, nbytes: int | None = None,
                  flags: int = 0) -> int:
        bound = allowance.get()
        if bound is None:
            return super().recv_into(buffer, nbytes, flags)
        left = bound.left()
        if left <= 0:
            raise TimeoutError
        self.settimeout(min(self.gettimeout() or left, left))
        received = super().recv_into(buffer, nbytes, flags)
        bound.take(received)
        return received


def ssl_context(ca_certificate: str) -> ssl.SSLContext:
    """Make a context that trusts the given CA and nothing else.

    :param ca_certificate: PEM text.  Empty: trust what the operating system
        trusts.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _BoundedSocket
    context.hostname_checks_common_name = False
    # Like the bosh CLI: any certificate of the bundle is an anchor, be it
    # an intermediate CA or the director's own.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if ca_certificate:
        context.load_verify_locations(cadata=ca_certificate)
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


class PinnedAdapter(adapters.HTTPAdapter):
    """Send requests to one endpoint, at an address the policy has seen.

    The name is resolved once.  The connection goes to the address, while
    SNI, certificate check and Host header keep the name, so that a name
    server that changes its mind between check and use gains nothing.

    :param endpoint: the only endpoint it serves.
    :param context: what verifies its certificate.
    :param policy: what decides on its addresses.
    """

    def __init__(self, endpoint: director_endpoint.Endpoint,
                 context: ssl.SSLContext,
                 policy: endpoint_policy.EndpointPolicy) -> None:
        self._endpoint = endpoint
        self._context = context
        self._policy = policy
        self._addresses: tuple[str, ...] = ()
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Give every connection our context and the name to verify."""
        super().init_poolmanager(
            *args, ssl_context=self._context,
            server_hostname=self._endpoint.host, **kwargs)

    def build_connection_pool_key_attributes(
            self, request: requests.PreparedRequest, verify: Any,
            cert: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Keep requests from replacing the context by its own."""
        host_params, _kwargs = super().build_connection_pool_key_attributes(
            request, verify, cert)
        return host_params, {}

    def cert_verify(self, conn: Any, url: Any, verify: Any,
                    cert: Any) -> None:
        """Do nothing: the default would add public CAs to our context."""

    def send(self, request: requests.PreparedRequest, stream: bool = False,
             timeout: Any = None, verify: Any = True, cert: Any = None,
             proxies: Any = None) -> requests.Response:
        """Send a request to the endpoint; proxies and verify are ignored.

        :raises EndpointRefused: when the policy forbids the endpoint.
        :raises InvalidRequest: when the request is for another one.
        """
        parts = urllib.parse.urlsplit(request.url or '')
        if parts.scheme != 'https' or parts.netloc != self._endpoint.netloc:
            raise exceptions.InvalidRequest(
                reason=f'{parts.scheme}://{parts.hostname} is not the '
                       f'pinned endpoint {self._endpoint}')
        self._addresses = self._addresses or self._policy.check(
            self._endpoint.host, self._endpoint.port)
        request.headers['Host'] = self._endpoint.netloc
        remaining = list(self._addresses)
        while True:
            there = request.copy()
            address = director_endpoint.Endpoint(remaining.pop(0),
                                                 self._endpoint.port)
            there.url = parts._replace(netloc=address.netloc).geturl()
            try:
                response = super().send(there, stream=stream,
                                        timeout=timeout)
            except requests.ConnectionError as exc:
                if remaining and never_connected(exc):
                    continue
                # The next attempt asks the name server anew.
                self._addresses = ()
                raise
            response.request = request
            response.url = request.url or ''
            return response


class Session(requests.Session):
    """A session with one endpoint, deaf to all else.

    The environment, redirects and cookies have no say.

    :param adapter: the adapter of the endpoint.
    """

    def __init__(self, adapter: PinnedAdapter) -> None:
        super().__init__()
        self.trust_env = False
        # Neither a director nor its UAA needs any.
        self.cookies.set_policy(
            cookiejar.DefaultCookiePolicy(allowed_domains=()))
        self.adapters.clear()
        self.mount('https://', adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Know of no redirect.

        Even when told not to follow it, requests would read its whole body
        into memory and fail on a Location that is no URL.
        """


def causes(error: BaseException | None) -> list[BaseException]:
    """List an error and those it wraps, the outermost first."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        inner = getattr(error, 'reason', None)
        if not isinstance(inner, BaseException) and error.args:
            inner = next((argument for argument in error.args
                          if isinstance(argument, BaseException)), None)
        if not isinstance(inner, BaseException):
            inner = error.__cause__ or error.__context__
        error = inner
    return chain


def never_connected(error: requests.RequestException) -> bool:
    """Tell whether nothing of the request has left this machine."""
    return any(isinstance(cause, _BEFORE_SENDING) for cause in causes(error))


def timed_out(error: requests.RequestException) -> bool:
    """Tell whether the other side was silent for too long."""
    return any(isinstance(cause, _TIMED_OUT) and not isinstance(
        cause, urllib3_exceptions.NewConnectionError)
        for cause in causes(error))
