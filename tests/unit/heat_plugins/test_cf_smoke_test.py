# SPDX-License-Identifier: Apache-2.0
"""The smoke tests of CloudFoundry::CF::Deployment."""

from heat.common import exception

from tests.unit.heat_plugins import cloud_foundries
from tests.unit.heat_plugins import deployments

ERRAND = ('POST', '/deployments/cf/errands/smoke-tests/runs')


class SmokeTestTest(cloud_foundries.CloudFoundryTestCase):

    def errands(self):
        return self.bosh.count(*ERRAND)

    def test_after_each_deploy(self):
        rsrc = self.created(smoke_test=True)
        self.assertEqual(1, self.errands())
        self.assertIn('The errand "smoke-tests" has succeeded',
                      self.events(rsrc))
        self.update(rsrc, cpi={})
        self.assertEqual(1, self.errands())
        self.update(rsrc, system_domain='b.example.com')
        self.assertEqual(2, self.errands())
        self.delete(self.reload(rsrc))

    def test_without(self):
        rsrc = self.created()
        self.assertEqual(0, self.errands())
        self.update(rsrc, smoke_test=True)
        self.assertEqual((1, 1), (
            self.errands(), self.bosh.count(*deployments.DEPLOY)))

    def test_failure(self):
        self.bosh.exit_code = 1
        self.bosh.output = 'first\n' + 50 * 'more\n' + 'push failed\n'
        rsrc = self.deployment(smoke_test=True)
        reason = self.failed(rsrc)
        self.assertIn('"smoke-tests" ended with exit code 1', reason)
        self.assertIn('more / push failed', reason)
        self.assertNotIn('first', reason)
        self.bosh.exit_code = 0
        self.update(self.reload(rsrc))
        self.assertEqual(2, self.errands())
        self.delete(self.reload(rsrc))

    def test_failure_without_a_word(self):
        self.bosh.exit_code = 7
        self.assertIn('it said nothing',
                      self.failed(self.deployment(smoke_test=True)))

    def test_errand_that_cannot_be_run(self):
        self.bosh.failures['run errand'] = 'no VM'
        rsrc = self.deployment(smoke_test=True)
        self.assertIn('no VM', self.failed(rsrc))
        self.delete(self.reload(rsrc))

    def test_manifest_without(self):
        rsrc = self.deployment(smoke_test=True, operations=[
            '[{type: remove, path: /instance_groups/name=smoke-tests}]'])
        self.assertRaises(exception.ResourceFailure, self.run_action,
                          rsrc.create)
        self.assertEqual([], self.bosh.calls)

    def until_it_runs(self):
        self.bosh.polls['run errand'] = 20
        rsrc = self.deployment(smoke_test=True)
        runner = self.until(rsrc.create, lambda: self.tasks('run errand'))
        return rsrc, runner

    def test_engine_dies_meanwhile(self):
        rsrc, _runner = self.until_it_runs()
        self.tasks('run errand')[0].polls = 1
        rsrc = self.die(rsrc)
        self.update(rsrc)
        self.assertEqual(1, self.errands())
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)

    def test_cancelled(self):
        rsrc, runner = self.until_it_runs()
        runner.cancel()
        self.assertEqual('cancelling', self.tasks('run errand')[0].state)
        self.delete(self.reload(rsrc))

    def test_deleted_meanwhile(self):
        rsrc, _runner = self.until_it_runs()
        self.delete(self.die(rsrc))
        self.assertEqual('cancelled', self.tasks('run errand')[0].state)

    def test_another_deploy_meanwhile(self):
        rsrc, _runner = self.until_it_runs()
        self.bosh.polls.clear()
        self.update(self.die(rsrc), system_domain='b.example.com')
        first, second = self.tasks('run errand')
        self.assertEqual(('cancelled', 'done'), (first.state, second.state))
