# SPDX-License-Identifier: Apache-2.0
"""Sets of IP addresses, as cloud configs and Neutron write them."""

from collections.abc import Iterable
from collections.abc import Iterator
import ipaddress
from typing import Any

from cf_openstack.manifest import errors

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IP version, first and last address
_Interval = tuple[int, int, int]


class AddressError(errors.ManifestError):
    """A text is neither an address, nor a range, nor a CIDR."""

    msg_fmt = ('"%(value)s" is no IP address, range or CIDR: %(reason)s. '
               'Write 10.0.0.5, 10.0.0.5-10.0.0.9 or 10.0.0.0/28')


class AddressSet:
    """Addresses, kept as intervals: a /64 costs no more than a /30.

    Equal sets are equal however they were written.

    :ivar intervals: IP version, first and last address as numbers, of each;
        sorted, and as few as possible.
    """

    def __init__(self, intervals: Iterable[_Interval] = ()) -> None:
        merged: list[_Interval] = []
        for version, low, high in sorted(intervals):
            if merged:
                before = merged[-1]
                if before[0] == version and low <= before[2] + 1:
                    merged[-1] = (version, before[1], max(before[2], high))
                    continue
            merged.append((version, low, high))
        self.intervals = tuple(merged)

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, AddressSet)
                and self.intervals == other.intervals)

    def __hash__(self) -> int:
        return hash(self.intervals)

    def __repr__(self) -> str:
        return 'AddressSet(%s)' % ', '.join(self.texts())

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __contains__(self, address: object) -> bool:
        return any(isinstance(address, (ipaddress.IPv4Address,
                                        ipaddress.IPv6Address))
                   and address.version == version
                   and low <= int(address) <= high
                   for version, low, high in self.intervals)

    def __iter__(self) -> Iterator[Address]:
        for version, low, high in self.intervals:
            for number in range(low, high + 1):
                yield _address(version, number)

    def __or__(self, other: 'AddressSet') -> 'AddressSet':
        return AddressSet(self.intervals + other.intervals)

    def __and__(self, other: 'AddressSet') -> 'AddressSet':
        return AddressSet(
            (version, max(low, from_), min(high, to))
            for version, low, high in self.intervals
            for kind, from_, to in other.intervals
            if kind == version and max(low, from_) <= min(high, to))

    def __sub__(self, other: 'AddressSet') -> 'AddressSet':
        rest = list(self.intervals)
        for version, low, high in other.intervals:
            rest = [piece for interval in rest
                    for piece in _without(interval, version, low, high)]
        return AddressSet(rest)

    @property
    def count(self) -> int:
        """How many there are; ``len`` could not say so much of IPv6."""
        return sum(high - low + 1 for _, low, high in self.intervals)

    def texts(self) -> list[str]:
        """As a cloud config has it: ``10.0.0.5``, ``10.0.0.7-10.0.0.9``."""
        return [
            str(_address(version, low)) if low == high else '%s-%s' % (
                _address(version, low), _address(version, high))
            for version, low, high in self.intervals]


def _address(version: int, number: int) -> Address:
    if version == 4:
        return ipaddress.IPv4Address(number)
    return ipaddress.IPv6Address(number)


def _without(interval: _Interval, version: int, low: int,
             high: int) -> Iterator[_Interval]:
    kind, first, last = interval
    if kind != version or high < first or last < low:
        yield interval
        return
    if first < low:
        yield kind, first, low - 1
    if high < last:
        yield kind, high + 1, last


def between(first: str, last: str) -> AddressSet:
    """All addresses from one to another, both included.

    :raises AddressError: they are no such addresses.
    """
    try:
        low, high = (ipaddress.ip_address(text.strip())
                     for text in (first, last))
    except ValueError as error:
        raise AddressError(value='%s-%s' % (first, last),
                           reason=error) from error
    if low.version != high.version or int(low) > int(high):
        raise AddressError(value='%s-%s' % (first, last),
                           reason='the first is above the last')
    return AddressSet([(low.version, int(low), int(high))])


def parse(value: Any) -> AddressSet:
    """Read what a cloud config has as ``reserved`` or ``static``.

    :param value: None, an address, a range, a CIDR or a list of them.
    :raises AddressError: it is something else.
    """
    if value is None:
        return AddressSet()
    if isinstance(value, (list, tuple)):
        return AddressSet(interval for item in value
                          for interval in parse(item).intervals)
    if not isinstance(value, str):
        raise AddressError(value=value, reason='it is not text')
    first, dash, last = value.partition('-')
    if dash:
        return between(first, last)
    return whole(network(value))


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Read a CIDR.

    :raises AddressError: it is none.
    """
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise AddressError(value=text, reason=error) from error


def whole(
    cidr: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> AddressSet:
    """All addresses of a CIDR, its first and last ones included."""
    return AddressSet([(cidr.version, int(cidr.network_address),
                        int(cidr.broadcast_address))])
