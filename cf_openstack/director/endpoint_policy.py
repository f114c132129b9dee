# SPDX-License-Identifier: Apache-2.0
"""Which hosts a service may talk to on behalf of a tenant.

A tenant gives the address of a director or of a file, and a service of the
cloud connects to it from inside.  Without this check the tenant would reach
what only the service can reach: its loopback, the metadata service, the
control plane.
"""

from collections.abc import Callable
from collections.abc import Iterable
import ipaddress
import socket
from typing import Any

from cf_openstack.director import exceptions

#: Director, UAA and CredHub as bosh-deployment sets them up.
DIRECTOR_PORTS = (25555, 8443, 8844)

#: Ports that stemcells and releases may be downloaded from.
DOWNLOAD_PORTS = (443,)

#: Networks that never hold a director: unspecified, loopback, link-local
#: (with the metadata service), protocol assignments, multicast, reserved
#: and broadcast; for IPv6 also NAT64 of local use (RFC 8215), site-local
#: addresses and the metadata service of EC2.
DENIED_NETWORKS = (
    '0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24',
    '224.0.0.0/4', '240.0.0.0/4', '::/128', '::1/128', '64:ff9b:1::/48',
    'fd00:ec2::254/128', 'fe80::/10', 'fec0::/10', 'ff00::/8')

# The last 32 bits are an IPv4 address that a gateway translates to (RFC
# 6052, RFC 2765), or that some stacks take it for (RFC 4291 2.5.5.1).
_EMBEDDING = [ipaddress.IPv6Network(cidr) for cidr in (
    '64:ff9b::/96', '::ffff:0:0:0/96', '::/96')]
# RFC 5214: the same behind an interface identifier of ISATAP.
_ISATAP = (0x5efe, 0x2005efe)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _effective(address: Address) -> list[Address]:
    """List the addresses that a packet to this one may end up at."""
    if not isinstance(address, ipaddress.IPv6Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    result: list[Address] = [address]
    if address.sixtofour is not None:
        result.append(address.sixtofour)
    if address.teredo is not None:
        result.extend(address.teredo)
    number = int(address)
    if any(address in network for network in _EMBEDDING) and (
            number > 0xffff) or (number >> 32) & 0xffffffff in _ISATAP:
        result.append(ipaddress.IPv4Address(number & 0xffffffff))
    return result


class EndpointPolicy:
    """Decide on hosts by port and by the addresses they resolve to.

    :param allowed_ports: the TCP ports that may be connected to.
    :param denied_networks: CIDRs that are refused.
    :param allowed_networks: CIDRs that are allowed although denied.
    :param ports_option: the configuration option that holds the ports; it is
        named to the one who is refused.
    :param resolver: what resolves names, as ``socket.getaddrinfo``.
    :raises ValueError: when a network is not a CIDR.
    """

    def __init__(self, allowed_ports: Iterable[int] = DIRECTOR_PORTS,
                 denied_networks: Iterable[str] = DENIED_NETWORKS,
                 allowed_networks: Iterable[str] = (), *,
                 ports_option: str = 'director_allowed_ports',
                 resolver: Callable[..., Any] | None = None) -> None:
        self.allowed_ports = frozenset(int(port) for port in allowed_ports)
        self._denied = [ipaddress.ip_network(str(cidr))
                        for cidr in denied_networks]
        self._allowed = [ipaddress.ip_network(str(cidr))
                         for cidr in allowed_networks]
        self._ports_option = ports_option
        self._resolver = resolver

    @classmethod
    def from_conf(cls, conf: Any) -> 'EndpointPolicy':
        """Make the policy for directors and their UAA.

        :param conf: a ConfigOpts with the options of ``cf_openstack.conf``.
        """
        group = conf.cf_openstack
        return cls(group.director_allowed_ports, group.denied_networks,
                   group.allowed_networks)

    @classmethod
    def for_downloads(cls, conf: Any) -> 'EndpointPolicy':
        """Make the policy for stemcell and release files.

        The ports of directors are open to it as well, since a director may
        serve files.

        :param conf: a ConfigOpts with the options of ``cf_openstack.conf``.
        """
        group = conf.cf_openstack
        return cls([*group.download_allowed_ports,
                    *group.director_allowed_ports],
                   group.denied_networks, group.allowed_networks,
                   ports_option='download_allowed_ports')

    def check_port(self, host: str, port: int) -> None:
        """Refuse a port that is not open to tenants.

        :raises EndpointRefused: when it is not.
        """
        if port not in self.allowed_ports:
            raise exceptions.EndpointRefused(
                endpoint=_endpoint(host, port), option=self._ports_option,
                reason=f'port {port} is not among the allowed ports')

    def check(self, host: str, port: int) -> tuple[str, ...]:
        """Resolve a host, once, to the addresses that may be connected to.

        Connect to one of the addresses returned and not to the name: the
        name may resolve to something else a moment later.

        :param host: a name or an IP address, without brackets.
        :param port: the TCP port.
        :returns: the allowed addresses, the preferred one first.
        :raises EndpointRefused: when port or all addresses are refused.
        :raises ConnectionFailed: when the name does not resolve.
        """
        self.check_port(host, port)
        denied = None
        allowed: list[str] = []
        for address in self._resolve(host, port):
            network = self._denied_by(address)
            if network is not None:
                denied = (address, network)
                continue
            mapped = getattr(address, 'ipv4_mapped', None)
            text = str(mapped or address)
            if text not in allowed:
                allowed.append(text)
        if not allowed and denied is not None:
            raise exceptions.EndpointRefused(
                endpoint=_endpoint(host, port), option='allowed_networks',
                reason=f'its address {denied[0]} is in the denied network '
                       f'{denied[1]}')
        return tuple(allowed)

    def _resolve(self, host: str, port: int) -> list[Address]:
        resolver = self._resolver or socket.getaddrinfo
        try:
            found = resolver(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        # A link-local address comes with its interface behind a %.
        addresses = [ipaddress.ip_address(entry[4][0].partition('%')[0])
                     for entry in found]
        if not addresses:
            raise exceptions.ConnectionFailed(
                endpoint=_endpoint(host, port),
                cause='its host name cannot be resolved')
        return addresses

    def _denied_by(self, address: Address) -> Network | None:
        for effective in _effective(address):
            if any(effective in network for network in self._allowed):
                continue
            for network in self._denied:
                if effective in network:
                    return network
        return None


def _endpoint(host: str, port: int) -> str:
    return f'https://[{host}]:{port}' if ':' in host else (
        f'https://{host}:{port}')
