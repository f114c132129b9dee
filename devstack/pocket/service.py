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
    :param speaks: the protocol of its first port, in which it is asked
        whether it is up; empty for one that is asked nothing, and leaves
        word when it is ready.
    :param kind: what it is one of, if there are several; its name if not.
    """
    name: str
    ports: tuple[str, ...]
    endpoints: tuple[Endpoint, ...] = ()
    probe: str = '/'
    roles: tuple[str, ...] = ()
    optional: bool = False
    speaks: str = 'http'
    kind: str = ''

    def __post_init__(self) -> None:
        if not self.kind:
            object.__setattr__(self, 'kind', self.name)

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
#: What heat-engines of their own share: a database server and a broker, and
#: Erlang's mapper of ports, without which the broker does not start.
BACKENDS = (
    Service('mariadb', ('mariadb',), speaks='mysql'),
    Service('epmd', ('epmd',), speaks='epmd'),
    Service('rabbitmq', ('rabbitmq', 'rabbitmq_dist'), speaks='amqp'),
)
ENGINE = 'heat-engine'
FEATURES = tuple(one.name for one in ALL if one.optional)
# These need nothing of the catalog to start; nova-compute and the others
# do not start before their users exist.
FIRST = ('keystone', 'placement', 'glance', 'horizon')


def of_engines(name: str) -> bool:
    """Whether a process is there for heat-engines of their own only."""
    return (name in {one.name for one in BACKENDS}
            or name.startswith(ENGINE + '-'))


def enabled(features: Collection[str], engines: int = 0) -> list[Service]:
    """The services of a cloud with these features, in order of start.

    :param engines: how many heat-engines there are beside Heat's API; none
        if the API has the engine in its own process.
    """
    found = [one for one in ALL if not one.optional or one.name in features]
    if engines:
        found = [*BACKENDS, *found, *(
            Service('%s-%d' % (ENGINE, number), (), speaks='', kind=ENGINE)
            for number in range(1, engines + 1))]
    return found
