# SPDX-License-Identifier: Apache-2.0
"""CloudFoundry::CF::Deployment where there is no room."""

import threading
import time

import ddt
import fixtures
from heat.common import exception
import yaml

from cf_openstack.capacity import limits
from heat_plugins.cloud_foundry import capacity
from tests.unit.capacity import fake_cloud
from tests.unit.heat_plugins import cloud_foundries
from tests.unit.heat_plugins import deployments

#: 5 instances, 5 that compile and what the next update takes.
SHORT = {'maxTotalInstances': 4, 'totalInstancesUsed': 3,
         'maxTotalCores': 6}
SHORTAGES = tuple(
    '%s: need 10 (during next compilation), limit %d, used %d, missing 9'
    % values for values in (('instances', 4, 3), ('cores', 6, 5)))


def scaled(instances):
    return [yaml.safe_dump([{
        'type': 'replace', 'value': instances,
        'path': '/instance_groups/name=api/instances'}])]


class CreateTest(cloud_foundries.CloudFoundryTestCase):

    def test_nothing_is_created(self):
        self.cloud.limits.update(SHORT)
        rsrc = self.deployment()
        reason = self.failed(rsrc)
        for shortage in SHORTAGES:
            self.assertIn(shortage, reason)
        self.assertIsNone(rsrc.resource_id)
        self.assertEqual([], [call for call in self.bosh.calls
                              if call[0] != 'GET'])
        shown = rsrc._resolve_attribute('capacity')
        self.assertFalse(shown['fits'])
        self.assertEqual(2, len(shown['shortages']))
        self.delete(self.reload(rsrc))

    def test_again_with_room(self):
        self.cloud.limits.update(SHORT)
        rsrc = self.deployment()
        self.failed(rsrc)
        self.cloud.limits.update(maxTotalInstances=100, maxTotalCores=100)
        self.update(self.reload(rsrc))
        self.assertTrue(self.reload(rsrc)._resolve_attribute(
            'capacity')['fits'])
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        self.delete(self.reload(rsrc))

    def test_the_cloud_does_not_answer(self):
        self.cloud.fail(fake_cloud.NETWORK + '/subnets', 403)
        self.assertIn('The cloud does not tell', self.failed(
            self.deployment()))

    def test_the_cloud_does_not_tell_everything(self):
        self.cloud.fail(fake_cloud.BALANCER + '/lbaas/quotas/project-1', 404)
        rsrc = self.created()
        self.assertIn('The project has room for the deployment; not known: '
                      'load balancer quotas', self.events(rsrc))

    def test_no_flavor(self):
        self.cloud.flavors = [self.cloud.flavor('tiny', 1, 512, 1)]
        self.assertIn('No flavor of this project is large enough for '
                      '"minimal"', self.failed(self.deployment()))

    def test_the_rule_of_the_cpi(self):
        # 30 GiB of RAM: the CPIs in Ruby and Go want 60 GiB of disk
        self.cloud.flavors.append(self.cloud.flavor('high', 4, 31232, 10))
        operations = [yaml.safe_dump([{
            'type': 'replace', 'value': 'small-highmem',
            'path': '/instance_groups/name=api/vm_type'}])]
        for rule, flavor in (('double-ram', 'huge'), ('size', 'high')):
            rsrc = self.created(cpi={'ephemeral_disk_rule': rule},
                                operations=operations)
            self.assertIn(
                {'name': 'small-highmem',
                 'cloud_properties': {'instance_type': flavor}},
                self.config()['vm_types'])
            self.delete(rsrc)


class UpdateTest(cloud_foundries.CloudFoundryTestCase):

    def test_only_what_is_added_counts(self):
        rsrc = self.created()
        # The five are there, and five more may compile
        self.cloud.limits.update(maxTotalInstances=11, totalInstancesUsed=5)
        self.update(rsrc, operations=scaled(3))
        self.cloud.limits.update(totalInstancesUsed=6)
        rsrc = self.reload(rsrc)
        error = self.assertRaises(exception.ResourceFailure, self.update,
                                  rsrc, operations=scaled(5))
        self.assertIn('instances: need 7 (during next compilation), limit '
                      '11, used 6, missing 2',
                      str(error))
        self.assertEqual(2, self.bosh.count(*deployments.DEPLOY))
        # What runs goes on, and the next update finds it
        rsrc = self.reload(rsrc)
        self.assertEqual('cf', rsrc.resource_id)
        self.update(rsrc, operations=scaled(3))

    def test_after_a_first_deploy_that_failed(self):
        self.bosh.failures['create deployment'] = 'no'
        rsrc = self.deployment()
        self.failed(rsrc)
        self.bosh.failures.clear()
        self.cloud.limits.update(maxTotalInstances=13)
        self.update(self.reload(rsrc))

    def test_resume(self):
        rsrc = self.created()
        self.run_action(rsrc.suspend)
        self.cloud.limits.update(SHORT)
        rsrc = self.reload(rsrc)
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.resume)
        self.assertIn('instances: need 10 (during next compilation), limit '
                      '4', str(error))
        self.cloud.limits.update(maxTotalInstances=100, maxTotalCores=100)
        rsrc = self.reload(rsrc)
        self.run_action(rsrc.resume)
        self.assertEqual((rsrc.RESUME, rsrc.COMPLETE), rsrc.state)
        self.delete(self.reload(rsrc))


@ddt.ddt
class ValidationTest(cloud_foundries.CloudFoundryTestCase):

    def test_every_shortage(self):
        self.cloud.limits.update(SHORT)
        rsrc = self.deployment()
        error = self.assertRaises(exception.StackValidationFailed,
                                  rsrc.validate)
        for shortage in SHORTAGES:
            self.assertIn('\n- ' + shortage, str(error))
        self.assertEqual([], [call for call in self.bosh.calls
                              if call[0] != 'GET'])

    def test_room(self):
        self.deployment().validate()

    def test_of_an_update(self):
        self.created()
        self.cloud.limits.update(maxTotalInstances=11, totalInstancesUsed=5)
        # The new stack does not know of the deployment, the director does
        self.deployment().validate()
        self.assertRaises(
            exception.StackValidationFailed,
            self.deployment(operations=scaled(9)).validate)

    def test_not_strict(self):
        self.cloud.limits.update(SHORT)
        rsrc = self.deployment()
        rsrc.stack.strict_validate = False
        rsrc.validate()
        self.assertEqual([], self.cloud.asked())

    def test_references_that_do_not_resolve(self):
        self.cloud.limits.update(SHORT)
        stk = self.stack({
            'other': {'type': 'OS::Heat::RandomString'},
            'thing': {'type': cloud_foundries.TYPE, 'properties': {
                'director': self.sealed(),
                'manifest': cloud_foundries.manifest(),
                'system_domain': 'cf.example.com',
                'networks': [{'subnets': [{'get_resource': 'other'}]}]}}})
        stk['thing'].validate()
        self.assertEqual([], self.cloud.asked())

    @ddt.data(fake_cloud.NETWORK + '/subnets',
              fake_cloud.COMPUTE + '/flavors/detail')
    def test_a_cloud_that_does_not_tell(self, url):
        self.cloud.fail(url, 403)
        self.deployment().validate()
        self.assertIn('was not checked at validation', self.LOG.output)

    def test_a_director_that_is_down(self):
        self.bosh.down = True
        self.cloud.limits.update(SHORT)
        self.deployment().validate()
        self.assertIn('was not checked at validation', self.LOG.output)

    def test_a_cloud_that_is_slow(self):
        self.useFixture(fixtures.MockPatchObject(
            capacity, 'VALIDATION_TIMEOUT', 0.2))
        stop = threading.Event()
        self.addCleanup(stop.set)
        self.patchobject(limits, 'read',
                         side_effect=lambda *_args: stop.wait(20))
        begun = time.monotonic()
        self.deployment().validate()
        self.assertLess(time.monotonic() - begun, 10)
        self.assertIn('it took too long', self.LOG.output)
