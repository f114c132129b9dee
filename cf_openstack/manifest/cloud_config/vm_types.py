# SPDX-License-Identifier: Apache-2.0
"""The VM types, VM extensions and disk types of a cloud config."""

from collections.abc import Iterable
from collections.abc import Mapping
import re
from typing import Any

from cf_openstack.capacity import flavors
from cf_openstack.manifest.cloud_config import errors
from cf_openstack.manifest.cloud_config import inputs as cloud_inputs

#: What cf-deployment means by its VM types, as its documentation of
#: iaas-support/openstack has it.
SIZES = {
    'minimal': flavors.Size(1, 3840, 10),
    'small': flavors.Size(2, 7680, 14),
    'small-50GB-ephemeral-disk': flavors.Size(2, 7680, 50),
    'small-highmem': flavors.Size(4, 31232, 10),
    'small-highmem-100GB-ephemeral-disk': flavors.Size(4, 31232, 100),
    'medium': flavors.Size(8, 16384, 50),
}

#: VM extensions of cf-deployment that connect routers and the like to load
#: balancers; without one, they change nothing.
LOAD_BALANCED = (
    'cf-router-network-properties', 'cf-tcp-router-network-properties',
    'diego-ssh-proxy-network-properties', 'cf-haproxy-network-properties',
    'iso-seg-cf-router-network-properties')

_EPHEMERAL = re.compile(r'([1-9][0-9]*)GB_ephemeral_disk')
_DISK = re.compile(r'([1-9][0-9]*)GB')

# cf-deployment's disk type of 10GB has 10000 MiB, and so on.
_MIB_PER_GB = 1000


class Chooser:
    """Finds flavors, and collects those VM types that there is none for."""

    def __init__(self, inputs: cloud_inputs.Inputs) -> None:
        self._inputs = inputs
        self._unknown: list[str] = []
        self._too_large: dict[str, flavors.Size] = {}

    def check(self) -> None:
        """Raise what was found wrong so far.

        :raises UnknownNames: VM types of unknown size.
        :raises NoFlavor: VM types that are too large.
        """
        if self._unknown:
            raise errors.UnknownNames(
                'VM types', self._unknown,
                'Give a size or a flavor for each of them')
        if self._too_large:
            raise errors.NoFlavor(self._too_large, '; '.join(
                '%s (%d vCPU, %d MiB, %d GiB root, %d GiB ephemeral)' % (
                    flavor.name, flavor.vcpus, flavor.ram_mib,
                    flavor.root_gib, flavor.ephemeral_gib)
                for flavor in sorted(self._inputs.flavors,
                                     key=flavors.order)) or 'none')

    def given(self, vm_type: str) -> flavors.Flavor | None:
        """The flavor that was asked for, for a VM type or extension.

        :raises InputError: Nova has none of that name or id.
        """
        name = self._inputs.vm_type_flavors.get(vm_type)
        if name is None:
            return None
        for flavor in self._inputs.flavors:
            if name in (flavor.name, flavor.id) and not flavor.disabled:
                return flavor
        raise errors.InputError(
            reason='the flavor "%s" for "%s" does not exist; there are %s'
                   % (name, vm_type, ', '.join(sorted(
                       flavor.name for flavor in self._inputs.flavors))))

    def size(self, vm_type: str) -> flavors.Size | None:
        """What a VM type needs, None where nobody knows."""
        size = self._inputs.sizes.get(vm_type) or SIZES.get(vm_type)
        chosen = self.given(vm_type)
        if size is None and chosen is not None:
            size = flavors.Size(chosen.vcpus, chosen.ram_mib,
                                chosen.ephemeral_gib)
        return size

    def vm_type(self, name: str) -> dict[str, Any]:
        """The cloud_properties of a VM type; empty if there is no flavor.

        :raises InputError: the flavor given for it does not exist.
        """
        size = self.size(name)
        if size is None:
            self._unknown.append(name)
            return {}
        return self._properties(name, size, self.given(name))

    def larger(self, name: str, vm_types: Iterable[str],
               gib: int) -> dict[str, Any]:
        """The cloud_properties for VM types with more ephemeral disk.

        An extension is the same for all VM types: with several of them the
        flavor must suit each.

        :param name: of the extension.
        """
        sizes = [size for vm_type in vm_types
                 if (size := self._size_without_disk(vm_type)) is not None]
        if not sizes:
            # Unknown VM types are told by themselves.
            return {}
        return self._properties(name, flavors.Size(
            max(size.vcpus for size in sizes),
            max(size.ram_mib for size in sizes), gib), self.given(name))

    def _size_without_disk(self, vm_type: str) -> flavors.Size | None:
        """As a flavor was chosen for it, or else as it is known."""
        chosen = self.given(vm_type)
        if chosen is None or vm_type in self._inputs.sizes:
            return self.size(vm_type)
        return flavors.Size(chosen.vcpus, chosen.ram_mib, 0)

    def _properties(self, name: str, size: flavors.Size,
                    flavor: flavors.Flavor | None = None,
                    ) -> dict[str, Any]:
        inputs = self._inputs
        boot = inputs.boot_volume
        if flavor is None:
            flavor = flavors.smallest(
                inputs.flavors, size, inputs.ephemeral_rule,
                inputs.root_gib, boot is not None)
        if flavor is None:
            self._too_large[name] = size
            return {}
        properties: dict[str, Any] = {'instance_type': flavor.name}
        if boot is not None:
            gib = inputs.root_gib
            if not flavor.ephemeral_gib:
                gib += inputs.ephemeral_rule.carved(size, flavor)
            root = {'size': gib}
            properties.update(boot_from_volume=True, root_disk=root)
            if boot.volume_type:
                properties['root_disk'] = {**root, 'type': boot.volume_type}
        return properties


def vm_types(names: Iterable[str],
             chooser: Chooser) -> list[dict[str, Any]]:
    """The section ``vm_types``; see :meth:`Chooser.check`."""
    return [{'name': name, 'cloud_properties': chooser.vm_type(name)}
            for name in names]


def vm_extensions(used: Mapping[str, Iterable[str]],
                  inputs: cloud_inputs.Inputs,
                  chooser: Chooser) -> list[dict[str, Any]]:
    """The section ``vm_extensions``; see :meth:`Chooser.check`.

    :param used: the VM types that each of the manifest's is used with.
    :raises UnknownNames: nobody knows what some of them are.
    :raises InputError: a pool has neither id nor name.
    """
    result, unknown = [], []
    for name in dict.fromkeys((*used, *inputs.extensions)):
        found = _EPHEMERAL.fullmatch(name)
        if name in inputs.extensions:
            properties = _extension(name, inputs.extensions[name], inputs)
        elif found:
            properties = chooser.larger(name, used[name], int(found[1]))
        elif name in LOAD_BALANCED:
            properties = {}
        else:
            unknown.append(name)
            continue
        entry: dict[str, Any] = {'name': name}
        if properties:
            entry['cloud_properties'] = properties
        result.append(entry)
    if unknown:
        raise errors.UnknownNames(
            'VM extensions', unknown,
            'Say which security groups, pools or cloud properties each of '
            'them stands for')
    return result


def _extension(name: str, extension: cloud_inputs.Extension,
               inputs: cloud_inputs.Inputs) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    if extension.security_groups:
        # They take the place of those of the network.
        properties['security_groups'] = list(dict.fromkeys(
            inputs.security_groups + extension.security_groups))
    if extension.pools:
        properties['loadbalancer_pools'] = [
            _pool(name, pool) for pool in extension.pools]
    properties.update(extension.cloud_properties)
    return properties


def _pool(extension: str, pool: cloud_inputs.Pool) -> dict[str, Any]:
    if not pool.id and not pool.name:
        raise errors.InputError(
            reason='a pool of the VM extension "%s" has neither id nor name'
                   % extension)
    entry: dict[str, Any] = {'id': pool.id} if pool.id else {
        'name': pool.name}
    entry['port'] = pool.port
    if pool.monitoring_port is not None:
        entry['monitoring_port'] = pool.monitoring_port
    return entry


def disk_types(names: Iterable[str],
               inputs: cloud_inputs.Inputs) -> list[dict[str, Any]]:
    """The section ``disk_types``.

    :raises UnknownNames: the size of some is not known.
    """
    result, unknown = [], []
    for name in names:
        size = inputs.disk_sizes.get(name)
        found = _DISK.fullmatch(name)
        if size is None and found:
            size = int(found[1]) * _MIB_PER_GB
        if size is None:
            unknown.append(name)
            continue
        entry: dict[str, Any] = {'name': name, 'disk_size': size}
        volume_type = inputs.volume_types.get(name, inputs.volume_type)
        if volume_type:
            entry['cloud_properties'] = {'type': volume_type}
        result.append(entry)
    if unknown:
        raise errors.UnknownNames('disk types', unknown,
                                  'Give a size in MiB for each of them')
    return result
