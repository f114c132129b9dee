# SPDX-License-Identifier: Apache-2.0
"""CloudFoundry::BOSH::Config."""

import json

from heat.common import exception
from heat.engine import resource
import yaml

from tests.unit.heat_plugins import base
from tests.unit.heat_plugins import fake_director

TYPE = 'CloudFoundry::BOSH::Config'
CONTENT = {'azs': [{'name': 'z1'}]}


class ConfigTest(base.BoshTestCase):

    def config(self, **changes):
        properties = {'director': self.sealed(), 'type': 'cloud',
                      'content': CONTENT, **changes}
        return self.rsrc(TYPE, properties)

    def created(self, **changes):
        rsrc = self.config(**changes)
        self.run_action(rsrc.create)
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        return rsrc

    def content(self, rsrc):
        key = 'cloud', rsrc.FnGetAtt('name')
        return yaml.safe_load(self.bosh.configs[key]['content'])

    def test_create(self):
        rsrc = self.created()
        self.assertEqual(rsrc.physical_resource_name(),
                         rsrc.FnGetAtt('name'))
        self.assertEqual('1', rsrc.FnGetAtt('id'))
        self.assertTrue(rsrc.FnGetAtt('current'))
        self.assertEqual(CONTENT, self.content(rsrc))
        self.assertEqual(rsrc.FnGetAtt('name'), rsrc.FnGetRefId())

    def test_text_is_taken_as_it_is(self):
        text = '# why\nazs:\n- name: z1\n'
        rsrc = self.created(content=text, name='mine')
        self.assertEqual(text, self.bosh.configs['cloud', 'mine']['content'])
        self.assertEqual('mine', rsrc.FnGetAtt('name'))

    def test_a_config_of_others_is_not_taken_over(self):
        self.bosh.write_config('cloud', 'default', 'azs: []')
        rsrc = self.config(name='default')
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.create)
        self.assertIn('already', str(error))
        self.run_action(rsrc.delete)
        self.assertIn(('cloud', 'default'), self.bosh.configs)

    def test_update_writes_a_new_version(self):
        rsrc = self.created()
        self.run_action(rsrc.update, self.definition(rsrc, content={'a': 1}))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual('2', rsrc.FnGetAtt('id'))
        self.assertEqual({'a': 1}, self.content(rsrc))

    def test_a_foreign_change_is_not_overwritten_unseen(self):
        rsrc = self.created(name='mine')
        self.bosh.write_config('cloud', 'mine', 'theirs: 1')
        self.assertFalse(rsrc.FnGetAtt('current'))
        wanted = self.definition(rsrc, content={'a': 1})
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.update, wanted)
        self.assertIn('changed outside of this stack', str(error))
        self.assertEqual({'theirs': 1}, self.content(rsrc))
        self.run_action(rsrc.update, wanted)
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual({'a': 1}, self.content(rsrc))

    def test_a_vanished_config_is_written_again(self):
        rsrc = self.created(name='mine')
        self.bosh.configs.clear()
        self.run_action(rsrc.update, self.definition(rsrc, content={'a': 1}))
        self.assertEqual({'a': 1}, self.content(rsrc))

    def test_engine_dies_before_it_knows_the_id(self):
        self.bosh.lose = {'config_put'}
        rsrc = self.config(name='mine')
        self.assertRaises(exception.ResourceFailure,
                          self.run_action, rsrc.create)
        self.assertIn(('cloud', 'mine'), self.bosh.configs)
        rsrc = self.die(rsrc)
        self.run_action(rsrc.update, self.definition(rsrc))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual('1', rsrc.FnGetAtt('id'))
        self.run_action(rsrc.delete)
        self.assertEqual({}, self.bosh.configs)

    def test_other_credentials_for_the_same_director(self):
        rsrc = self.created()
        self.run_action(rsrc.update,
                        self.definition(rsrc, director=self.sealed()))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual('1', rsrc.FnGetAtt('id'))

    def test_another_director_makes_another_config(self):
        rsrc = self.created()
        other = 'https://other.example.com:25555'
        fake_director.FakeDirector(self.requests, other, uuid='other')
        self.assertRaises(
            resource.UpdateReplace, self.run_action, rsrc.update,
            self.definition(rsrc, director=self.sealed(other)))

    def test_check(self):
        rsrc = self.created(name='mine')
        self.run_action(rsrc.check)
        self.assertEqual((rsrc.CHECK, rsrc.COMPLETE), rsrc.state)
        self.bosh.write_config('cloud', 'mine', 'theirs: 1')
        self.assertRaises(exception.ResourceFailure,
                          self.run_action, rsrc.check)

    def test_delete(self):
        rsrc = self.created()
        self.run_action(rsrc.delete)
        self.assertEqual({}, self.bosh.configs)

    def test_delete_of_a_config_that_is_gone(self):
        rsrc = self.created()
        self.bosh.configs.clear()
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)

    def test_stored_properties_outlive_stored_attributes(self):
        rsrc = self.created()
        self.assertEqual('1', rsrc.FnGetAtt('id'))
        rsrc.store_attributes()
        self.run_action(rsrc.update, self.definition(rsrc, content={'a': 1}))
        # As an engine does after the update of what nobody depends on.
        rsrc.clear_stored_attributes()
        stored = self.reload(rsrc)._stored_properties_data
        self.assertEqual({'a': 1}, stored['content'])

    def test_data_left_by_a_deleted_resource_are_ignored(self):
        rsrc = self.config(name='mine')
        rsrc.state_set(rsrc.CREATE, rsrc.IN_PROGRESS)
        rsrc.data_set('journal', json.dumps(
            {'owner': 'another', 'state': 'written', 'config_id': '9'}),
            redact=True)
        rsrc.state_reset()
        self.run_action(rsrc.create)
        self.assertEqual('1', rsrc.FnGetAtt('id'))
        self.assertEqual('cloud/mine', rsrc.resource_id)

    def test_attribute_when_only_this_resource_is_loaded(self):
        rsrc = self.created()
        # As a get_attr is for a resource that was not loaded.
        rsrc = self.reload(rsrc)
        rsrc.properties.data['director'] = None
        self.assertTrue(rsrc.FnGetAtt('current'))

    def test_connection_of_another_project(self):
        rsrc = self.config(director=self.sealed(project='other'))
        error = self.assertRaises(exception.StackValidationFailed,
                                  rsrc.validate)
        self.assertIn('another project', str(error))

    def test_connection_that_was_tampered_with(self):
        token = self.sealed()
        rsrc = self.config(director=token[:-6] + 'AAAAA=')
        error = self.assertRaises(exception.StackValidationFailed,
                                  rsrc.validate)
        self.assertIn('altered', str(error))

    def test_content_that_is_no_yaml(self):
        for content in ('a: [', '- no map'):
            rsrc = self.config(content=content)
            self.assertRaises(exception.StackValidationFailed, rsrc.validate)
