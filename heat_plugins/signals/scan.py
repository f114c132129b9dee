# SPDX-License-Identifier: Apache-2.0
"""Looking for problems."""

from cf_openstack.director import client

from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import action
from heat_plugins.signals import records


class Scan(action.Action):
    """Look for problems; the attribute ``problems`` tells what was found."""

    name = 'scan'
    changes = False

    def check(self, view: deployment_view.View) -> None:
        """Nothing can be wrong with it."""

    def do(self, rsrc: base.DirectorUser, director: client.Director,
           record: records.Record) -> action.Outcome:
        """Start the task.

        :raises DirectorError: when the director refuses.
        """
        return action.Outcome(
            task=director.problems.scan(rsrc.resource_id or ''))
