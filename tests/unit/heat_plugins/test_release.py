# SPDX-License-Identifier: Apache-2.0
"""CloudFoundry::BOSH::Release."""

from heat.common import exception

from tests.unit.heat_plugins import base

TYPE = 'CloudFoundry::BOSH::Release'
LOCATION = 'https://releases.example.com/capi-1.2.tgz'


class ReleaseTest(base.BoshTestCase):

    def release(self, **changes):
        return self.rsrc(TYPE, {
            'director': self.sealed(), 'location': LOCATION,
            'checksum': 'sha256:' + 64 * 'a', **changes})

    def created(self, **changes):
        rsrc = self.release(**changes)
        self.run_action(rsrc.create)
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        return rsrc

    def test_upload(self):
        rsrc = self.created(name='capi', version='1.2')
        self.assertEqual({'capi': ['1.2']}, self.bosh.releases)
        self.assertEqual('capi/1.2', rsrc.resource_id)
        self.assertEqual('capi', rsrc.FnGetAtt('name'))
        self.assertEqual('1.2', rsrc.FnGetAtt('version'))
        self.assertEqual({'name': 'capi', 'version': '1.2'},
                         rsrc.FnGetAtt('reference'))

    def test_name_and_version_are_found_out(self):
        rsrc = self.created()
        self.assertEqual('capi/1.2', rsrc.resource_id)
        self.run_action(rsrc.delete)
        self.assertEqual({'capi': []}, self.bosh.releases)

    def test_what_is_there_is_not_fetched(self):
        self.bosh.releases['capi'] = ['1.2']
        rsrc = self.created(name='capi', version='1.2')
        self.assertEqual(0, self.bosh.count('POST', '/releases'))
        self.run_action(rsrc.delete)
        self.assertEqual({'capi': ['1.2']}, self.bosh.releases)

    def test_what_was_there_is_left_there(self):
        self.bosh.releases['capi'] = ['1.2']
        rsrc = self.created()
        self.run_action(rsrc.delete)
        self.assertIn('1.2', self.bosh.releases['capi'])

    def test_delete(self):
        rsrc = self.created(name='capi', version='1.2')
        self.run_action(self.reload(rsrc).delete)
        self.assertEqual({'capi': []}, self.bosh.releases)

    def test_delete_in_use(self):
        rsrc = self.created(name='capi', version='1.2')
        self.bosh.in_use.add(('capi', '1.2'))
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)
        self.assertIn('stays on the director', str(self.events(rsrc)))

    def test_delete_what_is_gone(self):
        rsrc = self.created(name='capi', version='1.2')
        self.bosh.releases.clear()
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)

    def test_delete_fails_for_another_reason(self):
        rsrc = self.created(name='capi', version='1.2')
        self.bosh.failures['delete release'] = 'the blobstore burns'
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.delete)
        self.assertIn('the blobstore burns', str(error))
        del self.bosh.failures['delete release']
        self.run_action(rsrc.delete)
        self.assertEqual({'capi': []}, self.bosh.releases)

    def test_failed_upload(self):
        self.bosh.failures['create release'] = 'Checksum differs'
        rsrc = self.release(name='capi', version='1.2')
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.create)
        self.assertIn('Error 100: Checksum differs', str(error))
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)

    def test_other_release_than_promised(self):
        rsrc = self.release(name='diego', version='9')
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.create)
        self.assertIn('holds the release capi/1.2, not diego/9', str(error))
        self.run_action(rsrc.delete)
        self.assertEqual({'capi': []}, self.bosh.releases)

    def test_new_version_in_place(self):
        rsrc = self.created(name='capi', version='1.2')
        self.run_action(rsrc.update, self.definition(
            rsrc, version='1.3',
            location='https://releases.example.com/capi-1.3.tgz'))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual('1.3', rsrc.FnGetAtt('version'))
        self.assertEqual({'capi': ['1.3']}, self.bosh.releases)

    def test_old_version_in_use_goes_with_the_resource(self):
        rsrc = self.created(name='capi', version='1.2')
        self.bosh.in_use.add(('capi', '1.2'))
        self.run_action(rsrc.update, self.definition(
            rsrc, version='1.3',
            location='https://releases.example.com/capi-1.3.tgz'))
        self.assertEqual({'capi': ['1.2', '1.3']}, self.bosh.releases)
        self.bosh.in_use.clear()
        self.run_action(rsrc.delete)
        self.assertEqual({'capi': []}, self.bosh.releases)

    def test_same_release_elsewhere_is_left_alone(self):
        rsrc = self.created(name='capi', version='1.2')
        self.run_action(rsrc.update, self.definition(
            rsrc, location='https://mirror.example.com/capi-1.2.tgz'))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual(1, self.bosh.count('POST', '/releases'))

    def test_engine_dies_during_the_upload(self):
        self.bosh.polls['create release'] = 50
        rsrc = self.release(name='capi', version='1.2')
        runner = self.steps(rsrc.create)
        for _step in range(3):
            runner.step()
        self.bosh.polls.clear()
        self.bosh.tasks[1].polls = 1
        rsrc = self.die(rsrc)
        self.run_action(rsrc.update, self.definition(rsrc))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual(1, self.bosh.count('POST', '/releases'))
        self.run_action(rsrc.delete)
        self.assertEqual({'capi': []}, self.bosh.releases)

    def test_engine_dies_and_another_release_is_wanted(self):
        self.bosh.polls['create release'] = 50
        rsrc = self.release(name='capi', version='1.2')
        runner = self.steps(rsrc.create)
        for _step in range(3):
            runner.step()
        self.bosh.polls.clear()
        rsrc = self.die(rsrc)
        self.run_action(rsrc.update, self.definition(
            rsrc, version='1.3',
            location='https://releases.example.com/capi-1.3.tgz'))
        self.assertEqual('cancelled', self.bosh.tasks[1].state)
        self.assertEqual({'capi': ['1.3']}, self.bosh.releases)
        self.assertEqual('1.3', rsrc.FnGetAtt('version'))

    def test_delete_during_the_upload(self):
        self.bosh.polls['create release'] = 50
        rsrc = self.release(name='capi', version='1.2')
        runner = self.steps(rsrc.create)
        for _step in range(3):
            runner.step()
        rsrc = self.die(rsrc)
        self.run_action(rsrc.delete)
        self.assertEqual([], self.bosh.running())
        self.assertEqual({}, self.bosh.releases)

    def test_cancel(self):
        self.bosh.polls['create release'] = 50
        rsrc = self.release(name='capi', version='1.2')
        runner = self.steps(rsrc.create)
        for _step in range(3):
            runner.step()
        runner.cancel()
        self.assertEqual('cancelling', self.bosh.tasks[1].state)

    def test_check(self):
        rsrc = self.created(name='capi', version='1.2')
        self.run_action(rsrc.check)
        self.bosh.releases.clear()
        self.assertRaises(exception.ResourceFailure,
                          self.run_action, rsrc.check)

    def test_a_lost_release_is_fetched_by_an_update(self):
        rsrc = self.created(name='capi', version='1.2')
        self.bosh.releases.clear()
        self.assertRaises(exception.ResourceFailure,
                          self.run_action, rsrc.check)
        self.run_action(rsrc.update, self.definition(rsrc))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual({'capi': ['1.2']}, self.bosh.releases)

    def test_name_without_version(self):
        rsrc = self.release(name='capi')
        self.assertRaises(exception.StackValidationFailed, rsrc.validate)
