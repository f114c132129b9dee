# SPDX-License-Identifier: Apache-2.0
"""Acting on a deployment through Heat's API, as Nova sees it."""

import uuid

from heatclient import exc as heat_exc
import openstack

from devstack.demo import stack as demo_stack
from devstack.pocket import clients
from devstack.pocket import state as pocket_state
from tests.functional.stack import small


class SignalsTest(small.SmallStackTestCase):

    def test_act(self):
        first = self.server()
        self.restart_keeps_the_server(first)
        second = self.recreate_replaces_it(first)
        self.stop_hard_deletes_it_and_start_makes_one(second)
        self.errand_tells_what_it_wrote()
        self.bad_signals_are_refused()
        self.a_reader_sees_and_cannot_act()
        self.scan_and_resolve()
        self.assert_told()

    def restart_keeps_the_server(self, first):
        answer = self.succeed(action='restart', group='api', instance=0)
        self.assertEqual(first, self.server())
        task = self.shown()['task']
        self.assertEqual((answer['task'], 'done', 100), (
            task['id'], task['state'], task['percent']))

    def recreate_replaces_it(self, first):
        [instance] = self.shown()['instances'][:1]
        self.succeed(action='recreate', instance=instance['name'],
                     converge=False)
        second = self.server()
        self.assertNotEqual(first, second)
        self.assertEqual({second}, set(self.servers()))
        return second

    def stop_hard_deletes_it_and_start_makes_one(self, second):
        self.succeed(action='stop', group='api', hard=True)
        self.assertEqual({}, self.servers())
        [instance] = [item for item in self.shown()['instances']
                      if item['group'] == 'api']
        self.assertEqual('none', instance['state'])
        self.succeed(action='start', group='api')
        third = self.server()
        self.assertNotIn(third, (None, second))
        self.assertEqual({third}, set(self.servers()))

    def errand_tells_what_it_wrote(self):
        self.assertIn('tests', self.shown()['errands'])
        self.succeed(action='run_errand', name='tests')
        shown = self.shown('errand_run')['errand_run']
        [run] = shown['runs']
        self.assertEqual(('tests', 0), (run['group'], run['exit_code']))
        self.assertIn('nothing to run', run['stdout'])

    def bad_signals_are_refused(self):
        for words, details in (
                (('explode', 'restart'), {'action': 'explode'}),
                (('nobody', 'api'), {'action': 'stop', 'group': 'nobody'}),
                (('nonsense', 'tests'), {'action': 'run_errand',
                                         'name': 'nonsense'}),
                (('no task',), {'action': 'cancel'})):
            error = self.assertRaises(
                heat_exc.HTTPBadRequest, self.heat.resources.signal,
                self.stack, small.RESOURCE, data=details)
            for word in words:
                self.assertIn(word, str(error))
                self.assertIn(word, self.events())

    def a_reader_sees_and_cannot_act(self):
        password = uuid.uuid4().hex
        identity = self.admin.identity
        user = identity.create_user(name=self.name('reader'),
                                    password=password, domain_id='default')
        self.addCleanup(identity.delete_user, user)
        identity.assign_project_role_to_user(
            self.cloud.current_project_id, user,
            identity.find_role('reader'))
        reader = openstack.connect(
            load_yaml_config=False, load_envvars=False,
            region_name=pocket_state.REGION,
            **{**clients.auth(self.state, 'pocket'),
               'username': user.name, 'password': password})
        self.addCleanup(reader.close)
        heat = demo_stack.Stack(reader, self.stack).heat
        self.assertRaises(
            heat_exc.HTTPForbidden, heat.resources.signal, self.stack,
            small.RESOURCE, data={'action': 'scan'})
        shown = heat.resources.get(self.stack, small.RESOURCE).attributes
        self.assertEqual({'api', 'tests'}, {
            item['group'] for item in shown['instances']})
        self.assertEqual('run_errand', shown['answer']['action'])

    def scan_and_resolve(self):
        gone = self.server()
        self.cloud.compute.delete_server(gone)
        self.wait_gone(lambda: self.cloud.compute.get_server(gone), gone)
        self.succeed(action='scan')
        [problem] = self.shown()['problems']
        self.assertEqual('missing_vm', problem['type'])
        deleting = [way['name'] for way in problem['resolutions']
                    if way['deletes_data']]
        self.assertEqual(['delete_vm_reference'], deleting)
        error = self.assertRaises(
            heat_exc.HTTPBadRequest, self.heat.resources.signal,
            self.stack, small.RESOURCE, data={
                'action': 'resolve',
                'resolutions': {problem['id']: deleting[0]}})
        self.assertIn('"delete_data": true', str(error))
        self.succeed(action='resolve',
                     resolutions={problem['id']: 'recreate_vm'})
        self.assertNotIn(self.server(), (None, gone))
        self.assertEqual([], self.shown()['problems'])

    def assert_told(self):
        events = self.events()
        for text in ('SIGNAL_IN_PROGRESS restart api/', 'Deleting VM',
                     'SIGNAL_COMPLETE stop api', 'Running errand',
                     'SIGNAL_FAILED', 'SIGNAL_COMPLETE scan'):
            self.assertIn(text, events)
        self.assertEqual('CREATE_COMPLETE',
                         self.heat.stacks.get(self.stack).stack_status)
        shown = self.shown('vitals', 'deployed_manifest')
        self.assertNotIn('error', shown)
        self.assertEqual({'running'}, {
            item['job_state'] for item in shown['vitals']
            if item['group'] == 'api'})
        self.assertIn(self.deployment, shown['deployed_manifest'])
