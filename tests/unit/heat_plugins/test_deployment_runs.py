# SPDX-License-Identifier: Apache-2.0
"""Steps that a resource type adds to deploying and deleting."""

from unittest import mock

from heat_plugins.resources import deployment
from tests.unit.heat_plugins import deployments


class RunTest(deployments.DeploymentTestCase):

    def setUp(self):
        super().setUp()
        self.told = []
        self.cancelled = []

    def step(self, run, name, times=2):
        """Make a step that is complete at the given poll."""
        def poll():
            self.told.append((name, sorted(self.bosh.deployments),
                              len(self.bosh.tasks)))
            run.wait = 1
            return [told[0] for told in self.told].count(name) == times
        return poll

    def extend(self, maker):
        """Let the runs that a deployment makes have steps of the test."""
        made = getattr(deployment.Deployment, maker)

        def make(rsrc, *args, **kwargs):
            run = made(rsrc, *args, **kwargs)
            run.add_before(self.step(run, 'before'))
            run.add_prepare(self.step(run, 'prepare'))
            run.add_after(self.step(run, 'after'))
            run.on_cancel(lambda: self.cancelled.append(run))
            return run
        patch = mock.patch.object(deployment.Deployment, maker,
                                  autospec=True, side_effect=make)
        patch.start()
        self.addCleanup(patch.stop)

    def test_order_of_a_deploy(self):
        self.extend('_deploy_run')
        rsrc = self.created()
        self.assertEqual(
            2 * [('before', [], 0)] + 2 * [('prepare', [], 2)]
            + 2 * [('after', ['cf'], 3)], self.told)
        del self.told[:]
        # Nothing to deploy, so nothing to prepare.
        self.update(rsrc, director=self.sealed())
        self.assertEqual(['before', 'before', 'after', 'after'],
                         [told[0] for told in self.told])

    def test_order_of_a_deletion(self):
        rsrc = self.created()
        self.extend('_delete_run')
        self.delete(rsrc)
        self.assertEqual(
            2 * [('before', ['cf'], 3)] + 2 * [('prepare', ['cf'], 3)]
            + 2 * [('after', [], 6)], self.told)

    def test_cancel(self):
        self.extend('_deploy_run')
        rsrc = self.deployment()
        runner = self.until(rsrc.create, lambda: self.told)
        runner.cancel()
        self.assertEqual(1, len(self.cancelled))
