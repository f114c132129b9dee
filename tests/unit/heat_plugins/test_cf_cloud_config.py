# SPDX-License-Identifier: Apache-2.0
"""The cloud config of a Cloud Foundry beside others on one director."""

import ddt
from heat.common import exception
import yaml

from tests.unit.heat_plugins import cloud_foundries
from tests.unit.heat_plugins import deployments

OTHER = yaml.safe_dump({
    'azs': [{'name': 'z1'}], 'networks': [{'name': 'default'}],
    'vm_types': [{'name': 'minimal'}],
    'compilation': {'workers': 1, 'network': 'default'}})


@ddt.ddt
class OthersTest(cloud_foundries.CloudFoundryTestCase):

    def content(self, rsrc):
        found = self.bosh.configs['cloud', rsrc.journal.get(
            'cloud_config')['name']]
        return yaml.safe_load(found['content'])

    def used(self, name='cf'):
        return {(az, group['vm_type'], group['networks'][0]['name'])
                for group in self.bosh.deployments[name]['instance_groups']
                for az in group['azs']}

    def test_two_on_one_director(self):
        one = self.created()
        two = self.created(deployment_name='cf-two')
        self.assertEqual({('z1', 'minimal', 'default'),
                          ('z2', 'minimal', 'default')}, self.used())
        self.assertEqual(
            {('cf-two-z1', 'cf-two-minimal', 'cf-two-default'),
             ('cf-two-z2', 'cf-two-minimal', 'cf-two-default')},
            self.used('cf-two'))
        self.assertIn('compilation', self.content(one))
        self.assertNotIn('compilation', self.content(two))
        self.assertEqual('cf-two-', two._resolve_attribute(
            'cloud_config')['prefix'])
        # They keep their names when the other one has gone
        self.run_action(one.delete)
        self.update(two, security_groups=['everybody'])
        self.assertIn('cf-two-z1', str(self.used('cf-two')))
        self.assertIn('compilation', self.content(two))
        self.assertEqual(
            ('cf-two-z1', 'cf-two-minimal', 'cf-two-default'), tuple(
                self.content(two)['compilation'][key]
                for key in ('az', 'vm_type', 'network')))
        self.delete(self.reload(two))

    def test_two_at_the_same_time(self):
        one, two = self.deployment(), self.deployment(deployment_name='b')
        # Both have looked, and see nothing; both write
        taken = iter([{}, {}])
        real = self.bosh.config_list

        def late(request, context, query):
            if 'name' not in query and next(taken, None) is not None:
                return []
            return real(request, context, query)

        late.__name__ = 'config_list'
        self.patchobject(self.bosh, 'config_list', new=late)
        runners = [self.steps(one.create), self.steps(two.create)]
        for _step in range(40):
            for runner in runners:
                if not runner.done():
                    runner.step()
        self.assertEqual([True, True], [r.done() for r in runners])
        names = [set(self.content(rsrc)) for rsrc in (one, two)]
        self.assertEqual(1, sum('compilation' in some for some in names))
        zones = [{az['name'] for az in self.content(rsrc)['azs']}
                 for rsrc in (one, two)]
        self.assertEqual(set(), zones[0] & zones[1])

    def test_a_config_of_the_operator(self):
        self.bosh.write_config('cloud', 'default', OTHER)
        rsrc = self.created()
        self.assertIn(('cf-z1', 'cf-minimal', 'cf-default'), self.used())
        self.assertNotIn('compilation', self.content(rsrc))
        self.run_action(rsrc.delete)
        self.assertEqual([('cloud', 'default')], list(self.bosh.configs))

    def test_a_config_without_the_same_names(self):
        self.bosh.write_config('cloud', 'default', yaml.safe_dump(
            {'azs': [{'name': 'west'}]}))
        self.created()
        self.assertIn(('z1', 'minimal', 'default'), self.used())

    def test_names_that_came_later(self):
        rsrc = self.created()
        self.bosh.write_config('cloud', 'default', OTHER)
        error = self.assertRaises(
            exception.ResourceFailure, self.update, rsrc,
            security_groups=['everybody'])
        self.assertIn('others define the same names', str(error))
        self.assertIn('"default" has z1 of azs', str(error))
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))

    def test_even_own_names_are_taken(self):
        self.bosh.write_config('cloud', 'a', OTHER)
        self.bosh.write_config('cloud', 'b', yaml.safe_dump(
            {'azs': [{'name': 'cf-z1'}]}))
        self.assertIn('"b" has cf-z1 of azs',
                      self.failed(self.deployment()))

    @ddt.data('[', 'text')
    def test_a_config_that_cannot_be_read(self, content):
        self.bosh.write_config('cloud', 'odd', content)
        rsrc = self.deployment()
        if content == '[':
            self.assertIn('odd', self.failed(rsrc))
        else:
            self.run_action(rsrc.create)

    def test_a_config_of_our_name(self):
        self.bosh.failures['create release'] = 'no'
        rsrc = self.deployment()
        self.until(rsrc.create, lambda: rsrc.physical_resource_name())
        self.bosh.write_config('cloud', rsrc.physical_resource_name(), '{}')
        rsrc = self.die(rsrc)
        error = self.assertRaises(exception.ResourceFailure, self.update,
                                  rsrc)
        self.assertIn('Choose another name', str(error))
        self.run_action(self.reload(rsrc).delete)
        self.assertEqual(1, len(self.bosh.configs))

    def test_check(self):
        rsrc = self.created()
        self.run_action(rsrc.check)
        self.assertEqual((rsrc.CHECK, rsrc.COMPLETE), rsrc.state)
        self.bosh.configs.clear()
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, self.reload(rsrc).check)
        self.assertIn('is gone from the director', str(error))
