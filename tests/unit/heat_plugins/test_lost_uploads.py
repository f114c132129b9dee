# SPDX-License-Identifier: Apache-2.0
"""Uploads of which nobody knows whether they have begun."""

from tests.unit.heat_plugins import deployments


class LostUploadsTest(deployments.DeploymentTestCase):

    def uploads(self, kind='releases'):
        return self.bosh.count('POST', f'/{kind}')

    def test_answer_is_lost(self):
        self.bosh.lose.update({'release_upload', 'stemcell_upload'})
        rsrc = self.created()
        # Both were found at the end of their tasks.
        self.assertEqual((1, 1), (self.uploads(), self.uploads('stemcells')))
        self.assertEqual({'capi': ['1.2']}, self.bosh.releases)
        self.delete(self.reload(rsrc))

    def test_answer_is_lost_and_the_upload_fails(self):
        self.bosh.lose.add('release_upload')
        self.bosh.failures['create release'] = 'disk full'
        self.assertIn('disk full', self.failed(self.deployment()))
        # It is told by the second, for the first was not followed.
        self.assertEqual(2, self.uploads())

    def test_director_loses_all_answers(self):
        rsrc = self.deployment()
        handler = self.bosh.release_upload

        def release_upload(*args):
            self.bosh.lose.add('release_upload')
            handler(*args)
            self.bosh.tasks.popitem()
            return ''
        self.bosh.release_upload = release_upload
        self.assertIn('was lost', self.failed(rsrc))
        self.assertEqual(4, self.uploads())

    def test_engine_dies_before_the_answer(self):
        self.bosh.polls['create release'] = 20
        rsrc = self.deployment()
        self.until(rsrc.create, self.uploads)
        noted = rsrc.journal.get('uploads')
        rsrc.journal.put(uploads=dict.fromkeys(noted, 0))
        for task in self.bosh.running():
            task.polls = 2
        rsrc = self.die(rsrc)
        self.update(rsrc)
        self.assertEqual((1, 1), (self.uploads(), self.uploads('stemcells')))
        self.assertIsNone(rsrc.journal.get('uploads'))
        self.delete(self.reload(rsrc))
