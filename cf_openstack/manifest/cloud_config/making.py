# SPDX-License-Identifier: Apache-2.0
"""Makes the cloud config that a manifest needs, from facts of a cloud."""

from collections.abc import Iterator
from typing import Any

from cf_openstack.manifest.cloud_config import errors
from cf_openstack.manifest.cloud_config import inputs as cloud_inputs
from cf_openstack.manifest.cloud_config import names as cloud_names
from cf_openstack.manifest.cloud_config import networks
from cf_openstack.manifest.cloud_config import vm_types
from cf_openstack.manifest.cloud_config import zones


def make(doc: Any, inputs: cloud_inputs.Inputs) -> dict[str, Any]:
    """The content of a cloud config for one deployment.

    It defines each name that the manifest uses, and none beside those but
    what was given.  The same arguments make the same content.

    :param doc: the manifest, after its operations files and with values for
        those variables that are names or static IPs.
    :raises UnknownNames: the manifest uses names that nothing is known of.
    :raises NoFlavor: VM types have no flavor that is large enough.
    :raises CloudConfigError: the inputs do not fit the manifest otherwise.
    :raises ManifestError: it is no manifest, or an address of the inputs
        cannot be read.
    """
    used = cloud_names.used(doc)
    _check_networks(used, inputs)
    azs = zones.ordered((*used.azs, *_azs_of_subnets(inputs)))
    compilation = _compilation(used, azs, inputs)
    wanted_types = list(used.vm_types)
    if compilation and compilation['vm_type'] not in wanted_types:
        wanted_types.append(compilation['vm_type'])
    chooser = vm_types.Chooser(inputs)
    config: dict[str, Any] = {
        'azs': zones.azs(azs, inputs),
        'networks': networks.networks(
            inputs, azs, _static_ips(doc, set(inputs.networks))),
        'vm_types': vm_types.vm_types(wanted_types, chooser),
        'vm_extensions': vm_types.vm_extensions(
            cloud_names.extended(doc), inputs, chooser),
        'disk_types': vm_types.disk_types(used.disk_types, inputs),
    }
    chooser.check()
    if compilation:
        config['compilation'] = compilation
    cloud_names.check(doc, config)
    return config


def _check_networks(used: cloud_names.Names,
                    inputs: cloud_inputs.Inputs) -> None:
    twice = set(inputs.networks) & set(inputs.vip_networks)
    if twice:
        raise errors.InputError(
            reason='%s cannot both have subnets and consist of floating IPs'
                   % ', '.join(sorted(twice)))
    unknown = [name for name in used.networks if name not in inputs.networks
               and name not in inputs.vip_networks]
    if unknown:
        raise errors.UnknownNames(
            'networks', unknown, 'Give the subnets of each of them')


def _azs_of_subnets(inputs: cloud_inputs.Inputs) -> Iterator[str]:
    for subnets in inputs.networks.values():
        for subnet in subnets:
            yield from subnet.azs


def _compilation(used: cloud_names.Names, azs: list[str],
                 inputs: cloud_inputs.Inputs) -> dict[str, Any] | None:
    wanted = inputs.compilation
    if wanted is None:
        return None
    network = wanted.network or next(
        (name for name in used.networks if name in inputs.networks),
        next(iter(inputs.networks), None))
    if network not in inputs.networks:
        raise errors.InputError(
            reason='the network "%s" for the compilation of packages has no '
                   'subnets' % network)
    az = wanted.az or next(iter(azs), None)
    if az is not None and az not in azs:
        raise errors.InputError(
            reason='the availability zone "%s" for the compilation of '
                   'packages is not one of %s' % (az, ', '.join(azs)))
    result: dict[str, Any] = {
        'workers': wanted.workers, 'reuse_compilation_vms': True,
        'vm_type': wanted.vm_type, 'network': network}
    if az is not None:
        result['az'] = az
    return result


def _static_ips(doc: Any, names: set[str]) -> dict[str, list[str]]:
    """By network; those that the manifest gives to instances."""
    found: dict[str, list[str]] = {}
    for group in doc.get('instance_groups') or []:
        for network in group.get('networks') or []:
            given = network.get('static_ips')
            name = str(network.get('name'))
            if given is None or name not in names:
                continue
            known = found.setdefault(name, [])
            for text in given if isinstance(given, list) else [given]:
                if not isinstance(text, str) or '((' in text:
                    raise errors.CloudConfigError(
                        reason='the static IP "%s" of the instance group '
                               '"%s" is no address: give the variable a '
                               'value' % (text, group.get('name')))
                known.append(text)
    return found
