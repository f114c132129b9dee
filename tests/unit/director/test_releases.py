# SPDX-License-Identifier: Apache-2.0

import io

from cf_openstack.director import releases
from tests.unit.director import base

LOCATION = 'https://files.example/nats.tgz'


class ReleasesTest(base.DirectorTestCase):

    def test_list(self):
        self.stub('GET', '/releases', [
            {'name': 'nats', 'release_versions': [
                {'version': '56.30.0', 'commit_hash': 'abc',
                 'uncommitted_changes': True, 'currently_deployed': True,
                 'job_names': ['nats', 'smoke-tests']},
                {'version': '57'}]},
            {'name': 'empty', 'release_versions': []}])
        self.assertEqual(
            [releases.Release('nats', '56.30.0', 'abc', True, True,
                              ('nats', 'smoke-tests')),
             releases.Release('nats', '57')],
            self.director.releases.list())

    def test_checksum_is_in_the_body_alone(self):
        posted = self.stub_task('POST', '/releases')
        self.assertEqual(42, self.director.releases.upload_url(
            LOCATION, 'sha1:ab12', fix=True))
        self.assertEqual({'location': LOCATION, 'sha1': 'ab12'},
                         posted.last_request.json())
        self.assertEqual({'fix': ['true']}, posted.last_request.qs)

    def test_upload(self):
        posted = self.stub_task('POST', '/releases')
        self.director.releases.upload(io.BytesIO(b'tarball'), 7, 'ab12')
        self.assertEqual('application/x-compressed',
                         posted.last_request.headers['Content-Type'])
        self.assertEqual({'sha1': ['ab12']}, posted.last_request.qs)

    def test_delete(self):
        deleted = self.stub_task('DELETE', '/releases/nats')
        self.assertEqual(42, self.director.releases.delete('nats', '57'))
        self.assertEqual({'version': ['57']}, deleted.last_request.qs)
        self.director.releases.delete('nats', force=True)
        self.assertEqual({'force': ['true']}, deleted.last_request.qs)

    def test_delete_what_is_gone(self):
        self.stub('DELETE', '/releases/nats', status_code=404)
        self.assertIsNone(self.director.releases.delete('nats'))
