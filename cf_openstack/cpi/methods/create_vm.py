# SPDX-License-Identifier: Apache-2.0
"""Creating a VM."""

import logging
from typing import Any

from openstack.compute.v2 import server as sdk_server

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cloud import retry
from cf_openstack.cloud import undo
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import floating_ips
from cf_openstack.cpi import load_balancers
from cf_openstack.cpi import networks as networks_module
from cf_openstack.cpi import ports
from cf_openstack.cpi import servers
from cf_openstack.cpi import translation
from cf_openstack.cpi import vm_plan
from cf_openstack import exceptions

LOG = logging.getLogger(__name__)

_FAILURES = (exceptions.CfOpenStackError, *cloud_errors.API_ERRORS)


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
        plan = vm_plan.make(
            call, name, agent_id, stemcell_cid, cloud_properties, networks,
            disk_cids, env)
    except _FAILURES as exc:
        raise translation.to_creation_failure(exc, name) from exc
    return _in_one_of(call, plan)


def _in_one_of(call: calls.Call, plan: vm_plan.Plan) -> list[Any]:
    """Try one availability zone after the other.

    :raises errors.BoshError: the first failure; its text goes on with
        what came of the other zones.
    """
    failures: list[Exception] = []
    for zone in plan.zones:
        try:
            return _build(call, plan, zone)
        except _FAILURES as exc:
            error = translation.to_creation_failure(exc, plan.name)
            if len(plan.zones) == 1:
                raise error from exc
            LOG.warning("No VM in availability zone '%s': %s", zone, error)
            failures.append(error)
            # Nothing of the next try can be taken for a rest of this one.
            plan = plan._replace(name=naming.server_name())
    text = '\n'.join(
        f"Availability zone '{zone}': {error}"
        for zone, error in zip(plan.zones, failures, strict=True))
    first = failures[0]
    if isinstance(first, errors.VMCreationFailed):
        raise errors.VMCreationFailed(text, first.ok_to_retry) from first
    raise errors.CloudError(text) from first


def _build(
    call: calls.Call, plan: vm_plan.Plan, zone: str | None
) -> list[Any]:
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
        # While Nova builds it, which takes longer.
        ports.tag(conn, port_of.values(), server.id, plan.origin)
        servers.wait_active(call, server.id)
        for vip in plan.vips:
            port = port_of.get(vip.target.name)
            _associate(call, plan, undo_stack, vip, server.id,
                       port.id if port else None)
        gateway = plan.networks.gateway
        load_balancers.join(
            call, plan.pools, server_id=server.id, vm_name=plan.name,
            gateway=gateway, port=port_of.get(gateway.name),
            origin=plan.origin)
        return [server.id, settings]


def _attributes(
    call: calls.Call,
    plan: vm_plan.Plan,
    zone: str | None,
    port_ids: dict[str, str],
    settings: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    metadata = (
        naming.tags_of(plan.env) | plan.origin.metadata()
        | {naming.VM_NAME: plan.name}
        | load_balancers.planned_metadata(plan.pools))
    if call.config.human_readable_vm_names:
        metadata['registry_key'] = plan.name
    attributes = {
        'name': plan.name,
        'flavor_id': plan.flavor.id,
        'networks': _nics(plan.networks, port_ids),
        'metadata': naming.server_metadata(metadata),
        'user_data': vm_plan.user_data(call, plan, settings),
        'key_name': plan.properties.key_name,
        'availability_zone': zone,
        'config_drive': bool(call.config.config_drive) or None,
        'scheduler_hints': plan.properties.scheduler_hints or None,
        # What the key calls a name may be an id, which is unique.
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
    for nic in network_set.nics:
        name = nic.networks[0].name
        if name in port_ids:
            nics.append({'port': port_ids[name]})
        elif nic.net_id:
            nics.append({'uuid': nic.net_id})
    # Nova's own choice, for a dynamic network that names none.
    return nics or 'auto'


def _post(
    call: calls.Call, plan: vm_plan.Plan, attributes: dict[str, Any]
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
                'The VM might still have been created by OpenStack.\n'
                f'Original message: {cloud_errors.describe(exc)}') from exc
        if cloud_errors.status_of(exc) in (400, 404):
            ports.raise_if_missing(
                call.cloud, plan.networks, plan.name, exc)
        raise


def _associate(
    call: calls.Call,
    plan: vm_plan.Plan,
    undo_stack: undo.UndoStack,
    vip: floating_ips.Vip,
    server_id: str,
    port_id: str | None,
) -> None:
    try:
        floating_ips.associate(
            call.cloud, undo_stack, vip, server_id=server_id,
            port_id=port_id)
    except _FAILURES as exc:
        raise errors.VMCreationFailed(
            f"VM creation with name '{plan.name}' failed. "
            f'{translation.to_bosh(exc)}', ok_to_retry=True) from exc
