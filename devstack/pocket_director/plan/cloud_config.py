# SPDX-License-Identifier: Apache-2.0
"""The cloud config that a deployment sees: all named ones together."""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
from typing import Any

import yaml

from devstack.pocket_director import errors
from devstack.pocket_director.plan import fields
from devstack.pocket_director.plan import networks

_LISTS = ('azs', 'vm_types', 'vm_extensions', 'disk_types', 'networks')


@dataclasses.dataclass(frozen=True)
class CloudConfig:
    """What a manifest may name, by name."""

    azs: Mapping[str, Any]
    vm_types: Mapping[str, Any]
    vm_extensions: Mapping[str, Any]
    disk_types: Mapping[str, Any]
    networks: Mapping[str, networks.Network]


def merge(contents: Iterable[str]) -> dict[str, Any]:
    """One document of several cloud configs.

    :raises: DirectorError 570000 when two define ``compilation``,
        710000 when one is no YAML.
    """
    merged: dict[str, Any] = {}
    for content in contents:
        document = load(content)
        for key, value in document.items():
            if key in _LISTS and isinstance(value, list):
                merged.setdefault(key, []).extend(value)
            elif key in merged:
                raise errors.DirectorError(
                    570000, f"Cloud config '{key}' key cannot be defined in "
                            'multiple cloud configs.')
            else:
                merged[key] = value
    return merged


def load(content: str) -> dict[str, Any]:
    """A config's YAML text as a mapping.

    :raises: DirectorError 710000.
    """
    try:
        document = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise errors.DirectorError(
            710000, f'Incorrect YAML structure of the uploaded manifest: '
                    f'{error}') from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise errors.DirectorError(
            440001, 'YAML hash expected: the document holds '
                    f'{type(document).__name__}')
    return document


def parse(document: Mapping[str, Any]) -> CloudConfig:
    """Check a merged cloud config.

    :raises: DirectorError.
    """
    azs = fields.named(document, 'azs', 190017, 'az')
    vm_types = fields.named(document, 'vm_types', 190004, 'vm type')
    extensions = fields.named(
        document, 'vm_extensions', 190005, 'vm extension')
    disk_types = fields.named(document, 'disk_types', 190013, 'disk type')
    for name, disk_type in disk_types.items():
        if fields.take(disk_type, 'disk_size', int) < 0:
            raise errors.DirectorError(
                200001, f"Disk type '{name}' references an invalid disk "
                        f"size '{disk_type['disk_size']}'")
    specs = fields.named(document, 'networks', 190007, 'network')
    if not specs:
        raise errors.DirectorError(190008, 'No networks specified')
    found = {name: networks.parse(spec, azs) for name, spec in specs.items()}
    config = CloudConfig(azs, vm_types, extensions, disk_types, found)
    compilation = fields.take(document, 'compilation', dict, {})
    if compilation:
        _check_compilation(compilation, config)
    return config


def _check_compilation(spec: Mapping[str, Any], config: CloudConfig) -> None:
    network = fields.text(spec, 'network')
    if network not in config.networks:
        raise errors.DirectorError(
            120001, 'Compilation config references an unknown network '
                    f"'{network}'")
    az = fields.text(spec, 'az', None)
    if az is not None and az not in config.azs:
        raise errors.DirectorError(
            120002, "Compilation config references unknown az '"
                    f"{az}'. Known azs are: [{', '.join(config.azs)}]")
    vm_type = fields.text(spec, 'vm_type', None)
    if vm_type is not None and vm_type not in config.vm_types:
        raise errors.DirectorError(
            120003, f"Compilation config references unknown vm type "
                    f"'{vm_type}'. Known vm types are: "
                    f"{', '.join(config.vm_types)}")
    for name in fields.take(spec, 'vm_extensions', list, []):
        if name not in config.vm_extensions:
            raise errors.DirectorError(
                120005, 'Compilation config references unknown vm extension '
                        f"'{name}'")
