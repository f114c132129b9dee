# SPDX-License-Identifier: Apache-2.0
"""Uploads of releases without name whose engine dies."""

import ddt

from tests.unit.heat_plugins import base
from tests.unit.heat_plugins import fake_director

TYPE = 'CloudFoundry::BOSH::Release'
LOCATION = 'https://releases.example.com/capi-1.2.tgz'
KIND = 'create release'


@ddt.ddt
class UnnamedReleaseTest(base.BoshTestCase):

    def crashed(self, until, polls=20):
        """A resource whose engine died when something was true."""
        self.bosh.polls[KIND] = polls
        rsrc = self.rsrc(TYPE, {
            'director': self.sealed(), 'location': LOCATION})
        runner = self.steps(rsrc.create)
        # Thrown away, it would cancel what it does.
        self.addCleanup(lambda: runner)
        while not until():
            runner.step()
        return self.die(rsrc)

    def posted(self):
        return self.bosh.count('POST', '/releases')

    def end_tasks(self):
        for task in self.bosh.running():
            task.polls = 0
            task.advance()

    def forget_task(self, rsrc):
        """As if the engine had died before it noted the task."""
        rsrc.journal.put(uploads={LOCATION: 0})

    def update(self, rsrc, **changes):
        self.run_action(rsrc.update, self.definition(rsrc, **changes))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)

    def delete(self, rsrc):
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)

    @ddt.data((True, True), (True, False), (False, True), (False, False))
    @ddt.unpack
    def test_update_owns_what_was_brought(self, noted, ended):
        rsrc = self.crashed(self.posted)
        if not noted:
            self.forget_task(rsrc)
        if ended:
            self.end_tasks()
        else:
            for task in self.bosh.running():
                task.polls = 2
        self.bosh.polls.clear()
        self.update(rsrc)
        self.assertEqual('capi/1.2', rsrc.resource_id)
        self.assertIsNone(rsrc.journal.get('unnamed'))
        self.delete(self.reload(rsrc))
        self.assertEqual({'capi': []}, self.bosh.releases)

    @ddt.data((True, True), (True, False), (False, True), (False, False))
    @ddt.unpack
    def test_deletion_removes_what_was_brought(self, noted, ended):
        rsrc = self.crashed(self.posted)
        if not noted:
            self.forget_task(rsrc)
        if ended:
            self.end_tasks()
        else:
            for task in self.bosh.running():
                task.polls = 2
        self.delete(rsrc)
        self.assertEqual([], sum(self.bosh.releases.values(), []))
        self.assertEqual([], self.bosh.running())

    def test_what_was_there_before_is_left_there(self):
        self.bosh.releases['capi'] = ['1.2']
        rsrc = self.crashed(self.posted)
        self.end_tasks()
        self.delete(rsrc)
        self.assertIn('1.2', self.bosh.releases['capi'])

    def test_of_several_none_is_taken_for_ours(self):
        rsrc = self.crashed(self.posted)
        self.forget_task(rsrc)
        self.end_tasks()
        # Somebody else has brought one meanwhile.
        other = self.bosh.tasks[99] = fake_director.FakeTask(
            99, KIND, 0, lambda task: None)
        other.state, other.result = 'done', "Created release 'uaa/7'"
        self.bosh.releases['uaa'] = ['7']
        self.run_action(rsrc.delete)
        self.assertEqual(['1.2'], self.bosh.releases['capi'])
        self.assertEqual(['7'], self.bosh.releases['uaa'])

    def test_another_location_is_wanted_then(self):
        rsrc = self.crashed(self.posted)
        self.end_tasks()
        self.bosh.polls.clear()
        self.update(rsrc,
                    location='https://releases.example.com/capi-1.3.tgz')
        self.assertEqual({'capi': ['1.3']}, self.bosh.releases)
