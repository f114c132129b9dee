# SPDX-License-Identifier: Apache-2.0
"""The sentences that are told about a director's task."""

import ddt
from oslotest import base

from cf_openstack.director import events

from heat_plugins.tasks import progress


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
         'Creating vms: 1 of 9, last api/0'),
        ([step('Creating vms', f'api/{n}', total=2) for n in range(2)],
         'Creating vms: done (2)'),
        ([step('Stopping', 'api/0', total=None)],
         'Stopping: 1 done, last api/0'),
        ([step('Updating instance', 'api/0 (canary)', tags=['api'],
               total=2)],
         'Updating instance api: 1 of 2, last api/0 (canary)'),
        ([step('A', 'a'), step('B', 'b', 'started')],
         'A: done; B: started'),
        # What is not told: news about what has begun, and nonsense.
        ([step('A', 'a', 'started', 3), step('A', 'b', 'started', 3),
          step('A', 'a', 'in_progress', 3)], 'A: started'),
        ([events.Event(type='unreadable', message='{')], None),
        ([events.Event(error=events.EventError(100, 'no'))], None),
        ([events.Event(type='warning', message='Ignored instances.')],
         'Warning: Ignored instances.'),
        ([step('Creating vms', 'api/0', 'failed', status='no host')],
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
        self.assertEqual('A: 2 of 3, last b', self.tell())
        self.now += progress.INTERVAL
        self.assertIsNone(self.tell())

    def test_the_last_chance_is_taken(self):
        self.tell(step('A', 'a', total=2))
        self.assertEqual('A: done (2)', self.tell(
            step('A', 'b', total=2), final=True))

    def test_a_step_that_is_told_twice_counts_once(self):
        self.assertEqual('A: 1 of 2, last a', self.tell(
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
