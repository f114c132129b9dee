# SPDX-License-Identifier: Apache-2.0
"""What a tenant says of a Cloud Foundry, beside what every deployment has."""

from heat.common.i18n import _
from heat.engine import constraints
from heat.engine import properties

from cf_openstack.capacity import flavors
from cf_openstack.manifest.cloud_config import inputs
from cf_openstack.manifest.cloud_foundry import choosing

PROPERTIES = (
    SYSTEM_DOMAIN, DEPLOYMENT_NAME, NETWORKS, AVAILABILITY,
    AVAILABILITY_ZONES, SECURITY_GROUPS, LOAD_BALANCER, FLAVORS, DISK_SIZES,
    VM_EXTENSIONS, VOLUME_TYPE, BOOT_FROM_VOLUME, BOOT_VOLUME_TYPE,
    COMPILATION_WORKERS, CPI, SMOKE_TEST,
) = (
    'system_domain', 'deployment_name', 'networks', 'availability',
    'availability_zones', 'security_groups', 'load_balancer', 'flavors',
    'disk_sizes', 'vm_extensions', 'volume_type', 'boot_from_volume',
    'boot_volume_type', 'compilation_workers', 'cpi', 'smoke_test',
)

NETWORK_KEYS = (
    NETWORK_NAME, NETWORK_SUBNETS, NETWORK_FLOATING,
) = (
    'name', 'subnets', 'floating',
)

#: Parts of ``load_balancer``, with the VM extensions that they stand for.
BALANCED = {
    'router': choosing.ROUTER,
    'tcp_router': choosing.TCP_ROUTER,
    'ssh_proxy': choosing.SSH_PROXY,
}

BALANCED_KEYS = (
    POOLS, BALANCED_GROUPS, FLOATING_IPS,
) = (
    'pools', 'security_groups', 'floating_ips',
)

POOL_KEYS = (
    POOL, POOL_PORT, POOL_MONITORING_PORT,
) = (
    'pool', 'port', 'monitoring_port',
)

CPI_KEYS = (
    CPI_RULE, CPI_ANTI_AFFINITY, CPI_IGNORE_ZONE, CPI_VOLUME_TYPE,
) = (
    'ephemeral_disk_rule', 'auto_anti_affinity',
    'ignore_server_availability_zone', 'default_volume_type',
)

DEFAULT_NETWORK = 'default'


def _text(description: str, **values) -> properties.Schema:
    return properties.Schema(properties.Schema.STRING, description, **values)


def _flag(description: str, **values) -> properties.Schema:
    return properties.Schema(properties.Schema.BOOLEAN, description,
                             **{'default': False, **values})


def _groups(description: str, **values) -> properties.Schema:
    return properties.Schema(
        properties.Schema.LIST, description, default=[],
        schema=properties.Schema(
            properties.Schema.STRING, constraints=[
                constraints.CustomConstraint('neutron.security_group')]),
        **values)


def _port(description: str, **values) -> properties.Schema:
    return properties.Schema(
        properties.Schema.INTEGER, description,
        constraints=[constraints.Range(1, 65535)], **values)


def _pool() -> properties.Schema:
    return properties.Schema(properties.Schema.MAP, schema={
        POOL: _text(
            _('Name or id of the pool.'), required=True,
            constraints=[constraints.CustomConstraint('octavia.pool')]),
        POOL_PORT: _port(
            _('The port of the instances that the pool leads to.'),
            required=True),
        POOL_MONITORING_PORT: _port(
            _('The port of the instances for the health monitor, if it is '
              'another one.')),
    })


def _balanced(description: str) -> properties.Schema:
    return properties.Schema(
        properties.Schema.MAP, description, schema={
            POOLS: properties.Schema(
                properties.Schema.LIST,
                _('Pools of Octavia that the instances join.'),
                schema=_pool(), default=[]),
            BALANCED_GROUPS: _groups(
                _('Security groups of these instances, by name or id, in '
                  'addition to those of all.')),
            FLOATING_IPS: properties.Schema(
                properties.Schema.LIST,
                _('Addresses of floating IPs, one for each instance, for '
                  'clouds without load balancers.'),
                schema=properties.Schema(
                    properties.Schema.STRING, constraints=[
                        constraints.CustomConstraint('ip_addr')]),
                default=[]),
        })


SCHEMA = {
    SYSTEM_DOMAIN: _text(
        _('The domain of the endpoints of Cloud Foundry itself. Its '
          'wildcard record should lead to the load balancer or the '
          'router.'),
        required=True, update_allowed=True, constraints=[
            constraints.CustomConstraint('dns_name'),
            constraints.Length(min=1),
            constraints.AllowedPattern(
                '[^.].*[^.]', description=_(
                    'It must be a domain without dots at its ends.'))]),
    DEPLOYMENT_NAME: _text(
        _('The name of the deployment, in place of the one in the manifest. '
          'Another name makes another deployment.'),
        constraints=[constraints.Length(min=1),
                     constraints.AllowedPattern('[A-Za-z0-9_-]+')],
        update_allowed=True),
    NETWORKS: properties.Schema(
        properties.Schema.LIST,
        _('The networks of the manifest and the subnets of Neutron that '
          'they consist of.'),
        required=True, update_allowed=True,
        constraints=[constraints.Length(min=1)],
        schema=properties.Schema(properties.Schema.MAP, schema={
            NETWORK_NAME: _text(
                _('The name of the network in the manifest.'),
                default=DEFAULT_NETWORK),
            NETWORK_SUBNETS: properties.Schema(
                properties.Schema.LIST,
                _('Names or ids of subnets: the first one for the '
                  'availability zone z1, the second one for z2 and so on; '
                  'a single one is for all. Each should have a small '
                  'allocation pool, which leaves most of its addresses to '
                  'BOSH.'),
                schema=properties.Schema(
                    properties.Schema.STRING, constraints=[
                        constraints.CustomConstraint('neutron.subnet')]),
                default=[]),
            NETWORK_FLOATING: _flag(
                _('Whether the network consists of floating IPs, which the '
                  'manifest gives to instances, and has no subnets.')),
        })),
    AVAILABILITY: _text(
        _('Instances in several availability zones as the manifest has '
          'them, or one instance of each group, all in one zone.'),
        default=inputs.DEFAULT, update_allowed=True,
        constraints=[constraints.AllowedValues(
            [inputs.DEFAULT, inputs.ONE_AZ])]),
    AVAILABILITY_ZONES: properties.Schema(
        properties.Schema.LIST,
        _('Availability zones of Nova for z1, z2 and so on; again from the '
          'start when there are less. Without them, Nova chooses.'),
        schema=properties.Schema(properties.Schema.STRING),
        default=[], update_allowed=True),
    SECURITY_GROUPS: _groups(
        _('Security groups of all instances, by name or id.'),
        update_allowed=True),
    LOAD_BALANCER: properties.Schema(
        properties.Schema.MAP,
        _('How the world reaches Cloud Foundry.'),
        default={}, update_allowed=True,
        schema={
            'router': _balanced(_('The routers of HTTP.')),
            'tcp_router': _balanced(_('The routers of TCP.')),
            'ssh_proxy': _balanced(
                _('The proxies of SSH into applications.')),
        }),
    FLAVORS: properties.Schema(
        properties.Schema.MAP,
        _('Names or ids of flavors by VM type, in place of the smallest one '
          'that fits.'),
        default={}, update_allowed=True),
    DISK_SIZES: properties.Schema(
        properties.Schema.MAP,
        _('MiB by disk type, for those whose name does not say the size.'),
        default={}, update_allowed=True),
    VM_EXTENSIONS: properties.Schema(
        properties.Schema.MAP,
        _('Cloud properties by VM extension, for those that the manifest '
          'uses beside the ones of cf-deployment.'),
        default={}, update_allowed=True),
    VOLUME_TYPE: _text(
        _('Name or id of the volume type of persistent disks.'),
        constraints=[constraints.CustomConstraint('cinder.vtype')],
        update_allowed=True),
    BOOT_FROM_VOLUME: _flag(
        _('Whether the instances boot from volumes in place of disks of '
          "Nova's hosts."), update_allowed=True),
    BOOT_VOLUME_TYPE: _text(
        _('Name or id of the type of the volumes that are booted from.'),
        constraints=[constraints.CustomConstraint('cinder.vtype')],
        update_allowed=True),
    COMPILATION_WORKERS: properties.Schema(
        properties.Schema.INTEGER,
        _('How many VMs compile packages at the same time.'),
        default=5, constraints=[constraints.Range(min=1, max=100)],
        update_allowed=True),
    CPI: properties.Schema(
        properties.Schema.MAP,
        _("Settings of the director's CPI that decide what instances take, "
          'where they differ from its defaults.'),
        default={}, update_allowed=True,
        schema={
            CPI_RULE: _text(
                _('What the CPI asks of the ephemeral disk of a flavor: the '
                  "size of the VM type alone, that and the flavor's RAM, or "
                  'twice the RAM. The last one suits every CPI.'),
                default=flavors.EphemeralRule.DOUBLE_RAM.value,
                constraints=[constraints.AllowedValues(
                    [rule.value for rule in flavors.EphemeralRule])]),
            CPI_ANTI_AFFINITY: _flag(
                _('Whether each instance group gets a server group.')),
            CPI_IGNORE_ZONE: _flag(
                _('Whether volumes are made outside of the availability '
                  'zone of their server.')),
            CPI_VOLUME_TYPE: _text(
                _('The volume type of disks that say none.')),
        }),
    SMOKE_TEST: _flag(
        _('Whether to run the smoke tests after each deploy; the resource '
          'fails when they do.'), update_allowed=True),
}
