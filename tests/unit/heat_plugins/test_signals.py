# SPDX-License-Identifier: Apache-2.0
"""The actions that signals ask for."""

import ddt

from heat.common import exception

from heat_plugins.signals import records
from tests.unit.heat_plugins import signals

CONVERGED = 'create deployment'


@ddt.ddt
class InstanceActionTest(signals.SignalTestCase):

    @ddt.data(
        ('restart', {}, ('PUT', '/jobs/*', {'state': 'restart'})),
        ('stop', {'hard': True}, ('PUT', '/jobs/*', {'state': 'detached'})),
        ('start', {'group': 'api', 'max_in_flight': '50%'},
         ('PUT', '/jobs/api', {'state': 'started', 'max_in_flight': '50%'})),
        ('recreate', {'group': 'cell', 'fix': True, 'canaries': 1,
                      'skip_drain': True},
         ('PUT', '/jobs/cell', {'state': 'recreate', 'fix': 'true',
                                'canaries': '1', 'skip_drain': 'true'})),
        ('restart', {'group': 'cell', 'instance': 1},
         ('PUT', '/jobs/cell/id-1', {'state': 'restart'})),
        ('stop', {'instance': 'cell/id-0', 'skip_drain': False},
         ('PUT', '/jobs/cell/id-0', {'state': 'stopped'})),
        ('recreate', {'group': 'api', 'instance': 'id-0', 'converge': False,
                      'ignore_unresponsive_agent': True},
         ('POST', '/instance_groups/api/id-0/actions/recreate',
          {'ignore_unresponsive_agent': 'true'})),
        ('stop', {'instance': 'api/0', 'converge': False, 'hard': True},
         ('POST', '/instance_groups/api/id-0/actions/stop',
          {'hard': 'true'})))
    @ddt.unpack
    def test_action(self, action, options, asked):
        rsrc = self.ready()
        self.send(rsrc, action, id='mine', **options)
        self.assertEqual([asked], self.bosh.asked)
        answer = self.read(rsrc, 'answer')
        self.assertEqual(('mine', action, 'done', None),
                         (answer['id'], answer['action'], answer['state'],
                          answer['error']))
        self.assertIsNotNone(answer['task'])
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE),
                         self.reload(rsrc).state)

    def test_events(self):
        rsrc = self.ready()
        self.send(rsrc, 'restart', group='api')
        told = self.events(rsrc)[-3:]
        self.assertRegex(told[0], '^restart api: task [0-9]+ of the director')
        self.assertIn('Updating instance', told[1])
        self.assertIn('restart api: done', told[2])

    @ddt.data(
        ({'group': 'web'}, ['web', 'api, cell']),
        ({'group': 'cell', 'instance': 2}, ['"2"', 'cell/id-1 (1)']),
        ({'group': 'api', 'instance': 'cell/id-0'}, ['cell', 'api']),
        ({'instance': 'nobody'}, ['nobody', 'group']),
        ({'instance': 0}, ['"0"', 'group']),
        ({'converge': False}, ['single instance', 'instance']),
        ({'converge': False, 'instance': 'api/0', 'canaries': 2},
         ['canaries', 'converge']),
        ({'canaries': 0}, ['canaries', '0', '10%']),
        ({'max_in_flight': 'all'}, ['max_in_flight', 'all', '10%']),
        ({'skip_drain': 'yes'}, ['skip_drain', 'yes', 'true or false']),
        ({'hard': True}, ['hard', 'knows no', 'skip_drain']),
        ({'instance': -1}, ['instance', '-1']),
        ({'instance': {'a': 1}}, ['instance', 'text or a number']),
        ({'group': ''}, ['group', 'text']))
    @ddt.unpack
    def test_bad_values(self, options, words):
        rsrc = self.ready()
        text = self.refused(rsrc, {'action': 'restart', **options})
        for word in words:
            self.assertIn(word, text)

    def test_a_failure_is_told(self):
        rsrc = self.ready()
        self.bosh.failures[CONVERGED] = "'api/0' is not running"
        self.send(rsrc, 'restart')
        answer = self.read(rsrc, 'answer')
        self.assertEqual('error', answer['state'])
        self.assertIn("'api/0' is not running", answer['error'])
        self.assertIn("'api/0' is not running", self.events(rsrc)[-1])
        # The resource is as it was: nothing of the template has failed.
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE),
                         self.reload(rsrc).state)

    def test_a_talkative_director(self):
        rsrc = self.ready()
        known = records.Records(rsrc)
        record = known.add('restart', 'api' * 20000, None)
        known.change(record, state=records.FAILED, error='a' * 200000,
                     result='b' * 200000)
        self.assertEqual(4000, len(self.read(rsrc, 'answer')['error']))
        # With what encryption adds, MariaDB's TEXT holds it.
        self.assertLess(max(map(len, self.reload(rsrc).data().values())),
                        46000)

    def test_an_answer_that_is_lost(self):
        rsrc = self.ready()
        self.bosh.lose.add('change_state')
        self.send(rsrc, 'restart')
        self.assertEqual(1, len(self.bosh.asked))
        self.assertEqual('done', self.read(rsrc, 'answer')['state'])


@ddt.ddt
class SignalTest(signals.SignalTestCase):

    @ddt.data(None, {}, [], 'restart', 7, {'group': 'api'},
              {'action': None})
    def test_no_action(self, details):
        rsrc = self.ready()
        text = self.refused(rsrc, details)
        self.assertIn('"action"', text)
        self.assertIn('cancel, diff, recreate, resolve, restart, run_errand, '
                      'scan, start, stop', text)

    @ddt.data('explode', ['restart'], 'x' * 500, 'RESTART')
    def test_unknown_action(self, action):
        text = self.refused(self.ready(), {'action': action})
        self.assertIn('run_errand', text)
        self.assertLess(len(text), 250)

    def test_bad_id(self):
        self.assertIn('"id"', self.refused(
            self.ready(), {'action': 'scan', 'id': {}}))

    def test_a_reader_is_refused(self):
        rsrc = self.ready()
        for roles in (['reader'], [], ['heat_stack_user']):
            self.roles = roles
            self.assertRaises(exception.Forbidden, self.send, rsrc, 'scan')
        self.assertEqual([], self.bosh.asked)
        self.assertIsNone(self.read(rsrc, 'answer'))

    def test_hooks_are_heats(self):
        rsrc = self.ready()
        self.assertRaises(exception.InvalidBreakPointHook, self.signal, rsrc,
                          {'unset_hook': 'pre-update'})

    def test_before_there_is_a_deployment(self):
        rsrc = self.deployment()
        rsrc.store()
        self.assertIn('no deployment so far',
                      self.refused(rsrc, {'action': 'scan'}))

    def test_a_director_that_is_down(self):
        rsrc = self.ready()
        self.bosh.down = True
        self.assertIn('refused', self.refused(rsrc, {'action': 'restart'}))

    def test_a_director_that_dies_in_between(self):
        rsrc = self.reload(self.ready())
        details = {'action': 'scan', 'id': 'x'}
        signals.utils.dummy_context(roles=['member'])
        rsrc._signal_check_hook(details)
        self.bosh.down = True
        rsrc.signal(details, False)
        self.assertIn('refused', self.events(rsrc)[-1])
        self.bosh.down = False
        answer = self.read(rsrc, 'answer')
        self.assertEqual(('x', 'failed'), (answer['id'], answer['state']))
        self.assertIn('refused', answer['error'])

    @ddt.data(('UPDATE', 'IN_PROGRESS', 'UPDATE_IN_PROGRESS'),
              ('DELETE', 'FAILED', 'DELETE_FAILED'),
              ('SUSPEND', 'COMPLETE', 'resume the stack'))
    @ddt.unpack
    def test_not_now(self, action, status, word):
        rsrc = self.ready()
        rsrc.state_set(action, status)
        for details in ({'action': 'restart'},
                        {'action': 'run_errand', 'name': 'smoke-tests'},
                        {'action': 'resolve', 'resolutions': {'4': 'x'}}):
            self.assertIn(word, self.refused(rsrc, details))
        self.send(rsrc, 'scan')
        self.send(rsrc, 'diff')
        self.assertEqual('done', self.read(rsrc, 'answer')['state'])

    def test_while_another_task_is_under_way(self):
        rsrc = self.ready()
        self.bosh.polls[CONVERGED] = 1000
        self.bosh.begin_unasked(CONVERGED)
        text = self.refused(rsrc, {'action': 'restart'})
        self.assertIn(CONVERGED, text)
        self.assertIn('cancel', text)

    def test_the_last_ten_are_remembered(self):
        rsrc = self.ready()
        for number in range(12):
            self.send(rsrc, 'scan', id=number)
        answers = self.read(rsrc, 'answers')
        self.assertEqual([str(number) for number in range(11, 1, -1)],
                         [answer['id'] for answer in answers])
        self.assertEqual({'done'}, {item['state'] for item in answers})

    def test_signals_do_not_touch_the_journal(self):
        # An engine that deploys writes it at the same time.
        rsrc = self.ready()
        before = rsrc.data()['journal']
        after = self.send(rsrc, 'scan')
        self.assertEqual(before, after.data()['journal'])


class ErrandTest(signals.SignalTestCase):

    def test_output(self):
        rsrc = self.ready()
        self.send(rsrc, 'run_errand', name='smoke-tests', keep_alive=True,
                  when_changed=True, instances=['api', 'cell/1'])
        self.assertEqual([('POST', '/errands/smoke-tests/runs', {
            'keep-alive': True, 'when-changed': True,
            'instances': [{'group': 'api'},
                          {'group': 'cell', 'id': 'id-1'}]})],
                         self.bosh.asked)
        shown = self.read(rsrc, 'errand_run')
        self.assertEqual(('smoke-tests', 'done', None), (
            shown['errand'], shown['state'], shown['error']))
        self.assertEqual([{'group': 'smoke-tests', 'instance': 'id-0',
                           'exit_code': 0, 'stdout': 'fine\n',
                           'stderr': ''}], shown['runs'])

    def test_another_exit_code_is_a_failure(self):
        rsrc = self.ready()
        self.bosh.errand_runs = [
            {'exit_code': 0}, {'exit_code': 3, 'stderr': 'no route'}]
        self.send(rsrc, 'run_errand', name='smoke-tests')
        answer = self.read(rsrc, 'answer')
        self.assertEqual('failed', answer['state'])
        self.assertIn('exit code 3 on smoke-tests/id-1', answer['error'])
        self.assertIn('exit code 3', self.events(rsrc)[-1])
        # Still, when another signal has come since.
        self.send(rsrc, 'scan')
        shown = self.read(rsrc, 'errand_run')
        self.assertEqual(('failed', 'no route'), (
            shown['state'], shown['runs'][0]['stderr']))

    def test_much_output_is_cut(self):
        rsrc = self.ready()
        self.bosh.errand_runs = [
            {'exit_code': 1, 'stdout': 'a' * 100000 + 'the end'}] * 30
        self.send(rsrc, 'run_errand', name='smoke-tests')
        shown = self.read(rsrc, 'errand_run')
        self.assertEqual((20, 10), (len(shown['runs']),
                                    shown['runs_left_out']))
        stdout = shown['runs'][0]['stdout']
        self.assertLess(len(stdout), 17000)
        self.assertTrue(stdout.endswith('the end'))
        self.assertIn('83623 characters are left out', stdout)

    def test_unknown_errand(self):
        text = self.refused(self.ready(), {'action': 'run_errand',
                                           'name': 'nonsense'})
        self.assertIn('nonsense', text)
        self.assertIn('smoke-tests', text)

    def test_unknown_instance(self):
        self.assertIn('web/7', self.refused(self.ready(), {
            'action': 'run_errand', 'name': 'smoke-tests',
            'instances': ['web/7']}))

    def test_no_name(self):
        self.assertIn('"name"', self.refused(self.ready(), {
            'action': 'run_errand'}))

    def test_none_was_run(self):
        self.assertIsNone(self.read(self.ready(), 'errand_run'))


@ddt.ddt
class ProblemTest(signals.SignalTestCase):

    def scanned(self):
        rsrc = self.ready()
        self.send(rsrc, 'scan')
        self.bosh.asked.clear()
        return rsrc

    def test_scan_and_resolve(self):
        rsrc = self.scanned()
        problems = self.read(rsrc, 'problems')
        self.assertEqual(['4', '5'], [item['id'] for item in problems])
        self.assertEqual(
            [{'name': 'ignore', 'plan': 'Skip for now',
              'deletes_data': False},
             {'name': 'delete_disk_reference', 'deletes_data': True,
              'plan': 'Delete disk reference'}],
            problems[1]['resolutions'])
        self.send(rsrc, 'resolve', resolutions={'4': 'recreate_vm'})
        # A director wants to hear of all problems.
        self.assertEqual([('PUT', '/problems', {'resolutions': {
            '4': 'recreate_vm', '5': 'ignore'}})], self.bosh.asked)
        self.assertEqual([], self.read(rsrc, 'problems'))

    def test_data_are_deleted_when_told_so_only(self):
        rsrc = self.scanned()
        wanted = {'action': 'resolve',
                  'resolutions': {'5': 'delete_disk_reference'}}
        text = self.refused(rsrc, wanted)
        for word in ('delete_disk_reference', 'problem 5', 'delete data',
                     '"delete_data": true'):
            self.assertIn(word, text)
        self.refused(rsrc, {**wanted, 'delete_data': False})
        self.signal(rsrc, {**wanted, 'delete_data': True})
        self.assertEqual({'4': 'ignore', '5': 'delete_disk_reference'},
                         self.bosh.asked[0][2]['resolutions'])

    @ddt.data(
        ({'9': 'recreate_vm'}, ['problem 9', '4, 5']),
        ({'4': 'reboot_vm'}, ['reboot_vm', 'recreate_vm']),
        ({'4': None}, ['problem 4', 'None']),
        ({'4': ['ignore']}, ['problem 4', 'name']),
        ({}, ['resolutions', 'at least one']),
        ('4', ['resolutions', 'map']))
    @ddt.unpack
    def test_bad_resolutions(self, resolutions, words):
        text = self.refused(self.scanned(), {
            'action': 'resolve', 'resolutions': resolutions})
        for word in words:
            self.assertIn(word, text)


class CancelTest(signals.SignalTestCase):

    def test_a_deploy(self):
        rsrc = self.deployment()
        stack = self.stk
        self.bosh.polls[CONVERGED] = 1000
        runner = self.until(rsrc.create, lambda: self.tasks(CONVERGED))
        self.send(rsrc, 'cancel')
        [task] = self.tasks(CONVERGED)
        self.assertEqual('cancelling', task.state)
        self.assertEqual(f'task {task.id} is being cancelled',
                         self.read(rsrc, 'answer')['result'])
        self.assertRaises(exception.ResourceFailure, runner.run_to_completion)
        self.assertEqual((rsrc.CREATE, rsrc.FAILED), stack[rsrc.name].state)

    def test_one_of_another_deployment_stays(self):
        rsrc = self.ready()
        self.bosh.polls[CONVERGED] = 1000
        self.bosh.begin_unasked(CONVERGED)
        [*_others, task] = self.tasks(CONVERGED)
        task.view = lambda: {**type(task).view(task), 'deployment': 'other'}
        text = self.refused(rsrc, {'action': 'cancel', 'task': task.id})
        self.assertIn(f'task {task.id}', text)
        self.assertIn('no task', self.refused(rsrc, {'action': 'cancel'}))
        self.assertEqual('queued', task.state)

    def test_bad_task(self):
        self.assertIn('number', self.refused(self.ready(), {
            'action': 'cancel', 'task': 'all'}))


class OtherActionsTest(signals.SignalTestCase):
    """Signals beside what Heat does to the resource."""

    def test_an_update_waits_for_what_a_signal_started(self):
        rsrc = self.ready()
        self.followed = False
        self.bosh.polls[CONVERGED] = 3
        self.send(rsrc, 'restart')
        rsrc = self.reload(rsrc)
        self.update(rsrc, manifest=signals.deployments.manifest(tags={}))
        restarted, deployed = self.tasks(CONVERGED)[1:]
        self.assertEqual(['done', 'done'], [restarted.state, deployed.state])
        self.assertIn(f'Waiting for task {restarted.id} of the director '
                      '(restart all instances), which a signal has started',
                      self.events(rsrc))

    def test_a_deletion_cancels_it(self):
        rsrc = self.ready()
        self.followed = False
        self.bosh.polls[CONVERGED] = 1000
        self.send(rsrc, 'restart')
        self.delete(self.reload(rsrc))
        self.assertEqual('cancelled', self.tasks(CONVERGED)[-1].state)


class RecoveryTest(signals.SignalTestCase):
    """The engine dies while it handles a signal."""

    def admitted(self, rsrc, **details):
        again = self.reload(rsrc)
        signals.utils.dummy_context(roles=['member'])
        again._signal_check_hook({'action': 'restart', **details})
        return again._admitted

    def test_before_the_task(self):
        rsrc = self.ready()
        self.admitted(rsrc)
        self.assertEqual('accepted', self.read(rsrc, 'answer')['state'])
        now = signals.time.time()
        self.patchobject(signals.time, 'time', return_value=now + 600)
        answer = self.read(rsrc, 'answer')
        self.assertEqual('failed', answer['state'])
        self.assertIn('engine ended', answer['error'])

    def test_between_task_and_note(self):
        rsrc = self.ready()
        admitted = self.admitted(rsrc)
        self.bosh.polls[CONVERGED] = 1
        again = self.reload(rsrc)
        admitted.action.do(again, again.director(), admitted.record)
        answer = self.read(rsrc, 'answer')
        self.assertEqual(self.tasks(CONVERGED)[-1].id, answer['task'])
        self.assertEqual('queued', answer['state'])
        self.assertEqual(answer['task'], self.read(rsrc, 'task')['id'])
        self.read(rsrc, 'task')
        self.assertEqual('done', self.read(rsrc, 'answer')['state'])

    def test_a_task_that_the_director_has_forgotten(self):
        rsrc = self.ready()
        self.followed = False
        self.send(rsrc, 'restart')
        number = max(self.bosh.tasks)
        del self.bosh.tasks[number]
        answer = self.read(rsrc, 'answer')
        self.assertEqual('failed', answer['state'])
        self.assertIn(f'forgotten task {number}', answer['error'])
