# SPDX-License-Identifier: Apache-2.0
"""IP addresses as a cloud config writes them."""

from collections.abc import Iterable
from collections.abc import Iterator
import ipaddress
from typing import Any

from devstack.pocket_director import errors

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Ranges:
    """A set of addresses, never listed one by one.

    :param values: addresses (``10.0.0.1``), ranges
        (``10.0.0.1-10.0.0.9``) and CIDRs (``10.0.0.0/28``).
    :raises: DirectorError 160010.
    """

    def __init__(self, values: Any) -> None:
        if values is None:
            values = []
        elif isinstance(values, str):
            values = [values]
        self._ranges = [_parse(str(value)) for value in values]

    def __contains__(self, address: Address) -> bool:
        return any(first.version == address.version
                   and int(first) <= int(address) <= int(last)
                   for first, last in self._ranges)

    def __iter__(self) -> Iterator[Address]:
        for first, last in self._ranges:
            for number in range(int(first), int(last) + 1):
                yield type(first)(number)

    def ends(self) -> Iterable[Address]:
        """The first and last address of every range."""
        for pair in self._ranges:
            yield from pair


def _parse(text: str) -> tuple[Address, Address]:
    try:
        if '-' in text:
            low, high = (ipaddress.ip_address(part.strip())
                         for part in text.split('-', 1))
            if low.version != high.version or int(low) > int(high):
                raise ValueError('the first address is above the last')
            return low, high
        if '/' in text:
            network = ipaddress.ip_network(text.strip(), strict=False)
            return network[0], network[-1]
        return (ipaddress.ip_address(text.strip()),) * 2
    except ValueError as error:
        raise errors.DirectorError(
            160010, f"Invalid IP range format: '{text}': {error}") from error
