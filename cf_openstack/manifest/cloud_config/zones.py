# SPDX-License-Identifier: Apache-2.0
"""The availability zones of a cloud config."""

from collections.abc import Iterable
from collections.abc import Mapping
import re
from typing import Any

from cf_openstack.manifest.cloud_config import errors
from cf_openstack.manifest.cloud_config import inputs as cloud_inputs

_NUMBERED = re.compile(r'[A-Za-z]+([1-9][0-9]*)')


def number(az: str) -> int | None:
    """0 for z1, 1 for z2; None for a name that has no number."""
    found = _NUMBERED.fullmatch(az)
    return int(found[1]) - 1 if found else None


def ordered(azs: Iterable[str]) -> list[str]:
    """Names in the order of their numbers, each once."""
    return sorted(set(azs), key=lambda az: (
        number(az) is None, number(az) or 0, az))


def azs(names: Iterable[str],
        inputs: cloud_inputs.Inputs) -> list[dict[str, Any]]:
    """The section ``azs``.

    Which zone an AZ is in depends on its own number alone: it stays where
    it is when a manifest uses one more.

    :raises InputError: it is not known what an AZ is.
    """
    if inputs.availability not in (cloud_inputs.DEFAULT,
                                   cloud_inputs.ONE_AZ):
        raise errors.InputError(
            reason='the availability "%s" is neither "%s" nor "%s"' % (
                inputs.availability, cloud_inputs.DEFAULT,
                cloud_inputs.ONE_AZ))
    result = []
    for az in names:
        zone = _zone(az, inputs)
        entry: dict[str, Any] = {'name': az}
        if zone:
            entry['cloud_properties'] = {'availability_zone': zone}
        result.append(entry)
    return result


def _zone(az: str, inputs: cloud_inputs.Inputs) -> str | None:
    zones = inputs.zones
    if isinstance(zones, Mapping):
        if az not in zones:
            raise errors.UnknownNames(
                'availability zones', [az],
                'Say which availability zone of Nova each of them is')
        return zones[az]
    if not zones:
        return None
    if inputs.availability == cloud_inputs.ONE_AZ:
        return zones[0]
    index = number(az)
    if index is None:
        raise errors.UnknownNames(
            'availability zones', [az],
            'Only names such as z1 can be counted: say by name which '
            'availability zone of Nova each of them is')
    return zones[index % len(zones)]
