# SPDX-License-Identifier: Apache-2.0
"""Seeing what an update would change, and updating by what was seen."""

from cf_openstack.manifest import document
from tests.functional.stack import small


class PreviewTest(small.SmallStackTestCase):

    def test_review_and_update(self):
        proposed = self.manifest(instances=2)
        preview = self.preview(manifest=proposed)
        self.assertIn(['  instances: 1', 'removed'], preview['diff'])
        self.assertIn(['  instances: 2', 'added'], preview['diff'])
        self.heats_own_preview_works(proposed)
        # Somebody changes the cloud config in between.
        self.change_config()
        self.assertEqual('UPDATE_FAILED', self.update(
            manifest=proposed, reviewed_configs=preview['configs']))
        self.assertIn('have changed since', self.reason())
        self.assertEqual(1, len(self.servers()))
        preview = self.preview(manifest=proposed)
        self.assertEqual('UPDATE_COMPLETE', self.update(
            manifest=proposed, reviewed_configs=preview['configs']))
        self.assertEqual(2, len(self.servers()))
        self.assertEqual(0, self.preview()['added'])
        self.a_proposal_that_makes_no_sense()

    def preview(self, **proposal):
        answer = self.succeed(action='diff', **proposal)
        preview = self.shown('preview')['preview']
        self.assertEqual(answer['id'], preview['id'])
        return preview

    def heats_own_preview_works(self, proposed):
        changes = self.heat.stacks.preview_update(
            self.stack, template=self.template(manifest=proposed),
            parameters=self.parameters)['resource_changes']
        self.assertEqual(['deployment'], [
            item['resource_name'] for item in changes['updated']])

    def change_config(self):
        name = self.name('config')
        [config] = [config for config
                    in self.director.configs.list(type='cloud')
                    if config.name == name]
        content = document.load(config.content, 'config')
        content['vm_types'].append({'name': self.name('more'),
                                    'cloud_properties': {}})
        self.director.configs.put('cloud', name, document.dump(content))

    def a_proposal_that_makes_no_sense(self):
        self.signal(action='diff', operations=[{
            'type': 'remove', 'path': '/nothing/here'}])
        self.assertEqual('failed', self.answer['state'])
        self.assertIn('/nothing', self.answer['error'])
