# SPDX-License-Identifier: Apache-2.0

import io
import os
import tarfile
from typing import Any

import ddt

from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud

PROPERTIES = {
    'name': 'bosh-openstack-kvm', 'version': '1.2', 'hypervisor': 'kvm',
    'infrastructure': 'openstack', 'disk': 5120, 'disk_format': 'qcow2',
    'container_format': 'bare', 'os_type': 'linux', 'os_distro': 'ubuntu',
    'architecture': 'x86_64', 'auto_disk_config': True,
}
QCOW2 = b'QFI\xfb' + b'\0' * 5000


class StemcellCase(base.MethodTestCase):

    def image(self, data: bytes = QCOW2, name: str = 'root.img') -> str:
        path = os.path.join(self.temp_dir, 'image')
        with tarfile.open(path, 'w:gz') as archive:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        return path

    def created(self) -> list[dict[str, Any]]:
        return [image for cid, image in self.cloud.images.items()
                if cid != fake_cloud.IMAGE_ID]


@ddt.ddt
class TestHeavyStemcell(StemcellCase):

    def test_image(self):
        cid = self.call('create_stemcell', self.image(), PROPERTIES)
        image, = self.created()
        self.assertEqual({
            'id': cid, 'name': 'bosh-openstack-kvm/1.2',
            'disk_format': 'qcow2', 'container_format': 'bare',
            'visibility': 'private', 'version': '1.2', 'os_type': 'linux',
            'os_distro': 'ubuntu', 'architecture': 'x86_64',
            'auto_disk_config': 'true', 'hypervisor_type': 'kvm',
            'bosh_director_uuid': 'dir-1', 'bosh_request_id': 'cpi-123456',
            'tags': ['bosh_director_uuid=dir-1',
                     'bosh_request_id=cpi-123456'],
            'status': 'active', 'data': len(QCOW2),
        }, image)

    def _number_of_the_upload(self) -> int:
        self.call('create_stemcell', self.image(), PROPERTIES)
        number = [index for index, name in enumerate(self.cloud.calls)
                  if name.endswith('/file')][0]
        self.cloud.calls.clear()
        self.cloud.images.clear()
        return number

    @ddt.data(401, 429, 500, 503, None)
    def test_broken_upload_is_begun_anew(self, status):
        self.cloud.fail_call(
            self._number_of_the_upload(), fake_cloud.Fault(status))
        cid = self.call('create_stemcell', self.image(), PROPERTIES)
        self.assertEqual([cid], list(self.cloud.images))
        self.assertEqual(len(QCOW2), self.cloud.images[cid]['data'])

    def test_broken_upload_is_begun_anew_only_once(self):
        self.cloud.fail_route('PUT image', fake_cloud.Fault(503))
        self.refused('create_stemcell', self.image(), PROPERTIES)
        self.assertEqual([], self.created())
        self.assertEqual(2, len([
            name for name in self.cloud.calls if name.endswith('/file')]))

    def test_tags_of_version_3(self):
        self.call('create_stemcell', self.image(), PROPERTIES, {
            'tags': {'team': 'a', 'owner': 'b', 'version': 'wrong'}})
        image, = self.created()
        self.assertEqual('a', image['team'])
        self.assertEqual('1.2', image['version'])
        self.assertNotIn('owner', image)

    def test_public(self):
        self.config = self.write_config(stemcell_public_visibility=True)
        self.call('create_stemcell', self.image(), PROPERTIES)
        self.assertEqual('public', self.created()[0]['visibility'])

    def test_format_that_is_not_named(self):
        properties = PROPERTIES | {'disk_format': None}
        self.call('create_stemcell', self.image(), properties)
        self.assertEqual('qcow2', self.created()[0]['disk_format'])

    def test_format_that_is_contradicted(self):
        error = self.refused('create_stemcell', self.image(b'raw' * 400),
                             PROPERTIES)
        self.assertIn("says disk_format 'qcow2', but its image is 'raw'",
                      error['message'])
        self.assert_nothing_left()

    def test_root_image_is_missing(self):
        error = self.refused('create_stemcell', self.image(name='other'),
                             PROPERTIES)
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertEqual('Root image is missing from stemcell archive',
                         error['message'])

    def test_file_is_missing(self):
        error = self.refused('create_stemcell', '/no/file', PROPERTIES)
        self.assertIn('Extracting stemcell root image failed',
                      error['message'])

    def test_properties_are_missing(self):
        error = self.refused(
            'create_stemcell', self.image(), {'name': 'x'})
        self.assertEqual('InvalidCall', error['type'])
        self.assertIn("'version'", error['message'])

    @ddt.data(400, 403, 409, 500, 503, None)
    def test_one_request_fails(self, status):
        for effective in (False, True):
            for index in range(5):
                self.cloud.calls.clear()
                self.cloud.fail_call(
                    index, fake_cloud.Fault(status, effective))
                reply = self.request(
                    'create_stemcell', self.image(), PROPERTIES)
                if reply['error'] is None:
                    self.assertEqual(
                        reply['result'], self.created()[0]['id'])
                    del self.cloud.images[reply['result']]
                elif not (effective and status in (400, 403, 409)):
                    # A refusal that took effect is a lie nobody tells.
                    self.assert_nothing_left()
                self.cloud.heal()

    def test_delete(self):
        cid = self.call('create_stemcell', self.image(), PROPERTIES)
        self.call('delete_stemcell', cid)
        self.assert_nothing_left()
        self.call('delete_stemcell', cid)

    def test_delete_image_in_use(self):
        self.cloud.fail_route('DELETE image', fake_cloud.Fault(409))
        error = self.refused('delete_stemcell', fake_cloud.IMAGE_ID)
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])


class TestLightStemcell(StemcellCase):

    def test_create(self):
        self.assertEqual(
            f'{fake_cloud.IMAGE_ID} light',
            self.call('create_stemcell', '/no/file', {
                'image_id': fake_cloud.IMAGE_ID}))

    def test_unknown_or_inactive_image(self):
        self.cloud.images['queued'] = {'id': 'queued', 'status': 'queued'}
        for cid in ('unknown', 'queued'):
            error = self.refused('create_stemcell', '', {'image_id': cid})
            self.assertEqual('Bosh::Clouds::CloudError', error['type'])
            self.assertEqual(
                f"No active image with id '{cid}' referenced by light "
                'stemcell found in OpenStack.', error['message'])

    def test_delete_keeps_the_image(self):
        self.call('delete_stemcell', f'{fake_cloud.IMAGE_ID} light')
        self.assertIn(fake_cloud.IMAGE_ID, self.cloud.images)


class TestRememberedToken(StemcellCase):

    def test_revoked(self):
        self.config = self.write_config(
            token_cache=os.path.join(self.temp_dir, 'tokens'))
        self.call('delete_stemcell', 'absent')
        first = len(self.cloud.calls)
        # It shows before the data, which can be sent but once.
        self.cloud.fail_call(first, fake_cloud.Fault(401))
        cid = self.call('create_stemcell', self.image(), PROPERTIES)
        self.assertEqual([
            'POST image/images', 'POST identity/auth/tokens',
            'POST image/images', f'PUT image/images/{cid}/file',
            f'GET image/images/{cid}'], self.cloud.calls[first:])
