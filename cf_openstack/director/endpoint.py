# SPDX-License-Identifier: Apache-2.0
"""The address of a director, in one form only."""

import dataclasses
import ipaddress
import re
import urllib.parse

from cf_openstack.director import exceptions

#: Port of the nginx before the director (director.port of the bosh release).
DEFAULT_PORT = 25555

_LABEL = re.compile(r'(?!-)[a-z0-9_-]{1,63}(?<!-)', re.ASCII)


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """Where a service listens.

    :ivar host: name or address, lower case, without brackets.
    :ivar port: TCP port.
    :ivar path: prefix of all its paths, without a slash at the end.
    """

    host: str
    port: int
    path: str = ''

    @property
    def netloc(self) -> str:
        """Host and port as a URL and a Host header hold them."""
        host = f'[{self.host}]' if ':' in self.host else self.host
        return f'{host}:{self.port}'

    @property
    def url(self) -> str:
        """The whole address."""
        return f'https://{self.netloc}{self.path}'

    def __str__(self) -> str:
        return self.url


def parse(text: str, *, default_port: int = DEFAULT_PORT,
          allow_path: bool = False) -> Endpoint:
    """Read the address of a director as people write it.

    ``https://`` and the port may be left out.

    :param text: the address.
    :param default_port: the port when none is given.
    :param allow_path: whether the service may live below a path.
    :raises InvalidEndpoint: when it is not the address of an HTTPS service,
        or carries credentials or a query.
    """
    given = str(text).strip()
    whole = given if '://' in given else f'https://{given}'
    # A credential may stand before an @ or in a query: it is not shown.
    text = re.split('[?#]', given)[0].rpartition('@')[2][:300]
    if '@' in given:
        raise _invalid(text, 'it must not hold a user name or a password')
    try:
        parts = urllib.parse.urlsplit(whole)
        port = parts.port
    except ValueError:
        raise _invalid(text, 'it is not a URL with a port up to 65535')
    if parts.scheme.lower() != 'https':
        raise _invalid(text, 'only https is spoken to a director')
    if parts.query or parts.fragment or (
            parts.path.strip('/') and not allow_path):
        raise _invalid(text, 'it must end after host and port')
    if port == 0:
        raise _invalid(text, 'port 0 does not exist')
    return Endpoint(host=_host(text, parts.hostname or ''),
                    port=default_port if port is None else port,
                    path=parts.path.rstrip('/'))


def _host(text: str, host: str) -> str:
    if not host:
        raise _invalid(text, 'it names no host')
    try:
        # A zone, behind a %, would name an interface of this machine.
        return str(ipaddress.ip_address(host.replace('%', '/')))
    except ValueError:
        if ':' in host:
            raise _invalid(text, 'its IPv6 address is not valid')
    try:
        name = host.rstrip('.').encode('idna').decode('ascii').lower()
    except UnicodeError:
        raise _invalid(text, 'its host name is not valid')
    if not name or len(name) > 253 or not all(
            _LABEL.fullmatch(label) for label in name.split('.')):
        raise _invalid(text, 'its host name is not valid')
    return name


def _invalid(endpoint: str, reason: str) -> exceptions.InvalidEndpoint:
    return exceptions.InvalidEndpoint(endpoint=endpoint or '(empty)',
                                      reason=reason)
