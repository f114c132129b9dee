# SPDX-License-Identifier: Apache-2.0
"""The sentences that are told about a director's task."""

import ddt
from oslotest import base

from cf_openstack.director import events

from heat_plugins.tasks import progress


UUID = '5f0c2a5e-6f1b-4a53-9d0e-8c8f1d2b3a4c'


def step(stage, task, state='finished', total=1, tags=(), **more):
    return events.Event(stage=stage, task=task, state=state, total=total,
                        tags=tuple(tags), **more)


@ddt.ddt
class ProgressTest(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.now = 0.0
        self.progress = progress.Progress(lambda: self.now)

    def tell(self, *told, final=False):
        self.progress.take(told)
        return self.progress.sentence(final)

    @ddt.data(
        ([step('Preparing', 'a', 'started')], 'Preparing: started'),
        ([step('Preparing', 'a')], 'Preparing: done'),
        ([step('Creating vms', 'api/0', total=9)],
         'Creating vms: 1 of 9 (11 %), last api/0'),
        ([step('Creating vms', f'api/{n}', total=2) for n in range(2)],
         'Creating vms: done (2)'),
        ([step('Stopping', 'api/0', total=None)],
         'Stopping: 1 done, last api/0'),
        ([step('Updating instance', 'api/0 (canary)', tags=['api'],
               total=2)],
         'Updating instance api: 1 of 2 (50 %), last api/0 (canary)'),
        ([step('A', 'a'), step('B', 'b', 'started')],
         'A: done; B: started'),
        # Names as people know them.
        ([step('Creating vms', f'api/{UUID} (3)', total=2)],
         'Creating vms: 1 of 2 (50 %), last api/3'),
        ([step('Compiling packages', f'ruby-3.2/{40 * "a"}', total=2)],
         'Compiling packages: 1 of 2 (50 %), last ruby-3.2'),
        # What a step is doing, and how far it is.
        ([step('Updating', 'db/0 (canary)', 'in_progress', 1, progress=30,
               status='stopping jobs')],
         'Updating: 30 %, db/0 (canary) stopping jobs'),
        ([step('Updating', 'a', total=4),
          step('Updating', 'b', 'in_progress', 4, progress=40,
               status='starting jobs')],
         'Updating: 1 of 4 (35 %), b starting jobs'),
        ([step('Stopping', 'a', 'in_progress', None, progress=5,
               status='executing drain')],
         'Stopping: 0 done, a executing drain'),
        # In the order in which it happened.
        ([step('A', 'a', 'started'),
          events.Event(type='warning', message='Careful.'),
          step('B', 'b', 'started'), step('A', 'a')],
         'Warning: Careful.; B: started; A: done'),
        # What is not told: news about what has begun, and nonsense.
        ([step('A', 'a', 'started', 3), step('A', 'b', 'started', 3),
          step('A', 'a', 'in_progress', 3)], 'A: started'),
        ([events.Event(type='unreadable', message='{')], None),
        ([events.Event(error=events.EventError(100, 'no'))], None),
        ([events.Event(type='warning', message='Ignored instances.')],
         'Warning: Ignored instances.'),
        ([step('Creating vms', 'api/0', 'failed', status='no host')],
         'Creating vms: api/0: failed: no host'),
        ([step('Creating vms', 'api/0', 'started'),
          step('Creating vms', 'api/0', 'failed', status='no host')],
         'Creating vms: api/0: failed: no host'),
        ([], None))
    @ddt.unpack
    def test_sentence(self, told, expected):
        self.assertEqual(expected, self.tell(*told))

    def test_not_more_often_than_the_interval(self):
        self.assertIsNotNone(self.tell(step('A', 'a', total=3)))
        self.now += progress.INTERVAL - 1
        self.assertIsNone(self.tell(step('A', 'b', total=3)))
        self.now += 1
        self.assertEqual('A: 2 of 3 (66 %), last b', self.tell())
        self.now += progress.INTERVAL
        self.assertIsNone(self.tell())

    def test_the_last_chance_is_taken(self):
        self.tell(step('A', 'a', total=2))
        self.assertEqual('A: done (2)', self.tell(
            step('A', 'b', total=2), final=True))

    def test_a_step_that_is_told_twice_counts_once(self):
        self.assertEqual('A: 1 of 2 (50 %), last a', self.tell(
            step('A', 'a', total=2), step('A', 'a', total=2)))

    def test_long_sentences_lose_their_beginning(self):
        text = self.tell(*[step('Stage %d ' % number + 30 * 'x', 'a')
                           for number in range(20)])
        self.assertLessEqual(len(text), progress.LENGTH)
        self.assertTrue(text.startswith('…; Stage '))
        self.assertIn('Stage 19 ', text)
        self.assertNotIn('Stage 1 ', text)

    def test_one_long_remark_is_kept(self):
        text = self.tell(events.Event(type='warning', message=300 * 'x'))
        self.assertIn(300 * 'x', text)

    def test_failures_outlast_what_went_well(self):
        text = self.tell(
            step('Creating vms', 'api/0', 'failed', status='no host'),
            *[step('Stage %d ' % number + 30 * 'x', 'a')
              for number in range(20)])
        self.assertIn('Creating vms: api/0: failed: no host', text)
        self.assertIn('Stage 19 ', text)

    @ddt.data((59, '59 s'), (60, '1 min 0 s'), (3599, '59 min 59 s'),
              (7260, '2 h 1 min'), (-1, '0 s'))
    @ddt.unpack
    def test_duration(self, seconds, expected):
        self.assertEqual(expected, progress.duration(seconds))

    def test_elapsed_by_the_clock_of_the_director(self):
        self.progress.take([step('A', 'a', time=1000)], 880)
        self.assertEqual('A: done (2 min 0 s)', self.progress.sentence())

    def test_a_long_deploy_does_not_flood_the_stack(self):
        told = 0
        for number in range(2000):
            self.now = 2.7 * number
            self.progress.take([step('Updating', f'cell/{number}',
                                     total=2000, time=int(self.now))], 1)
            told += self.progress.sentence() is not None
        self.assertGreater(told, 50)
        self.assertLess(told, 200)

    def test_a_task_without_end(self):
        told = 0
        for number in range(progress.MOST + 100):
            self.now += progress.INTERVAL
            told += self.tell(step('A', str(number), total=None)) is not None
        self.assertEqual(progress.MOST, told)
        self.now += progress.INTERVAL
        self.assertEqual('A: b: failed: no', self.tell(
            step('A', 'b', 'failed', status='no')))

    def test_another_engine_goes_on(self):
        self.tell(step('A', 'a', tags=['x']), step('B', 'b', total=4))
        other = progress.Progress(lambda: self.now)
        other.restore(self.progress.state())
        self.assertIsNone(other.sentence())
        other.take([step('B', 'c', total=4), step('A', 'a', tags=['y'])])
        self.assertEqual('B: 2 of 4 (50 %), last c; A y: done',
                         other.sentence())
        self.assertEqual([['A x', ['x'], 1, 1], ['B', [], 4, 2],
                          ['A y', ['y'], 1, 1]], other.state())
