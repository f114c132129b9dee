# SPDX-License-Identifier: Apache-2.0
"""What the tests of signals and live attributes share."""

import time

from heat.common import exception
from heat.tests import utils

from heat_plugins.signals import follower
from tests.unit.heat_plugins import deployments
from tests.unit.heat_plugins import signal_director


class SignalTestCase(deployments.DeploymentTestCase):
    """A deployment on a director that can be asked to act."""

    def setUp(self):
        super().setUp()
        # No policy file: a mock of it would be opened as number 1.
        self.mock_find_file.return_value = None
        self.bosh = signal_director.SignalDirector(self.requests)
        # What would run in the background runs at once.
        self.patchobject(follower.Follower, 'start', autospec=True,
                         side_effect=self.follow)
        self.patchobject(time, 'sleep')
        self.roles = ['member']
        self.followed = True

    def follow(self, follower_):
        if self.followed:
            follower_.run()

    def ready(self, **changes):
        """A deployment as an engine loads it for a signal."""
        made = self.created(**changes)
        self.bosh.calls.clear()
        self.bosh.asked.clear()
        return self.reload(made)

    def signal(self, rsrc, details):
        """What the engine does with a signal; returns it loaded anew."""
        again = self.reload(rsrc)
        # The sender, whose request the thread answers.
        utils.dummy_context(roles=self.roles)
        again._signal_check_action()
        again._signal_check_hook(details)
        again.signal(details, False)
        return self.reload(rsrc)

    def send(self, rsrc, action, **details):
        return self.signal(rsrc, {'action': action, **details})

    def refused(self, rsrc, details):
        """Why a signal is refused; nothing was asked of the director."""
        begun = len(self.bosh.asked)
        error = self.assertRaises(exception.StackValidationFailed,
                                  self.signal, rsrc, details)
        self.assertEqual(begun, len(self.bosh.asked))
        # The sender hears it, and so does who reads the events.
        self.assertIn(str(error)[:200], self.events(rsrc)[-1])
        return str(error)

    def read(self, rsrc, name):
        return self.reload(rsrc).FnGetAtt(name)
