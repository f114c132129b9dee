# SPDX-License-Identifier: Apache-2.0
"""Options on talking to directors."""

import ipaddress
from typing import Any

from oslo_config import cfg
from oslo_config import types

from cf_openstack.director import endpoint_policy


class Network(types.ConfigType):
    """An option type: a network such as ``10.0.0.0/8`` or ``fd00::/8``."""

    def __init__(self) -> None:
        super().__init__(type_name='network value')

    def __call__(self, value: Any) -> str:
        """Check a value.

        :raises ValueError: when it is no network.
        """
        return str(ipaddress.ip_network(str(value).strip()))

    def __repr__(self) -> str:
        return 'Network'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network)

    def __hash__(self) -> int:
        return hash(Network)

    def _formatter(self, value: Any) -> str:
        return str(value)


opts: list[cfg.Opt] = [
    cfg.ListOpt(
        'director_allowed_ports',
        item_type=types.Port(min=1),
        default=list(endpoint_policy.DIRECTOR_PORTS),
        help='TCP ports of BOSH directors, and of their UAAs, that may be '
             'connected to. A tenant gives the address, and the connection '
             'comes from the control plane.'),
    cfg.ListOpt(
        'denied_networks',
        item_type=Network(),
        default=list(endpoint_policy.DENIED_NETWORKS),
        help='Networks that are never connected to for a tenant, as CIDRs. '
             'Name the networks of the control plane here in addition to '
             'the default ones. A host name is resolved first, and the '
             'address counts.'),
    cfg.ListOpt(
        'allowed_networks',
        item_type=Network(),
        default=[],
        help='Networks that may be connected to although they are part of '
             'denied_networks, as CIDRs.'),
    cfg.FloatOpt(
        'director_connect_timeout',
        default=10, min=0.1, max=300,
        help='Seconds to wait for a connection to a director.'),
    cfg.FloatOpt(
        'director_read_timeout',
        default=60, min=1, max=3600,
        help='Seconds to wait for the next bytes of an answer of a '
             'director.'),
    cfg.FloatOpt(
        'director_total_timeout',
        default=300, min=1, max=3600,
        help='Seconds that an answer of a director may take as a whole.'),
    cfg.IntOpt(
        'director_max_response_size',
        default=64 * 1024 * 1024, min=64 * 1024,
        help='Bytes that an answer of a director may have.'),
    cfg.IntOpt(
        'poll_interval',
        default=5, min=1, max=300,
        help='Seconds between two looks at a task of a director.'),
]
