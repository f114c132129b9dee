# SPDX-License-Identifier: Apache-2.0
"""What the properties of a Cloud Foundry mean for manifest and cloud."""

from collections.abc import Mapping
from collections.abc import Sequence
import copy
import hashlib
from typing import Any

from cf_openstack.capacity import flavors
from cf_openstack.capacity import planning
from cf_openstack.capacity import servers
from cf_openstack.manifest.cloud_config import inputs
from cf_openstack.manifest.cloud_foundry import choosing
from cf_openstack.manifest.cloud_foundry import qualifying
from cf_openstack.manifest import document
from cf_openstack.manifest import fields
from cf_openstack.manifest import operations as manifest_operations

from heat_plugins.cloud_foundry import schema

_OURS = 'operations for OpenStack'


def base_manifest(manifest: Any, name: str | None) -> Any:
    """The manifest before any operations.

    :param manifest: a map, or the text of a document.
    :param name: of the deployment; None for the manifest's.
    :raises ManifestError: it is none.
    """
    doc = manifest
    if isinstance(manifest, str):
        doc = document.load(manifest, 'manifest')
    if name and isinstance(doc, Mapping):
        doc = qualifying.rename_deployment(doc, name)
    return doc


def operations(doc: Any, props: Any) -> list[Any]:
    """The operations that come before the tenant's own.

    :param doc: the manifest, see :func:`base_manifest`.
    :raises ManifestError: they do not fit the manifest.
    """
    found = choosing.for_openstack(doc)
    if props[schema.AVAILABILITY] == inputs.ONE_AZ:
        found += choosing.one_az(doc)
    balanced = props[schema.LOAD_BALANCER] or {}
    scaled = doc
    if any((part or {}).get(schema.FLOATING_IPS)
           for part in balanced.values()):
        # They are counted against the instances that there will be.
        scaled = manifest_operations.apply(copy.deepcopy(doc), [
            manifest_operations.OperationsFile(_OURS, document.dump(found))])
    for key, extension in schema.BALANCED.items():
        addresses = (balanced.get(key) or {}).get(schema.FLOATING_IPS)
        if addresses:
            found += choosing.floating_ips(scaled, extension, addresses)
    return [{'name': _OURS, 'content': found}] if found else []


def numbered(operations_files: Sequence[Any]) -> list[Any]:
    """The tenant's operations files, with the names they have by number.

    Otherwise ours before them would be counted in errors.
    """
    found = []
    for number, item in enumerate(operations_files, 1):
        if isinstance(item, Mapping) and 'content' not in item:
            item = [item]      # a single operation
        if not isinstance(item, Mapping):
            item = {'content': item}
        found.append({'name': 'operations[%d]' % number, **item})
    return found


def choices(props: Any) -> planning.Choices:
    """What is chosen for the cloud config and the check of capacity.

    :param props: the properties, names resolved to ids.
    :raises FieldError: the size of a disk is no number.
    """
    networks: dict[str, list[str]] = {}
    floating = []
    for item in props[schema.NETWORKS] or []:
        if item[schema.NETWORK_FLOATING]:
            floating.append(item[schema.NETWORK_NAME])
        else:
            networks.setdefault(item[schema.NETWORK_NAME], []).extend(
                item[schema.NETWORK_SUBNETS] or [])
    extensions, addressed = _extensions(props)
    if addressed:
        floating.append(choosing.FLOATING)
    boot = None
    if props[schema.BOOT_FROM_VOLUME]:
        boot = inputs.BootVolume(props[schema.BOOT_VOLUME_TYPE] or None)
    cpi = props[schema.CPI] or {}
    rule = cpi.get(schema.CPI_RULE)
    return planning.Choices(networks, {
        'vip_networks': tuple(dict.fromkeys(floating)),
        'zones': tuple(props[schema.AVAILABILITY_ZONES] or ()),
        'availability': props[schema.AVAILABILITY],
        'security_groups': tuple(props[schema.SECURITY_GROUPS] or ()),
        'extensions': extensions,
        'vm_type_flavors': _texts(props[schema.FLAVORS]),
        'disk_sizes': {
            name: int(fields.number(size, '"%s" of "disk_sizes"' % name))
            for name, size in (props[schema.DISK_SIZES] or {}).items()},
        'volume_type': props[schema.VOLUME_TYPE] or None,
        'boot_volume': boot,
        'ephemeral_rule': flavors.EphemeralRule(
            rule or flavors.EphemeralRule.DOUBLE_RAM),
        'compilation': inputs.Compilation(
            workers=props[schema.COMPILATION_WORKERS]),
    }, options(props))


def options(props: Any) -> servers.Options:
    """The settings of the director's CPI."""
    cpi = props[schema.CPI] or {}
    return servers.Options(
        default_volume_type=cpi.get(schema.CPI_VOLUME_TYPE) or None,
        ignore_server_availability_zone=bool(
            cpi.get(schema.CPI_IGNORE_ZONE)),
        auto_anti_affinity=bool(cpi.get(schema.CPI_ANTI_AFFINITY)))


def digest(chosen: planning.Choices) -> str:
    """Changes with whatever makes another cloud config necessary."""
    return hashlib.sha256(repr(chosen).encode()).hexdigest()


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (values or {}).items()}


def _extensions(
    props: Any,
) -> tuple[dict[str, inputs.Extension], bool]:
    """The VM extensions, and whether one of them has floating IPs."""
    found = {
        name: inputs.Extension(cloud_properties=properties or {})
        for name, properties in (props[schema.VM_EXTENSIONS] or {}).items()}
    addressed = False
    for key, name in schema.BALANCED.items():
        part = (props[schema.LOAD_BALANCER] or {}).get(key) or {}
        addressed = addressed or bool(part.get(schema.FLOATING_IPS))
        if not (part.get(schema.POOLS)
                or part.get(schema.BALANCED_GROUPS)):
            continue
        found[name] = inputs.Extension(
            security_groups=tuple(part[schema.BALANCED_GROUPS] or ()),
            pools=tuple(inputs.Pool(
                id=pool[schema.POOL], port=pool[schema.POOL_PORT],
                monitoring_port=pool[schema.POOL_MONITORING_PORT])
                for pool in part[schema.POOLS] or ()))
    return found, addressed
