# SPDX-License-Identifier: Apache-2.0
"""Deploying with the configs that somebody has reviewed, and no others."""

from collections.abc import Mapping
import dataclasses
import hashlib
import json
from typing import Any

from cf_openstack.director import client
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack import exceptions

from heat_plugins.deploying import manifest as deployment_manifest

#: What a director calls the ids of configs that a deploy goes by.
KEYS = CLOUD, RUNTIME = 'cloud_config_ids', 'runtime_config_ids'

#: The director's code for ids of configs that are not there.
INVALID_REFERENCE = 190025


class ReviewInvalid(exceptions.CfOpenStackError):
    """What was reviewed is no answer of a director."""

    msg_fmt = ('The property "reviewed_configs" is not valid: %(reason)s. '
               'Take the map "configs" of the attribute "preview".')


class ReviewOutdated(exceptions.CfOpenStackError):
    """The configs are others than those that were reviewed."""

    msg_fmt = ('Nothing was deployed: the configs have changed since they '
               'were reviewed (%(changes)s). Send the signal "diff" again '
               'and update with the "configs" of its preview, or leave out '
               'the property "reviewed_configs".')


@dataclasses.dataclass(frozen=True)
class Review:
    """The versions of configs that somebody has reviewed.

    :ivar cloud: ids of the cloud configs.
    :ivar runtime: ids of the runtime configs.
    """

    cloud: tuple[int, ...]
    runtime: tuple[int, ...]

    @property
    def context(self) -> dict[str, list[int]]:
        """What a deploy with these configs tells the director."""
        return {CLOUD: list(self.cloud), RUNTIME: list(self.runtime)}

    def pin(self, manifest: deployment_manifest.Manifest
            ) -> deployment_manifest.Manifest:
        """The manifest, with a digest that depends on the configs."""
        text = json.dumps([manifest.digest, self.context])
        return dataclasses.replace(
            manifest, digest=hashlib.sha256(text.encode()).hexdigest())

    def deploy(self, director: client.Director,
               manifest: deployment_manifest.Manifest,
               context_id: str) -> int:
        """Start a deploy with these configs.

        A director would also take older versions, and the deployment would
        be outdated from the beginning.

        :returns: id of the task.
        :raises ReviewOutdated: when there are others by now.
        :raises DirectorError: when the director refuses.
        """
        now = parse(director.deployments.diff(
            manifest.name, manifest.text).context)
        if now is not None and now != self:
            raise ReviewOutdated(changes=self._changes(now))
        try:
            return director.deployments.create(
                manifest.text, context_id=context_id, context=self.context)
        except director_exceptions.BadRequest as error:
            if error.code != INVALID_REFERENCE:
                raise
            raise ReviewOutdated(changes=error.description) from error

    def _changes(self, now: 'Review') -> str:
        return ', '.join(
            f'{kind} configs: reviewed {_listed(before)}, now '
            f'{_listed(after)}'
            for kind, before, after in (
                ('cloud', self.cloud, now.cloud),
                ('runtime', self.runtime, now.runtime))
            if before != after)


def _listed(ids: tuple[int, ...]) -> str:
    return ' and '.join(map(str, ids)) or 'none'


def parse(value: Mapping[str, Any] | None) -> Review | None:
    """Read the property ``reviewed_configs``.

    :returns: None when nothing was reviewed.
    :raises ReviewInvalid: when it is not a map of lists of ids.
    """
    if not value:
        return None
    unknown = sorted(set(map(str, value)) - set(KEYS))
    if unknown:
        raise ReviewInvalid(
            reason=f'it has {", ".join(KEYS)} and not {", ".join(unknown)}')
    return Review(_ids(value, CLOUD), _ids(value, RUNTIME))


def _ids(value: Mapping[str, Any], key: str) -> tuple[int, ...]:
    ids = value.get(key) or []
    if not isinstance(ids, list) or not all(
            isinstance(item, int | str) and str(item).isascii()
            and str(item).isdigit() for item in ids):
        raise ReviewInvalid(reason=f'"{key}" is not a list of ids')
    return tuple(sorted(map(int, ids)))
