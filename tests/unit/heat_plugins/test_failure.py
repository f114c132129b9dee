# SPDX-License-Identifier: Apache-2.0
"""Why a task failed, as people read it."""

import ddt
from oslotest import base

from cf_openstack.director import events
from cf_openstack.director import tasks

from heat_plugins.tasks import failure

UUID = '5f0c2a5e-6f1b-4a53-9d0e-8c8f1d2b3a4c'
CPI = ("CPI error 'Bosh::Clouds::VMCreationFailed' with message '%s' in "
       "'create_vm' CPI method (CPI request ID: 'cpi-123456')")


def failed(status, task=f'api/{UUID} (0)'):
    return events.Event(stage='Creating missing vms', task=task,
                        state='failed', status=status)


def error(message, code=100):
    return events.Event(error=events.EventError(code, message))


@ddt.ddt
class EndingTest(base.BaseTestCase):

    def reason(self, *told, state='error'):
        ending = failure.Ending()
        ending.take(told)
        return str(ending.error(
            tasks.Task(42, state, 'create deployment'), 42,
            events.last_error(told) or f'it ended in state {state}'))

    def test_instance_call_and_number_come_first(self):
        text = CPI % 'No valid host was found'
        reason = self.reason(failed(text), error(text))
        self.assertTrue(reason.startswith(f'api/0: Error 100: {text}'),
                        reason)
        self.assertIn('(task 42 of the director, create deployment, error)',
                      reason)

    def test_a_long_message_leaves_room_for_the_number_of_the_call(self):
        text = CPI % (300 * 'no ')
        reason = self.reason(failed(text), error(text))
        # Heat puts the kind of error and the resource before it.
        shown = ('TaskFailed: resources.deployment: ' + reason)[:255]
        self.assertIn("'cpi-123456'", shown)
        self.assertIn('api/0', shown)
        self.assertIn('VMCreationFailed', shown)
        self.assertIn('task 42', shown)
        # The whole of it comes after.
        self.assertIn(100 * 'no ', reason)

    def test_an_instance_that_the_error_names_is_not_repeated(self):
        text = "'api/0 (canary)' is not running after update"
        reason = self.reason(failed(text, 'api/0 (canary)'),
                             error(text, 400007))
        self.assertTrue(reason.startswith(f'Error 400007: {text} (task'))

    def test_the_end_of_the_stream_is_told_in_order(self):
        reason = self.reason(
            events.Event(stage='Preparing', task='a', state='finished'),
            failed('no host'), failed('no disk', 'db/0'), error('no disk'))
        self.assertIn('. Last events: Preparing: a: finished; Creating '
                      f'missing vms: api/{UUID} (0): failed: no host; '
                      'Creating missing vms: db/0: failed: no disk', reason)

    def test_two_lines_of_error(self):
        reason = self.reason(error('first', 1), error('second', 2))
        self.assertTrue(reason.startswith('Error 2: second (task 42'))
        self.assertIn('Error 1: first', reason)

    @ddt.data((error('Task 42 cancelled', 10001), 'cancelled',
               'Error 10001: Task 42 cancelled (task 42 of the director, '
               'create deployment, cancelled)'),
              (events.Event(stage='A', state='started'), 'timeout',
               'it ended in state timeout (task 42 of the director, create '
               'deployment, timeout). No worker of the director was at it '
               'any more; perhaps the director was restarted. Update the '
               'stack to go on. Last events: A: started'))
    @ddt.unpack
    def test_other_ends(self, event, state, expected):
        self.assertEqual(expected, self.reason(event, state=state))

    def test_bounded(self):
        reason = self.reason(*[failed(2000 * 'x', f'api/{number}')
                               for number in range(50)], error(9000 * 'y'))
        self.assertLess(len(reason), 4100)
        self.assertIn('Last events: ', reason)

    @ddt.data(('short', 10, 'short'), ('0123456789', 5, '0123…'),
              (CPI % 'abc', 20, (CPI % 'abc')[:19] + '…'))
    @ddt.unpack
    def test_cut(self, text, length, expected):
        self.assertEqual(expected, failure.cut(text, length))
