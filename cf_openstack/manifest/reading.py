# SPDX-License-Identifier: Apache-2.0
"""What a deployment manifest asks for, in types.

Only what others here need to know is read, see
https://bosh.io/docs/manifest-v2/ for the whole; the director judges it.
A value that is still a ``((variable))`` is given as that text.
"""

from collections.abc import Mapping
import dataclasses
from typing import Any

from cf_openstack.manifest import errors


@dataclasses.dataclass(frozen=True)
class Release:
    """An entry of ``releases``.

    :ivar version: ``latest`` is possible.
    :ivar url: where the director can fetch it, or None.
    :ivar sha1: its checksum in any form the director takes, or None.
    """

    name: str
    version: str
    url: str | None = None
    sha1: str | None = None


@dataclasses.dataclass(frozen=True)
class Stemcell:
    """An entry of ``stemcells``; it has either os or name."""

    alias: str
    version: str
    os: str | None = None
    name: str | None = None


@dataclasses.dataclass(frozen=True)
class InstanceGroup:
    """An entry of ``instance_groups``.

    :ivar instances: how many; text while it is a variable.
    :ivar persistent_disk: MiB, or None.
    :ivar jobs: names.
    :ivar networks: names.
    """

    name: str
    instances: int | str
    lifecycle: str
    stemcell: str | None
    vm_type: str | None
    vm_extensions: tuple[str, ...]
    azs: tuple[str, ...]
    networks: tuple[str, ...]
    persistent_disk: int | str | None
    persistent_disk_type: str | None
    jobs: tuple[str, ...]

    @property
    def is_errand(self) -> bool:
        """Whether its VMs exist only while it runs."""
        return self.lifecycle == 'errand'


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A deployment manifest.

    :ivar variables: names of the variables that the director generates.
    """

    name: str
    releases: tuple[Release, ...]
    stemcells: tuple[Stemcell, ...]
    instance_groups: tuple[InstanceGroup, ...]
    variables: tuple[str, ...]


class _Reader:
    """Typed access to one mapping of a manifest."""

    def __init__(self, content: Any, where: str) -> None:
        if not isinstance(content, Mapping):
            raise errors.ManifestError(
                reason='%s is not a mapping' % where)
        self._content = content
        self._where = where

    def _error(self, key: str, expected: str) -> errors.ManifestError:
        return errors.ManifestError(reason='"%s" of %s is not %s' % (
            key, self._where, expected))

    def text_or_none(self, key: str) -> str | None:
        value = self._content.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(
                value, (str, int, float)):
            raise self._error(key, 'text')
        return str(value)

    def text(self, key: str) -> str:
        value = self.text_or_none(key)
        if not value:
            raise errors.ManifestError(
                reason='%s has no "%s"' % (self._where, key))
        return value

    def count(self, key: str) -> int | str | None:
        value = self._content.get(key)
        if value is None or type(value) is int and value >= 0:
            return value
        if isinstance(value, str) and '((' in value:
            return value
        raise self._error(key, 'a number of 0 or more')

    def readers(self, key: str) -> list['_Reader']:
        """A list of mappings, each called by its name or its index."""
        found = []
        for number, item in enumerate(self._list(key)):
            name = number
            if isinstance(item, Mapping):
                name = item.get('name') or item.get('alias') or number
            found.append(_Reader(item, '%s "%s"' % (key, name)))
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        found = self._list(key)
        if not all(isinstance(item, str) for item in found):
            raise self._error(key, 'a list of names')
        return tuple(found)

    def _list(self, key: str) -> list[Any]:
        found = self._content.get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self._error(key, 'a list')
        return found


def _group(reader: _Reader) -> InstanceGroup:
    instances = reader.count('instances')
    if instances is None:
        # The director has no default for it.
        raise errors.ManifestError(
            reason='instance group "%s" does not say how many instances'
                   % reader.text('name'))
    return InstanceGroup(
        name=reader.text('name'),
        instances=instances,
        lifecycle=reader.text_or_none('lifecycle') or 'service',
        stemcell=reader.text_or_none('stemcell'),
        vm_type=reader.text_or_none('vm_type'),
        vm_extensions=reader.texts('vm_extensions'),
        azs=reader.texts('azs'),
        networks=tuple(network.text('name')
                       for network in reader.readers('networks')),
        persistent_disk=reader.count('persistent_disk'),
        persistent_disk_type=reader.text_or_none('persistent_disk_type'),
        jobs=tuple(job.text('name') for job in reader.readers('jobs')))


def read(doc: Any) -> Manifest:
    """Read a manifest that was loaded, changed and filled in.

    :raises ManifestError: it has no name, or a part is not what it should
        be; with the part.
    """
    top = _Reader(doc, 'the manifest')
    return Manifest(
        name=top.text('name'),
        releases=tuple(
            Release(release.text('name'), release.text('version'),
                    release.text_or_none('url'),
                    release.text_or_none('sha1'))
            for release in top.readers('releases')),
        stemcells=tuple(
            Stemcell(stemcell.text('alias'), stemcell.text('version'),
                     stemcell.text_or_none('os'),
                     stemcell.text_or_none('name'))
            for stemcell in top.readers('stemcells')),
        instance_groups=tuple(
            _group(group) for group in top.readers('instance_groups')),
        variables=tuple(variable.text('name')
                        for variable in top.readers('variables')))
