# SPDX-License-Identifier: Apache-2.0
"""Showing what a change of properties would change."""

from collections.abc import Mapping
from typing import Any

from cf_openstack.director import client
from cf_openstack.director import deployments
from cf_openstack import exceptions

from heat.common.i18n import _

from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import action
from heat_plugins.signals import fields
from heat_plugins.signals import previews
from heat_plugins.signals import proposal
from heat_plugins.signals import records


class Diff(action.Action):
    """Let the director compare a proposed manifest with what it runs.

    The signal names properties and the values that they would have; the
    others are as in the template of the stack.  The answer is the attribute
    ``preview``.  The director hides the values of properties of jobs.
    """

    name = 'diff'
    changes = False

    @classmethod
    def fields_for(cls, rsrc: base.DirectorUser
                   ) -> Mapping[str, fields.Field]:
        """The properties that an update could change."""
        return {name: fields.Field()
                for name in proposal.property_names(rsrc)}

    @property
    def target(self) -> str:
        """What would change, for people."""
        return ', '.join(sorted(self.values))

    def check(self, view: deployment_view.View) -> None:
        """Nothing that a director knows of can be wrong with it."""

    def do(self, rsrc: base.DirectorUser, director: client.Director,
           record: records.Record) -> action.Outcome:
        """Ask for the diff and keep it.

        :raises CfOpenStackError: when the properties make no manifest, or
            the director cannot compare.
        """
        preview = {'id': record.id, 'at': record.at}
        previews.write(rsrc, {**preview, 'state': 'running'})
        try:
            manifest = proposal.manifest(rsrc, self.values)
            found = director.deployments.diff(manifest.name, manifest.text)
            digest = proposal.digest(rsrc, manifest)
        except exceptions.CfOpenStackError as error:
            previews.write(rsrc, {**preview, 'state': 'failed',
                                  'error': str(error)})
            raise
        except Exception:
            previews.write(rsrc, {**preview, 'state': 'failed', 'error': _(
                'An unexpected error; the log of the engine has it')})
            raise
        previews.write(rsrc, {
            **preview, 'state': 'done', 'error': None,
            'deployment': manifest.name,
            'replaces': manifest.name != rsrc.resource_id,
            'digest': digest,
            'missing_variables': list(manifest.missing),
            'configs': dict(found.context), **_counts(found),
            'diff': [list(line) for line in found.lines]})
        return action.Outcome(result=_(
            '%(added)d lines added, %(removed)d removed') % _counts(found))


def _counts(diff: deployments.Diff) -> dict[str, Any]:
    return {kind: sum(1 for _line, change in diff.lines if change == kind)
            for kind in ('added', 'removed')}
