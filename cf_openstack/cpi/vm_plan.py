# SPDX-License-Identifier: Apache-2.0
"""What create_vm knows and has checked before it creates anything."""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

from openstack.compute.v2 import flavor as sdk_flavor

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cpi import agent_settings
from cf_openstack.cpi import arguments
from cf_openstack.cpi import boot_volume
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.cpi import flavors
from cf_openstack.cpi import floating_ips
from cf_openstack.cpi import load_balancers
from cf_openstack.cpi import networks as networks_module
from cf_openstack.cpi import ports
from cf_openstack.cpi import security_groups
from cf_openstack.cpi import vm_properties
from cf_openstack.cpi import volumes
from cf_openstack.cpi import zones

#: As long as any MAC address, to see how long the user data will be.
_ANY_MAC = 'fa:16:3e:00:00:00'


class Plan(NamedTuple):
    """A VM to be.

    :ivar name: of the server, unique; another one for each try.
    :ivar zones: availability zones to try in turn; None is Nova's choice.
    :ivar mapping: Nova's block_device_mapping_v2, None to boot from the
        image.
    """

    name: str
    agent_id: str
    image_id: str
    properties: vm_properties.VmProperties
    networks: networks_module.NetworkSet
    env: dict[str, Any] | None
    zones: list[str | None]
    flavor: sdk_flavor.Flavor
    security_group_ids: list[str]
    mapping: list[dict[str, Any]] | None
    vips: list[floating_ips.Vip]
    pools: tuple[load_balancers.Target, ...]
    origin: naming.Origin


def make(
    call: calls.Call,
    name: str,
    agent_id: Any,
    stemcell_cid: Any,
    cloud_properties: Any,
    networks: Any,
    disk_cids: Any,
    env: Any,
) -> Plan:
    """Read and check the arguments of create_vm; creates nothing.

    What can be refused without asking OpenStack is refused first.
    """
    config = call.config
    conn = call.cloud
    agent_id = arguments.string('agent_id', agent_id)
    image_id = arguments.image_id('stemcell_cid', stemcell_cid)
    disk_cids = arguments.cids('disk_cids', disk_cids)
    if env is not None:
        env = arguments.hash_('env', env)
    properties = vm_properties.parse_argument(cloud_properties, config)
    network_set = networks_module.parse(networks)
    networks_module.check_several(
        network_set, config.use_dhcp, config.config_drive)
    candidates = _zones(call, properties, disk_cids)
    group_ids = security_groups.resolve(conn, security_groups.choose(
        properties.security_groups, network_set,
        config.default_security_groups))
    _check_exists(lambda: conn.image.get_image(image_id),
                  f"Image `{image_id}' not found")
    flavor = flavors.find(conn, properties.instance_type)
    if properties.key_name:
        _check_key_pair(call, properties.key_name)
    ports.check_pairs(
        conn, network_set, properties.allowed_address_pairs,
        properties.vrrp_port_check)
    plan = Plan(
        name=name,
        agent_id=agent_id,
        image_id=image_id,
        properties=properties,
        networks=network_set,
        env=env,
        zones=candidates,
        flavor=flavor,
        security_group_ids=group_ids,
        mapping=boot_volume.mapping(
            properties, image_id, flavor, conn.compute),
        vips=_vips(call, network_set, name),
        pools=load_balancers.plan(
            call, name, properties.load_balancer_pools, network_set),
        origin=call.origin(naming.deployment_of(env)),
    )
    user_data(call, plan, network_set.settings(
        {network.name: _ANY_MAC for network in network_set.private},
        config.use_dhcp))
    return plan


def user_data(
    call: calls.Call, plan: Plan, settings: dict[str, dict[str, Any]]
) -> str:
    """What the agent reads at its first boot, as Nova takes it.

    :param settings: specs of the networks, for the agent.
    :raises errors.CloudError: it is too long.
    """
    return agent_settings.encode(agent_settings.build(
        vm_name=plan.name,
        agent_id=plan.agent_id,
        networks=settings,
        env=plan.env,
        has_ephemeral_disk=bool(plan.flavor.ephemeral),
        agent=call.config.agent))


def _zones(
    call: calls.Call, properties: vm_properties.VmProperties,
    disk_cids: list[str],
) -> list[str | None]:
    ignores = call.config.ignore_server_availability_zone
    of_disks = {} if ignores else {
        cid: volumes.get(call, cid).availability_zone for cid in disk_cids}
    return zones.choose(properties.zones, of_disks, ignores)


def _vips(
    call: calls.Call, network_set: networks_module.NetworkSet, name: str
) -> list[floating_ips.Vip]:
    try:
        return floating_ips.find(call.cloud, network_set)
    except floating_ips.LookUpFailed as exc:
        raise errors.VMCreationFailed(
            f"VM creation with name '{name}' failed. {exc.message}",
            ok_to_retry=True) from exc


def _check_key_pair(call: calls.Call, name: str) -> None:
    # By the list, since names may hold characters that URLs may not.
    names = {pair.name for pair in call.cloud.compute.keypairs()}
    if name not in names:
        raise errors.CloudError(f"Key-pair `{name}' not found")


def _check_exists(fetch: Callable[[], Any], message: str) -> None:
    try:
        fetch()
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.is_not_found(exc):
            raise errors.CloudError(message) from exc
        raise
