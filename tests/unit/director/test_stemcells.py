# SPDX-License-Identifier: Apache-2.0

import io

import ddt

from cf_openstack.director import exceptions
from cf_openstack.director import stemcells
from tests.unit.director import base

NAME = 'bosh-openstack-kvm-ubuntu-noble'
LOCATION = 'https://files.example/stemcell.tgz'


@ddt.ddt
class StemcellsTest(base.DirectorTestCase):

    def test_list(self):
        self.stub('GET', '/stemcells', [
            {'name': NAME, 'version': '1.425', 'cid': '7f3a',
             'operating_system': 'ubuntu-noble', 'cpi': '', 'id': 3,
             'deployments': [{'name': 'cf'}], 'api_version': 3},
            {'name': NAME, 'version': '1.426'}])
        self.assertEqual(
            [stemcells.Stemcell(
                name=NAME, version='1.425', cid='7f3a', cpi='',
                operating_system='ubuntu-noble', deployments=('cf',),
                api_version=3),
             stemcells.Stemcell(name=NAME, version='1.426')],
            self.director.stemcells.list())

    @ddt.data((None, {'location': LOCATION}),
              ('sha256:ab12', {'location': LOCATION, 'sha1': 'sha256:ab12'}),
              ('sha1:ab12', {'location': LOCATION, 'sha1': 'ab12'}),
              ('ab12', {'location': LOCATION, 'sha1': 'ab12'}))
    @ddt.unpack
    def test_upload_url(self, checksum, document):
        posted = self.stub_task('POST', '/stemcells')
        self.assertEqual(42, self.director.stemcells.upload_url(
            LOCATION, checksum))
        self.assertEqual(document, posted.last_request.json())
        self.assertEqual('application/json',
                         posted.last_request.headers['Content-Type'])
        self.assertEqual({}, posted.last_request.qs)

    def test_fix(self):
        posted = self.stub_task('POST', '/stemcells')
        self.director.stemcells.upload_url(LOCATION, fix=True)
        self.assertEqual({'fix': ['true']}, posted.last_request.qs)

    def test_upload(self):
        posted = self.stub_task('POST', '/stemcells')
        self.assertEqual(42, self.director.stemcells.upload(
            io.BytesIO(b'tarball'), 7, 'sha256:ab12'))
        request = posted.last_request
        self.assertEqual('application/x-compressed',
                         request.headers['Content-Type'])
        self.assertEqual('7', request.headers['Content-Length'])
        self.assertEqual({'sha1': ['sha256:ab12']}, request.qs)
        self.assertEqual(b'tarball', request.body.read())

    def test_upload_of_nothing(self):
        self.assertRaises(exceptions.InvalidRequest,
                          self.director.stemcells.upload, io.BytesIO(), 0)

    def test_delete(self):
        deleted = self.stub_task('DELETE', f'/stemcells/{NAME}/1.425')
        self.assertEqual(42, self.director.stemcells.delete(
            NAME, '1.425', force=True))
        self.assertEqual({'force': ['true']}, deleted.last_request.qs)

    def test_delete_what_is_gone(self):
        self.stub('DELETE', f'/stemcells/{NAME}/1.425', status_code=404,
                  document={'code': 50003, 'description': 'not there'})
        self.assertIsNone(self.director.stemcells.delete(NAME, '1.425'))
