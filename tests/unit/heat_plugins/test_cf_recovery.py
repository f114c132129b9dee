# SPDX-License-Identifier: Apache-2.0
"""CloudFoundry::CF::Deployment when engines die on the way."""

import ddt

from tests.unit.heat_plugins import cloud_foundries
from tests.unit.heat_plugins import deployments

PUT = 'config_put'


@ddt.ddt
class CrashTest(cloud_foundries.CloudFoundryTestCase):

    def finish(self, rsrc):
        self.update(rsrc)
        self.assertEqual(1, len(self.bosh.configs))
        self.delete(self.reload(rsrc))

    def test_after_the_check_of_capacity(self):
        rsrc = self.deployment()
        self.bosh.failures['create release'] = 'no'
        self.failed(rsrc)
        self.bosh.failures.clear()
        self.finish(self.die(rsrc))

    def test_answer_to_the_config_is_lost(self):
        self.bosh.lose.add(PUT)
        rsrc = self.deployment()
        self.failed(rsrc)
        self.assertEqual(1, len(self.bosh.configs))
        self.finish(self.reload(rsrc))

    def test_answer_to_the_config_is_lost_and_all_is_deleted(self):
        self.bosh.lose.add(PUT)
        rsrc = self.deployment()
        self.failed(rsrc)
        self.delete(self.reload(rsrc))

    def test_during_the_deploy(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.deployment()
        self.until(rsrc.create, lambda: self.tasks('create deployment'))
        self.tasks('create deployment')[0].polls = 2
        # Its VMs take all that there is by now: nobody asks again
        self.cloud.limits.update(maxTotalInstances=3)
        rsrc = self.die(rsrc)
        asked = len(self.cloud.asked())
        self.update(rsrc)
        self.assertEqual(asked, len(self.cloud.asked()))
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        self.delete(self.reload(rsrc))

    def test_during_the_deploy_and_then_another(self):
        self.bosh.polls['create deployment'] = 20
        rsrc = self.deployment()
        self.until(rsrc.create, lambda: self.tasks('create deployment'))
        self.bosh.polls.clear()
        self.update(self.die(rsrc), security_groups=['everybody'])
        first, second = self.tasks('create deployment')
        self.assertEqual(('cancelled', 'done'), (first.state, second.state))

    @ddt.data(1, 2, 3, 4, 5, 6, 8, 10, 12)
    def test_at_any_step(self, count):
        rsrc = self.deployment(smoke_test=True)
        runner = self.steps(rsrc.create)
        self.addCleanup(lambda: runner)
        for _step in range(count):
            if not runner.done():
                runner.step()
        self.finish(self.die(rsrc))
        for kind in ('create deployment', 'run errand'):
            self.assertLessEqual(len(self.tasks(kind)), 2)

    @ddt.data(1, 2, 3, 4, 5, 6)
    def test_at_any_step_and_then_deleted(self, count):
        rsrc = self.deployment(smoke_test=True)
        runner = self.steps(rsrc.create)
        self.addCleanup(lambda: runner)
        for _step in range(count):
            if not runner.done():
                runner.step()
        self.delete(self.die(rsrc))

    def test_during_the_deletion(self):
        rsrc = self.created()
        self.bosh.polls['delete deployment'] = 20
        self.until(rsrc.delete, lambda: self.tasks('delete deployment'))
        self.tasks('delete deployment')[0].polls = 1
        self.delete(self.die(rsrc))
        self.assertEqual(1, len(self.tasks('delete deployment')))


class AttributeTest(cloud_foundries.CloudFoundryTestCase):

    def test_before_it_exists(self):
        rsrc = self.deployment()
        for name in ('api_url', 'apps_domain', 'router_address',
                     'cloud_config', 'capacity', 'instances'):
            self.assertIsNone(rsrc._resolve_attribute(name))

    def test_urls(self):
        rsrc = self.created()
        self.assertEqual(
            ('https://api.cf.example.com', 'https://login.cf.example.com',
             'https://uaa.cf.example.com', 'apps.cf.example.com'),
            tuple(rsrc._resolve_attribute(name) for name in (
                'api_url', 'login_url', 'uaa_url', 'apps_domain')))

    def test_apps_domain_of_a_manifest_without(self):
        rsrc = self.created(operations=[
            '[{type: remove, path: /instance_groups/name=api/jobs/0}]'])
        self.assertEqual('cf.example.com',
                         rsrc._resolve_attribute('apps_domain'))

    def test_cloud_config(self):
        rsrc = self.created()
        found = rsrc._resolve_attribute('cloud_config')
        self.assertEqual(self.config(), found.pop('content'))
        self.assertEqual({'name': rsrc.physical_resource_name(), 'id': '1',
                          'prefix': '', 'current': True}, found)

    def test_capacity(self):
        rsrc = self.created()
        found = rsrc._resolve_attribute('capacity')
        self.assertTrue(found['fits'])
        [row] = [row for row in found['rows'] if row['kind'] == 'instances']
        self.assertEqual((5, 100, 3, 0), tuple(
            row[key] for key in ('need', 'limit', 'used', 'missing')))

    def test_router_address(self):
        balanced = {'router': {'pools': [{'pool': 'https', 'port': 443}]}}
        self.cloud.answers['http://octavia/v2.0/lbaas/pools/https'] = (
            self.cloud.answers['http://octavia/v2.0/lbaas/pools/pool-1'])
        rsrc = self.created(load_balancer=balanced)
        self.assertEqual('1.1.1.1',
                         rsrc._resolve_attribute('router_address'))
        self.cloud.answers['http://neutron/v2.0/floatingips'] = {
            'floatingips': []}
        self.assertEqual('10.0.1.5',
                         rsrc._resolve_attribute('router_address'))

    def test_no_router_address(self):
        self.assertIsNone(
            self.created()._resolve_attribute('router_address'))

    def test_all_at_once_is_quick(self):
        rsrc = self.created()
        asked = len(self.cloud.asked())
        shown = rsrc._show_resource()
        self.assertEqual('https://api.cf.example.com', shown['api_url'])
        self.assertNotIn('capacity', shown)
        self.assertEqual(asked, len(self.cloud.asked()))

    def test_another_engine(self):
        rsrc = self.reload(self.created())
        self.assertEqual('https://api.cf.example.com',
                         rsrc._resolve_attribute('api_url'))
