# SPDX-License-Identifier: Apache-2.0
"""From the properties of a deployment to the manifest that is deployed."""

from collections.abc import Mapping
from collections.abc import Sequence
import copy
import dataclasses
import hashlib
import io
from typing import Any

from oslo_config import cfg

from cf_openstack.director import client
from cf_openstack import exceptions
from cf_openstack.manifest import bounds as manifest_bounds
from cf_openstack.manifest import document
from cf_openstack.manifest import operations as manifest_operations
from cf_openstack.manifest import variables as manifest_variables
from cf_openstack.stemcell import light

from heat_plugins.deploying import artifacts

#: How the properties spell what a stemcell or release is.
ALIAS, NAME, VERSION, OPERATING_SYSTEM, API_VERSION, IMAGE, URL, SHA1 = (
    'alias', 'name', 'version', 'operating_system', 'api_version', 'image',
    'url', 'sha1')

_LATEST = 'latest'


class ManifestInvalid(exceptions.CfOpenStackError):
    """The manifest cannot be deployed as it is."""

    msg_fmt = 'The manifest is not valid: %(reason)s.'


class VariablesMissing(exceptions.CfOpenStackError):
    """Nobody knows the values of some variables."""

    msg_fmt = ('The manifest has variables without a value: %(names)s. The '
               'director has no config server to ask: give them in the '
               'property "variables".')


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A manifest that is ready to be deployed.

    :ivar name: of the deployment.
    :ivar text: YAML; holds secrets.
    :ivar digest: changes with whatever makes a new deploy necessary.
    :ivar uploads: what the director must have before.
    :ivar missing: names of the variables that the director must know.
    """

    name: str
    text: str = dataclasses.field(repr=False)
    digest: str
    uploads: tuple[artifacts.Upload, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[artifacts.Artifact, ...]:
        """The stemcells and releases among its uploads."""
        return tuple(upload.artifact for upload in self.uploads
                     if upload.artifact is not None)

    def check_variables(self) -> None:
        """Check that a director without config server can deploy it.

        :raises VariablesMissing: when it cannot.
        """
        if self.missing:
            raise VariablesMissing(names=', '.join(self.missing))


def _operations_file(number: int, item: Any,
                     bounds: manifest_bounds.Bounds
                     ) -> manifest_operations.OperationsFile:
    # As Heat counts the entries of a property.
    name, content = f'operations[{number}]', item
    if isinstance(item, Mapping) and 'content' in item:
        if item.get(NAME):
            name = f'{item[NAME]} ({name})'
        content = item['content']
    elif isinstance(item, Mapping):
        content = [item]      # a single operation
    if not isinstance(content, str):
        manifest_bounds.measure(content, name, bounds)
        content = document.dump(content)
    return manifest_operations.OperationsFile(name, content)


def _is_open(version: Any) -> bool:
    return version is None or str(version).endswith(_LATEST)


def _pin(entries: Any, given: Sequence[Mapping[str, Any]],
         keys: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """Fill in the versions that a manifest leaves open.

    :param keys: how the manifest's entries spell what ours are known by.
    :returns: what is given and not mentioned by the manifest.
    """
    rest = []
    for item in given:
        if not item.get(VERSION) or not item.get(NAME):
            raise ManifestInvalid(
                reason='a stemcell or release is given without name or '
                       'version')
        found = [entry for entry in entries if isinstance(entry, dict)
                 and any(item.get(ours) is not None
                         and entry.get(theirs) == item[ours]
                         for theirs, ours in keys.items())]
        for entry in found:
            if _is_open(entry.get(VERSION)):
                entry[VERSION] = str(item[VERSION])
        if not found:
            rest.append(item)
    return rest


def _stemcell_uploads(
        given: Sequence[Mapping[str, Any]]) -> list[artifacts.Upload]:
    uploads = []
    for item in given:
        if not item.get(IMAGE):
            continue      # it is on the director
        name, version = str(item[NAME]), str(item[VERSION])
        tarball = light.build(
            name=name, version=version,
            operating_system=item.get(OPERATING_SYSTEM) or name,
            api_version=item.get(API_VERSION),
            # A cid may be given as well, with its mark.
            image_id=str(item[IMAGE]).partition(' ')[0])

        def start(director: client.Director, data: bytes = tarball) -> int:
            return director.stemcells.upload(io.BytesIO(data), len(data))

        artifact = artifacts.Artifact(artifacts.STEMCELL, name, version)
        uploads.append(artifacts.Upload(str(artifact), artifact, start))
    return uploads


def _release_uploads(entries: Any) -> list[artifacts.Upload]:
    uploads = {}
    for entry in entries:
        if not isinstance(entry, Mapping) or not entry.get(URL):
            continue
        name, url = entry.get(NAME), str(entry[URL])
        if not url.startswith(('https://', 'http://')):
            raise ManifestInvalid(
                reason=f'the release "{name}" has the url {url}, which the '
                       'director cannot fetch')
        if _is_open(entry.get(VERSION)):
            raise ManifestInvalid(
                reason=f'the release "{name}" has a url and no version')
        artifact = artifacts.Artifact(artifacts.RELEASE, str(name),
                                      str(entry[VERSION]))
        sha1 = entry.get(SHA1)

        def start(director: client.Director, url: str = url,
                  sha1: str | None = sha1) -> int:
            return director.releases.upload_url(
                url, checksum=str(sha1) if sha1 else None)

        uploads[artifact] = artifacts.Upload(str(artifact), artifact, start)
    return list(uploads.values())


def _section(content: dict[str, Any], key: str) -> list[Any]:
    """A list of the manifest; an empty one of its own if there is none."""
    entries = content.get(key)
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise ManifestInvalid(reason=f'"{key}" is not a list')
    return entries


def _compose(manifest: str | Mapping[str, Any], operations: Sequence[Any],
             variables: Mapping[str, Any]) -> dict[str, Any]:
    """Apply operations, then variables, like the bosh CLI."""
    bounds = manifest_bounds.Bounds.from_conf(cfg.CONF)
    if isinstance(manifest, str):
        content = document.load(manifest, 'manifest', bounds)
    else:
        manifest_bounds.measure(manifest, 'manifest', bounds)
        content = copy.deepcopy(manifest)
    content = manifest_operations.apply(content, [
        _operations_file(number, item, bounds)
        for number, item in enumerate(operations)], bounds)
    content = manifest_variables.interpolate(content, variables, bounds)
    if not isinstance(content, dict):
        raise ManifestInvalid(reason='it is not a map')
    if not isinstance(content.get(NAME), str) or not content[NAME]:
        raise ManifestInvalid(reason='it has no "name"')
    return content


def deployment_name(manifest: str | Mapping[str, Any],
                    operations: Sequence[Any],
                    variables: Mapping[str, Any]) -> str:
    """Name of the deployment that a manifest makes; see :func:`render`.

    :raises CfOpenStackError: when something does not fit.
    """
    return _compose(manifest, operations, variables)[NAME]


def render(manifest: str | Mapping[str, Any], operations: Sequence[Any],
           variables: Mapping[str, Any],
           stemcells: Sequence[Mapping[str, Any]] = (),
           releases: Sequence[Mapping[str, Any]] = (),
           configs: Sequence[str] = ()) -> Manifest:
    """Make the manifest that is deployed.

    :param operations: operations files, each as its text, as its list of
        operations, or as a map with ``name`` and ``content``.
    :param stemcells: what Stemcell resources say in ``reference``.
    :param releases: maps with name and version, maybe url and sha1.
    :param configs: ids of configs; they only matter for the digest.
    :raises CfOpenStackError: when something does not fit; the text names
        the document, file or operation.
    """
    content = _compose(manifest, operations, variables)
    _pin(_section(content, 'stemcells'), stemcells,
         {ALIAS: ALIAS, NAME: NAME, 'os': OPERATING_SYSTEM})
    rest = _pin(_section(content, 'releases'), releases, {NAME: NAME})
    if rest:
        content['releases'] = _section(content, 'releases') + [
            {key: item[key] for key in (NAME, VERSION, URL, SHA1)
             if item.get(key)} for item in rest]
    uploads = _stemcell_uploads(stemcells) + _release_uploads(
        [*_section(content, 'releases'), *releases])
    text = document.dump(content)
    digest = hashlib.sha256('\0'.join([text, *map(str, configs)]).encode())
    return Manifest(
        name=content[NAME], text=text, digest=digest.hexdigest(),
        uploads=tuple(uploads),
        missing=tuple(sorted(manifest_variables.missing(content))))
