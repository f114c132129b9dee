# SPDX-License-Identifier: Apache-2.0
"""The services of a pocket cloud: one process each, and what they offer."""

from collections.abc import Collection
import dataclasses


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """An entry of Keystone's catalog.

    :param name: the service's name in the catalog.
    :param type: its type, as in the service types authority.
    :param port: a key of the state's ports.
    :param path: what follows host and port.
    """
    name: str
    type: str
    port: str
    path: str = ''


@dataclasses.dataclass(frozen=True)
class Service:
    """One process.

    :param name: of the process, the pid file, the log and the service user.
    :param ports: keys of the state's ports that it listens on; the first
        is asked whether it answers.
    :param endpoints: what it has in the catalog, the first under its own
        type.
    :param probe: path of the page that shows it is up.
    :param roles: roles that the tenant's user needs for it.
    :param optional: only there when asked for.
    """
    name: str
    ports: tuple[str, ...]
    endpoints: tuple[Endpoint, ...] = ()
    probe: str = '/'
    roles: tuple[str, ...] = ()
    optional: bool = False

    @property
    def type(self) -> str:
        """Its own service type."""
        return self.endpoints[0].type


ALL = (
    Service('keystone', ('keystone',), probe='/v3'),
    Service('placement', ('placement',),
            (Endpoint('placement', 'placement', 'placement'),)),
    Service('glance', ('glance',), (Endpoint('glance', 'image', 'glance'),)),
    Service('horizon', ('horizon',), probe='/auth/login/'),
    Service('neutron', ('neutron',),
            (Endpoint('neutron', 'network', 'neutron'),)),
    # block-storage is the only volume type of a current cloud
    Service('cinder', ('cinder',),
            (Endpoint('cinder', 'block-storage', 'cinder', '/v3'),)),
    Service('nova', ('nova', 'nova_metadata'),
            (Endpoint('nova', 'compute', 'nova', '/v2.1'),)),
    Service('heat', ('heat', 'heat_cfn'),
            (Endpoint('heat', 'orchestration', 'heat',
                      '/v1/%(project_id)s'),
             Endpoint('heat-cfn', 'cloudformation', 'heat_cfn', '/v1')),
            roles=('heat_stack_owner',)),
    Service('barbican', ('barbican',),
            (Endpoint('barbican', 'key-manager', 'barbican'),),
            roles=('creator',), optional=True),
    Service('octavia', ('octavia',),
            (Endpoint('octavia', 'load-balancer', 'octavia'),),
            roles=('load-balancer_member',), optional=True),
)
FEATURES = tuple(one.name for one in ALL if one.optional)
# These need nothing of the catalog to start; nova-compute and the others
# do not start before their users exist.
FIRST = ('keystone', 'placement', 'glance', 'horizon')


def enabled(features: Collection[str]) -> list[Service]:
    """The services of a cloud with these features, in order of start."""
    return [one for one in ALL if not one.optional or one.name in features]
