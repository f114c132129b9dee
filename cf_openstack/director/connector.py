# SPDX-License-Identifier: Apache-2.0
"""HTTP to one endpoint, and nothing but HTTP.

It knows neither credentials nor the director's API.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
import ssl
import time
from typing import Any
from typing import BinaryIO
import urllib.parse

from oslo_log import log as logging
import requests
import tenacity

from cf_openstack.director import endpoint as director_endpoint
from cf_openstack.director import endpoint_policy
from cf_openstack.director import exceptions
from cf_openstack.director import limits as director_limits
from cf_openstack.director import response as director_response
from cf_openstack.director import transport

LOG = logging.getLogger(__name__)

_CHUNK = 64 * 1024
# Bytes a second that any host takes.
_SLOWEST_UPLOAD = 64 * 1024
# Headers, and what the chunked encoding adds to small chunks.
_OVERHEAD = 1024 * 1024
_GATEWAY_STATUSES = (502, 503, 504)


class Upload:
    """A body that is read once, from a stream of known length.

    :param fileobj: what to read from.
    :param length: number of bytes it holds.
    """

    def __init__(self, fileobj: BinaryIO, length: int) -> None:
        if length <= 0:
            raise exceptions.InvalidRequest(
                reason='the file to upload is empty')
        self._fileobj = fileobj
        self._length = length
        self._sent = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(_CHUNK):
            yield chunk

    def read(self, size: int = -1) -> bytes:
        """Read the next bytes, up to the length.

        :raises InvalidRequest: when the stream ends before.
        """
        left = self._length - self._sent
        chunk = self._fileobj.read(left if size < 0 else min(size, left))
        if left and not chunk:
            raise exceptions.InvalidRequest(
                reason=f'the file ended after {self._sent} of '
                       f'{self._length} bytes')
        self._sent += len(chunk)
        return chunk


class Connector:
    """Send requests to one HTTPS endpoint.

    Redirects are never followed; proxies, netrc and CA bundles of the
    environment are ignored; answers are bounded in size and time.  A GET
    that meets a broken connection is sent again, anything else never; what
    timed out is not repeated either.

    :param endpoint: where to send to.
    :param ca_certificate: PEM text of the CA to trust; empty: those of the
        operating system.
    :param policy: which addresses may be connected to.
    :param limits: bounds for its answers.
    :param sleep: what waits between two attempts.
    """

    def __init__(self, endpoint: director_endpoint.Endpoint,
                 ca_certificate: str,
                 policy: endpoint_policy.EndpointPolicy,
                 limits: director_limits.Limits | None = None, *,
                 sleep: Callable[[float], None] = time.sleep) -> None:
        self.endpoint = endpoint
        self.ca_certificate = ca_certificate
        self.policy = policy
        self.limits = limits or director_limits.Limits()
        self._sleep = sleep
        self._session: requests.Session | None = None

    def to(self, endpoint: director_endpoint.Endpoint) -> 'Connector':
        """Make a connector to another endpoint under the same rules."""
        return Connector(endpoint, self.ca_certificate, self.policy,
                         self.limits, sleep=self._sleep)

    def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def send(self, method: str, path: str, *,
             params: Mapping[str, Any] | None = None,
             headers: Mapping[str, str] | None = None,
             body: bytes | Upload | None = None,
             auth: tuple[str, str] | None = None
             ) -> director_response.Response:
        """Send a request and read its answer, of whatever status.

        :param method: GET, POST, PUT or DELETE.
        :param path: quoted path, with a leading slash.
        :param params: query; a value of None leaves its name out.
        :param headers: headers, their names not repeated.
        :param body: what to send.
        :param auth: user and password for HTTP Basic.
        :raises EndpointRefused: when the policy forbids the endpoint.
        :raises ConnectionFailed: when there is no connection, or a GET got
            no answer after all attempts.
        :raises OutcomeUnknown: when anything but a GET was sent, and its
            answer was lost.
        :raises BadResponse: when the answer is too large or too slow.
        """
        request = requests.Request(
            method, self.endpoint.url + path, data=body, auth=_basic(auth),
            params={name: value for name, value in (params or {}).items()
                    if value is not None},
            # No compression: ranges count the bytes of the plain text.
            headers={'User-Agent': 'cf-openstack', 'Accept': '*/*',
                     'Accept-Encoding': 'identity', **(headers or {})})
        if method != 'GET':
            return self._send_once(request, path)
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_repeat),
            stop=tenacity.stop_after_attempt(self.limits.attempts),
            wait=tenacity.wait_exponential(self.limits.retry_wait),
            sleep=self._sleep, reraise=True,
        )(self._send_once, request, path)

    def _send_once(self, request: requests.Request,
                   path: str) -> director_response.Response:
        self.policy.check_port(self.endpoint.host, self.endpoint.port)
        session = self._open()
        prepared = session.prepare_request(request)
        method = request.method or ''
        limits = self.limits
        size = len(request.data or b'')
        allowance = transport.Allowance(
            limits.total_timeout, 2 * limits.max_size + _OVERHEAD,
            limits.total_timeout + size / _SLOWEST_UPLOAD,
            limits.read_timeout)
        token = transport.allowance.set(allowance)
        try:
            answer = session.send(
                prepared, stream=True, allow_redirects=False, verify=True,
                timeout=(limits.connect_timeout, limits.read_timeout))
            with answer:
                response = director_response.Response(
                    endpoint=self.endpoint.url, method=method, path=path,
                    status=answer.status_code, headers=answer.headers,
                    body=self._read(answer, method, path))
        except requests.RequestException as exc:
            raise self._failure(exc, method, path, allowance)
        finally:
            transport.allowance.reset(token)
        LOG.debug('%s %s%s: status %d, %d bytes', method, self.endpoint,
                  path, response.status, len(response.body))
        if response.status in _GATEWAY_STATUSES:
            where = {'endpoint': self.endpoint.url, 'method': method,
                     'path': path, 'status': response.status}
            if method == 'GET':
                raise exceptions.Unavailable(**where)
            raise exceptions.OutcomeUnknown(
                cause=f'HTTP status {response.status}', **where)
        return response

    def _open(self) -> requests.Session:
        if self._session is None:
            self._session = transport.Session(transport.PinnedAdapter(
                self.endpoint, transport.ssl_context(self.ca_certificate),
                self.policy))
        return self._session

    def _read(self, answer: requests.Response, method: str,
              path: str) -> bytes:
        """Read the body, up to the limit."""
        encoding = answer.headers.get('Content-Encoding', 'identity')
        if encoding.strip().lower() != 'identity':
            # A small body may unpack to one that fills the memory.
            raise exceptions.BadResponse(
                endpoint=self.endpoint.url, method=method, path=path,
                reason='it is compressed, which was not asked for')
        body = bytearray()
        for chunk in answer.iter_content(_CHUNK):
            body += chunk
            if len(body) > self.limits.max_size:
                raise self._too_large(method, path)
        return bytes(body)

    def _too_large(self, method: str, path: str) -> exceptions.BadResponse:
        return exceptions.BadResponse(
            endpoint=self.endpoint.url, method=method, path=path,
            reason=f'it is larger than {self.limits.max_size} bytes, the '
                   'limit of [cf_openstack]director_max_response_size')

    def _failure(self, error: requests.RequestException, method: str,
                 path: str, allowance: transport.Allowance
                 ) -> exceptions.DirectorError:
        if allowance.is_exceeded:
            return self._too_large(method, path)
        timed_out = allowance.is_over or transport.timed_out(error)
        where = {'endpoint': self.endpoint.url, 'method': method,
                 'path': path, 'cause': self._cause(error, allowance),
                 'timed_out': timed_out}
        for cause in transport.causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                return exceptions.CertificateRefused(**where)
        if method == 'GET' or transport.never_connected(error):
            return exceptions.ConnectionFailed(**where)
        return exceptions.OutcomeUnknown(**where)

    def _cause(self, error: requests.RequestException,
               allowance: transport.Allowance) -> str:
        """Say in a few words why a connection failed."""
        if allowance.is_over:
            return ('request or answer took longer than '
                    f'{self.limits.total_timeout:g} s, the limit of '
                    '[cf_openstack]director_total_timeout')
        if transport.timed_out(error):
            if transport.never_connected(error):
                return ('no connection within '
                        f'{self.limits.connect_timeout:g} s')
            return f'no answer within {self.limits.read_timeout:g} s'
        for cause in reversed(transport.causes(error)):
            if isinstance(cause, ssl.SSLCertVerificationError):
                return _certificate_fault(cause, self.endpoint.host)
            if isinstance(cause, ssl.SSLError):
                return f'TLS failed ({cause.reason or "handshake"})'
            if isinstance(cause, OSError) and cause.strerror:
                return cause.strerror
        return 'the connection was closed before the answer was complete'


def _basic(auth: tuple[str, str] | None) -> tuple[bytes, bytes] | None:
    # requests would encode text as Latin-1.
    return auth and (auth[0].encode('utf-8'), auth[1].encode('utf-8'))


def _may_repeat(error: BaseException) -> bool:
    # Whoever was silent once for all the time there is will be so again.
    return (isinstance(error, exceptions.ConnectionFailed)
            and not isinstance(error, exceptions.CertificateRefused)
            and not error.kwargs.get('timed_out'))


def _certificate_fault(error: ssl.SSLCertVerificationError,
                       host: str) -> str:
    text = error.verify_message
    if 'mismatch' in text.lower():
        return f'its certificate is not made for {host} ({text})'
    if 'expired' in text or 'not yet valid' in text:
        return f'its certificate is not valid now ({text})'
    return ('its certificate was not issued by the CA in ca_certificate '
            f'({text})')


def quoted_path(*segments: str) -> str:
    """Join names to a path in which no name can change the route.

    ``*`` stays as it is: the director reads it as "all instance groups".

    :param segments: path segments, unquoted.
    :raises InvalidRequest: when a segment is empty or a dot segment, which
        HTTP libraries resolve away.
    """
    for segment in segments:
        if segment in ('', '.', '..'):
            raise exceptions.InvalidRequest(
                reason=f'"{segment}" is not a name')
    return '/' + '/'.join(urllib.parse.quote(segment, safe='*')
                          for segment in segments)
