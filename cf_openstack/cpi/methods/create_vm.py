# SPDX-License-Identifier: Apache-2.0
"""Creating a VM."""

import logging
from typing import Any
from typing import NamedTuple

from openstack.compute.v2 import flavor as sdk_flavor
from openstack.compute.v2 import server as sdk_server

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cloud import retry
from cf_openstack.cloud import undo
from cf_openstack.cpi import agent_settings
from cf_openstack.cpi import arguments
from cf_openstack.cpi import boot_volume
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import flavors
from cf_openstack.cpi import floating_ips
from cf_openstack.cpi import networks as networks_module
from cf_openstack.cpi import ports
from cf_openstack.cpi import security_groups
from cf_openstack.cpi import servers
from cf_openstack.cpi import translation
from cf_openstack.cpi import vm_properties
from cf_openstack.cpi import volumes
from cf_openstack.cpi import zones
from cf_openstack import exceptions

LOG = logging.getLogger(__name__)


class _Plan(NamedTuple):
    """What is known before anything is created."""

    name: str
    agent_id: str
    image_id: str
    properties: vm_properties.VmProperties
    networks: networks_module.NetworkSet
    env: dict[str, Any] | None
    flavor: sdk_flavor.Flavor
    security_group_ids: list[str]
    mapping: list[dict[str, Any]] | None
    origin: naming.Origin


def create_vm(
    call: calls.Call,
    agent_id: Any,
    stemcell_cid: Any,
    cloud_properties: Any,
    networks: Any,
    disk_cids: Any = None,
    env: Any = None,
) -> list[Any]:
    """Create a server with its ports and wait until it is active.

    :param disk_cids: disks it will have; it goes to their zone.
    :param env: passed on to the agent; its tags and deployment become
        metadata of the server.
    :returns: the cid, and the networks with their MAC addresses.
    :raises errors.VMCreationFailed: nothing came of it and nothing is
        left of it; ok to retry if the cause may pass.
    """
    name = naming.server_name()
    try:
        plan, candidates = _plan(
            call, name, arguments.string('agent_id', agent_id),
            arguments.image_id('stemcell_cid', stemcell_cid),
            cloud_properties, networks,
            arguments.cids('disk_cids', disk_cids),
            None if env is None else arguments.hash_('env', env))
        return _in_one_of(call, plan, candidates)
    except (exceptions.CfOpenStackError, *cloud_errors.API_ERRORS) as exc:
        raise translation.to_creation_failure(exc, name) from exc


def _plan(
    call: calls.Call,
    name: str,
    agent_id: str,
    image_id: str,
    cloud_properties: Any,
    networks: Any,
    disk_cids: list[str],
    env: dict[str, Any] | None,
) -> tuple[_Plan, list[str | None]]:
    """Read and check everything; creates nothing."""
    config = call.config
    conn = call.cloud
    properties = vm_properties.parse_argument(cloud_properties, config)
    network_set = networks_module.parse(networks)
    networks_module.check_several(
        network_set, config.use_dhcp, config.config_drive)
    disk_zones = {} if config.ignore_server_availability_zone else {
        cid: volumes.get(call, cid).availability_zone for cid in disk_cids}
    candidates = zones.choose(
        properties.zones, disk_zones, config.ignore_server_availability_zone)
    group_ids = security_groups.resolve(conn, security_groups.choose(
        properties.security_groups, network_set,
        config.default_security_groups))
    _check_exists(lambda: conn.image.get_image(image_id),
                  f"Image `{image_id}' not found")
    flavor = flavors.find(conn, properties.instance_type)
    key_name = properties.key_name
    if key_name:
        _check_key_pair(call, key_name)
    return _Plan(
        name=name,
        agent_id=agent_id,
        image_id=image_id,
        properties=properties,
        networks=network_set,
        env=env,
        flavor=flavor,
        security_group_ids=group_ids,
        mapping=boot_volume.mapping(properties, image_id, flavor),
        origin=call.origin(naming.deployment_of(env)),
    ), candidates


def _in_one_of(
    call: calls.Call, plan: _Plan, candidates: list[str | None]
) -> list[Any]:
    """Try one availability zone after the other."""
    for zone in candidates[:-1]:
        try:
            return _build(call, plan, zone)
        except (exceptions.CfOpenStackError,
                *cloud_errors.API_ERRORS) as exc:
            LOG.warning(
                "No VM in availability zone '%s', trying the next: %s",
                zone, exc)
            plan = plan._replace(name=naming.server_name())
    return _build(call, plan, candidates[-1])


def _build(call: calls.Call, plan: _Plan, zone: str | None) -> list[Any]:
    """Create ports and server; what fails is undone."""
    conn = call.cloud
    with undo.UndoStack() as undo_stack:
        port_of = ports.create(
            conn, undo_stack,
            vm_name=plan.name,
            network_set=plan.networks,
            security_group_ids=plan.security_group_ids,
            allowed_address_pairs=plan.properties.allowed_address_pairs,
            origin=plan.origin)
        settings = plan.networks.settings(
            {name: port.mac_address for name, port in port_of.items()},
            call.config.use_dhcp)
        attributes = _attributes(call, plan, zone, {
            name: port.id for name, port in port_of.items()}, settings)
        undo_stack.push(f'delete the server {plan.name}',
                        lambda: servers.delete_named(call, plan.name))
        server = _post(call, plan, attributes)
        LOG.info("Server `%s' is %s", plan.name, server.id)
        servers.wait_active(call, server.id)
        vip = plan.networks.vip
        if vip is not None:
            _associate(call, plan, server.id, port_of)
        return [server.id, settings]


def _attributes(
    call: calls.Call,
    plan: _Plan,
    zone: str | None,
    port_ids: dict[str, str],
    settings: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    metadata = naming.tags_of(plan.env) | plan.origin.metadata()
    if call.config.human_readable_vm_names:
        metadata['registry_key'] = plan.name
    attributes = {
        'name': plan.name,
        'flavor_id': plan.flavor.id,
        'networks': _nics(plan.networks, port_ids),
        'metadata': naming.server_metadata(metadata),
        'user_data': agent_settings.encode(agent_settings.build(
            vm_name=plan.name,
            agent_id=plan.agent_id,
            networks=settings,
            env=plan.env,
            has_ephemeral_disk=bool(plan.flavor.ephemeral),
            agent=call.config.agent)),
        'key_name': plan.properties.key_name,
        'availability_zone': zone,
        'config_drive': bool(call.config.config_drive) or None,
        'scheduler_hints': plan.properties.scheduler_hints or None,
        'security_groups': [
            {'name': group} for group in plan.security_group_ids] or None,
    }
    if plan.mapping:
        attributes['block_device_mapping'] = plan.mapping
    else:
        attributes['image_id'] = plan.image_id
    return {k: v for k, v in attributes.items() if v is not None}


def _nics(
    network_set: networks_module.NetworkSet, port_ids: dict[str, str]
) -> list[dict[str, str]] | str:
    nics = []
    for network in network_set.private:
        if network.name in port_ids:
            nics.append({'port': port_ids[network.name]})
        elif network.net_id:
            nics.append({'uuid': network.net_id})
    # Nova's own choice, for a dynamic network that names none.
    return nics or 'auto'


def _post(
    call: calls.Call, plan: _Plan, attributes: dict[str, Any]
) -> sdk_server.Server:
    try:
        return retry.create(
            plan.name,
            lambda: call.cloud.compute.create_server(**attributes),
            lambda: servers.find_named(call, plan.name))
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.may_still_run(exc):
            raise errors.VMCreationFailed(
                f"VM creation with name '{plan.name}' received a timeout. "
                'The VM might still have been created by OpenStack. '
                f'{cloud_errors.describe(exc)}') from exc
        if cloud_errors.status_of(exc) in (400, 404):
            ports.raise_if_missing(
                call.cloud, plan.networks, plan.name, exc)
        raise


def _associate(
    call: calls.Call, plan: _Plan, server_id: str, port_of: dict[str, Any]
) -> None:
    vip = plan.networks.vip
    gateway = plan.networks.gateway
    port = port_of.get(gateway.name)
    try:
        floating_ips.associate(
            call.cloud, address=vip.ip, server_id=server_id,
            gateway=gateway, port_id=port.id if port else None)
    except (exceptions.CfOpenStackError, *cloud_errors.API_ERRORS) as exc:
        raise errors.VMCreationFailed(
            f"VM creation with name '{plan.name}' failed. "
            f'{translation.to_bosh(exc)}', ok_to_retry=True) from exc


def _check_key_pair(call: calls.Call, name: str) -> None:
    # By the list, since names may hold characters that URLs may not.
    names = {pair.name for pair in call.cloud.compute.keypairs()}
    if name not in names:
        raise errors.CloudError(f"Key-pair `{name}' not found")


def _check_exists(fetch: Any, message: str) -> None:
    try:
        fetch()
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.is_not_found(exc):
            raise errors.CloudError(message) from exc
        raise
