# SPDX-License-Identifier: Apache-2.0
"""From choices and a cloud to a cloud config and a report of capacity.

This is what Heat's engine does before it creates a Cloud Foundry, what a
person sees while choosing, and what a shell prints.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import typing
from typing import Any

from cf_openstack.capacity import amounts
from cf_openstack.capacity import check
from cf_openstack.capacity import demand
from cf_openstack.capacity import errors
from cf_openstack.capacity import flavors as capacity_flavors
from cf_openstack.capacity import limits
from cf_openstack.capacity import need as capacity_need
from cf_openstack.capacity import project as capacity_project
from cf_openstack.capacity import report as capacity_report
from cf_openstack.capacity import servers
from cf_openstack.manifest.cloud_config import errors as config_errors
from cf_openstack.manifest.cloud_config import facts
from cf_openstack.manifest.cloud_config import inputs as cloud_inputs
from cf_openstack.manifest.cloud_config import making

if typing.TYPE_CHECKING:
    from openstack import connection


@dataclasses.dataclass(frozen=True)
class Choices:
    """What a person decides.

    :ivar networks: ids of subnets by the names of networks.
    :ivar inputs: arguments of
        :class:`cf_openstack.manifest.cloud_config.inputs.Inputs`, all but
        networks and flavors.
    :ivar options: settings of the director's CPI.
    """

    networks: Mapping[str, Sequence[str]]
    inputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    options: servers.Options = servers.Options()


@dataclasses.dataclass(frozen=True)
class Before:
    """A deployment that is there and is to be changed.

    :ivar doc: its manifest; None when it was never deployed to its end.
    :ivar config: the cloud config it was deployed with; None for the new
        one.
    :ivar vms: how many VMs each group has; None: as its manifest says.
    :ivar disks: how many instances have their disks; None: likewise.
    """

    doc: Any = None
    config: Mapping[str, Any] | None = None
    vms: Mapping[str, int] | None = None
    disks: Mapping[str, int] | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be made, and whether there is room for it."""

    config: dict[str, Any]
    need: capacity_need.Need
    project: capacity_project.Project
    report: capacity_report.Report


def plan(conn: 'connection.Connection', doc: Any, choices: Choices,
         before: Before | None = None) -> Plan:
    """Make the cloud config for a manifest, and compare need with limits.

    :param conn: of the project; it is only read from.
    :param doc: the manifest, after its operations files and with values for
        those variables that are names or numbers.
    :param before: what an update changes.
    :raises LimitsUnknown: the cloud does not tell its flavors.
    :raises NeedUnknown: a number in the manifest is not known.
    :raises CloudConfigError: the choices do not fit one another, the
        manifest or the cloud.
    :raises ManifestError: it is no manifest.
    :raises SDKException: Neutron does not answer.
    """
    subnets = facts.subnets(
        conn, [one for some in choices.networks.values() for one in some])
    project = limits.read(
        conn, sorted({subnet.network_id for subnet in subnets.values()}))
    if project.flavors is None:
        raise errors.LimitsUnknown(
            reason=project.unknown.get('flavors', 'no flavors are known'))
    config, flavors, rows = _config(doc, choices, subnets, project)
    need = capacity_need.calculate(doc, config, flavors, choices.options)
    deployed = None
    if before is not None:
        old = need
        if before.doc is not None:
            old = capacity_need.calculate(
                before.doc, before.config or config, flavors, choices.options)
        deployed = demand.Deployed(old, before.vms, before.disks)
    found = check.check(need, project, deployed)
    return Plan(config, need, project, dataclasses.replace(
        found, rows=rows + found.rows))


def examine(conn: 'connection.Connection', config: Mapping[str, Any],
            before: Before,
            options: servers.Options) -> capacity_report.Report:
    """How a deployment that is there stands to the limits.

    :param config: the cloud config it was deployed with.
    :param before: the deployment, with its manifest.
    :raises LimitsUnknown: the cloud does not tell.
    :raises ManifestError: it is no manifest, or no cloud config.
    """
    project = limits.read(conn, capacity_need.network_ids(config))
    need = capacity_need.calculate(before.doc, config, project.flavors,
                                   options)
    return check.check(need, project, demand.Deployed(
        need, before.vms, before.disks))


def _config(
    doc: Any, choices: Choices, subnets: Mapping[str, cloud_inputs.Subnet],
    project: capacity_project.Project,
) -> tuple[dict[str, Any], Sequence[capacity_flavors.Flavor],
           tuple[capacity_report.Row, ...]]:
    """The cloud config, the flavors it is made with, and what they lack.

    Where there is no flavor for a VM type, the rest is worked out as if
    there were one of just its size: then all that is short is told at once.
    """
    flavors = project.flavors or ()
    inputs = _named_types(cloud_inputs.Inputs(
        networks={name: tuple(subnets[one] for one in some)
                  for name, some in choices.networks.items()},
        flavors=flavors, **choices.inputs), project.volume_type_ids)
    try:
        return making.make(doc, inputs), flavors, ()
    except config_errors.NoFlavor as error:
        absent = error
    row = capacity_report.Row(
        amounts.FLAVOR, ', '.join(absent.names), need=len(absent.names),
        total=len(absent.names), state=capacity_report.ABSENT,
        text=str(absent))
    flavors = [*flavors, *(
        _flavor(size, inputs) for size in set(absent.sizes.values()))]
    inputs = dataclasses.replace(inputs, flavors=flavors)
    return making.make(doc, inputs), flavors, (row,)


def _named_types(inputs: cloud_inputs.Inputs,
                 names: Mapping[str, str]) -> cloud_inputs.Inputs:
    """With the names of volume types in place of their ids."""
    def name(given: str | None) -> str | None:
        return names.get(given, given) if given else given

    boot = inputs.boot_volume
    return dataclasses.replace(
        inputs, volume_type=name(inputs.volume_type),
        boot_volume=boot and cloud_inputs.BootVolume(name(boot.volume_type)))


def _flavor(size: capacity_flavors.Size,
            inputs: cloud_inputs.Inputs) -> capacity_flavors.Flavor:
    """One that a VM of a size fits into, and nothing larger."""
    flavor = capacity_flavors.Flavor(
        'a flavor with %s' % size, size.vcpus, size.ram_mib,
        inputs.root_gib)
    return dataclasses.replace(
        flavor, ephemeral_gib=inputs.ephemeral_rule.wanted(size, flavor))
