# SPDX-License-Identifier: Apache-2.0
"""What a Cloud Foundry tells, beside what every deployment does."""

from collections.abc import Mapping
from typing import Any

from openstack import connection

from cf_openstack.director import client

from heat.common.i18n import _
from heat.engine import attributes

from heat_plugins.cloud_foundry import capacity
from heat_plugins.cloud_foundry import cloud
from heat_plugins.cloud_foundry import cloud_config
from heat_plugins.cloud_foundry import schema
from heat_plugins.cloud_foundry import wishes
from heat_plugins.deploying import look as looks
from heat_plugins.resources import base

ATTRIBUTES = (
    API_URL, LOGIN_URL, UAA_URL, APPS_DOMAIN, ROUTER_ADDRESS, CAPACITY,
    CLOUD_CONFIG,
) = (
    'api_url', 'login_url', 'uaa_url', 'apps_domain', 'router_address',
    'capacity', 'cloud_config',
)

#: They would keep whoever looks at the resource waiting.
SLOW = frozenset([CAPACITY, ROUTER_ADDRESS])

#: Journal key: the first domain of applications.
APPS = 'apps_domain'

_URLS = {API_URL: 'api', LOGIN_URL: 'login', UAA_URL: 'uaa'}

SCHEMA = {
    API_URL: attributes.Schema(
        _('The URL of the Cloud Controller, where the command cf logs in.'),
        type=attributes.Schema.STRING,
    ),
    LOGIN_URL: attributes.Schema(
        _('The URL where people log in.'),
        type=attributes.Schema.STRING,
    ),
    UAA_URL: attributes.Schema(
        _('The URL of the UAA of Cloud Foundry.'),
        type=attributes.Schema.STRING,
    ),
    APPS_DOMAIN: attributes.Schema(
        _('The first domain of applications.'),
        type=attributes.Schema.STRING,
    ),
    ROUTER_ADDRESS: attributes.Schema(
        _('The address that the wildcard record of the domains should have: '
          'of the load balancer before the routers, or of the first '
          'router.'),
        type=attributes.Schema.STRING,
        cache_mode=attributes.Schema.CACHE_NONE,
    ),
    CAPACITY: attributes.Schema(
        _('What the deployment needs of the project against its limits, as '
          'they are now: a map with fits, rows with need, limit, used and '
          'missing of each resource, and shortages as sentences. It takes a '
          'while.'),
        type=attributes.Schema.MAP,
        cache_mode=attributes.Schema.CACHE_NONE,
    ),
    CLOUD_CONFIG: attributes.Schema(
        _('The cloud config of the deployment: a map with name, id, '
          'current, prefix and content.'),
        type=attributes.Schema.MAP,
        cache_mode=attributes.Schema.CACHE_NONE,
    ),
}


def resolve(rsrc: base.DirectorUser, props: Mapping[str, Any],
            name: str) -> Any:
    """The value of one of these attributes, as it is now.

    :param props: the properties as they were deployed last.
    :raises CfOpenStackError: director or cloud do not tell.
    """
    if name == CAPACITY:
        return capacity.report(rsrc, wishes.options(props))
    if rsrc.resource_id is None:
        return None
    domain = props[schema.SYSTEM_DOMAIN]
    if name in _URLS:
        return f'https://{_URLS[name]}.{domain}' if domain else None
    if name == APPS_DOMAIN:
        return rsrc.journal.get(APPS) or domain
    if name == ROUTER_ADDRESS:
        with cloud.asking():
            return _router_address(cloud.connect(rsrc), props)
    own = cloud_config.CloudConfig(rsrc)
    return looks.at(rsrc).read(lambda view: _config(own, view.director))


def _config(own: cloud_config.CloudConfig,
            director: client.Director) -> dict[str, Any]:
    return {'name': own.name, 'id': own.id, 'prefix': own.prefix,
            'current': own.is_current(director),
            'content': own.content(director)}


def _router_address(conn: connection.Connection,
                    props: Mapping[str, Any]) -> str | None:
    router = (props[schema.LOAD_BALANCER] or {}).get('router') or {}
    for address in router.get(schema.FLOATING_IPS) or ():
        return address
    for pool in router.get(schema.POOLS) or ():
        # By name, too: as the template has it.
        found = conn.load_balancer.find_pool(pool[schema.POOL],
                                             ignore_missing=False)
        for balancer in found.loadbalancers or ():
            return _address(conn, balancer['id'])
    return None


def _address(conn: connection.Connection, balancer_id: str) -> str:
    """The floating IP of a load balancer, or else its own address."""
    balancer = conn.load_balancer.get_load_balancer(balancer_id)
    for floating in conn.network.ips(port_id=balancer.vip_port_id):
        return floating.floating_ip_address
    return balancer.vip_address
