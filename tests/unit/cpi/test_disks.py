# SPDX-License-Identifier: Apache-2.0
"""create_disk, delete_disk, has_disk, set_disk_metadata, attach, detach."""

import ddt

from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud


@ddt.ddt
class TestCreateDisk(base.MethodTestCase):

    def test_volume(self):
        self.call('create_disk', 2049, {'type': 'fast'}, None)
        body = self.cloud.body('POST volume/volumes')['volume']
        self.assertRegex(body.pop('name'), '^volume-[0-9a-f-]{36}$')
        self.assertEqual({
            'size': 3, 'volume_type': 'fast', 'description': '',
            'metadata': {'bosh_director_uuid': 'dir-1',
                         'bosh_request_id': 'cpi-123456'},
        }, body)

    def test_defaults(self):
        self.config = self.write_config(default_volume_type='slow')
        self.call('create_disk', 1024, {'name': 'dynamic'})
        body = self.cloud.body('POST volume/volumes')['volume']
        self.assertEqual('slow', body['volume_type'])
        self.assertEqual('dynamic', body['metadata']['disk_name'])

    def test_zone_of_the_server(self):
        cid, _networks = self.call(
            'create_vm', 'a', fake_cloud.IMAGE_ID,
            {'instance_type': 'm1.small'}, {'d': base.manual()})
        self.call('create_disk', 1024, {}, cid)
        body = self.cloud.body('POST volume/volumes')['volume']
        self.assertEqual('az1', body['availability_zone'])

    def test_server_that_is_gone(self):
        self.call('create_disk', 1024, {}, 'gone')
        body = self.cloud.body('POST volume/volumes')['volume']
        self.assertNotIn('availability_zone', body)

    @ddt.data(
        ('2048', 'InvalidCall', 'Disk size needs to be an integer'),
        (2048.0, 'InvalidCall', 'Disk size needs to be an integer'),
        (True, 'InvalidCall', 'Disk size needs to be an integer'),
        (1023, 'Bosh::Clouds::CloudError', 'Minimum disk size is 1 GiB'),
    )
    @ddt.unpack
    def test_size(self, size, error_type, message):
        error = self.refused('create_disk', size, {})
        self.assertEqual((error_type, message),
                         (error['type'], error['message']))

    def test_volume_in_error(self):
        self.cloud.volume_status = 'error'
        error = self.refused('create_disk', 1024, {})
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertRegex(
            error['message'],
            "^Volume `.*' state is error, expected available$")
        self.assert_nothing_left()

    @ddt.data(400, 403, 500, 503, None)
    def test_one_request_fails(self, status):
        for effective in (False, True):
            for index in range(4):
                self.cloud.calls.clear()
                self.cloud.volumes.clear()
                self.cloud.fail_call(
                    index, fake_cloud.Fault(status, effective))
                reply = self.request('create_disk', 1024, {})
                if reply['error'] is None:
                    self.assertEqual(
                        [reply['result']], list(self.cloud.volumes))
                else:
                    self.assert_nothing_left()


@ddt.ddt
class TestOtherDiskMethods(base.MethodTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.disk = self.cloud.add_volume(id='disk-1')

    def test_has_disk(self):
        self.disk['status'] = 'error'
        self.assertTrue(self.call('has_disk', 'disk-1'))
        self.assertFalse(self.call('has_disk', 'disk-2'))

    @ddt.data('available', 'error', 'error_extending')
    def test_delete_disk(self, status):
        self.disk['status'] = status
        self.call('delete_disk', 'disk-1')
        self.assertEqual({}, self.cloud.volumes)
        self.call('delete_disk', 'disk-1')

    def test_delete_disk_in_use(self):
        self.disk['status'] = 'in-use'
        error = self.refused('delete_disk', 'disk-1')
        self.assertEqual(
            "Cannot delete volume `disk-1', state is in-use",
            error['message'])
        self.assertIn('disk-1', self.cloud.volumes)

    def test_set_disk_metadata(self):
        self.disk['metadata'] = {'old': 'kept'}
        self.call('set_disk_metadata', 'disk-1', {'index': 1, 'x': None})
        self.assertEqual({'old': 'kept', 'index': '1'},
                         self.disk['metadata'])

    def test_set_disk_metadata_absent(self):
        error = self.refused('set_disk_metadata', 'disk-2', {})
        self.assertEqual('Bosh::Clouds::DiskNotFound', error['type'])
        self.assertEqual("Disk `disk-2' not found", error['message'])


class TestAttachments(base.MethodTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.disk = self.cloud.add_volume(id='disk-1')
        for cid in ('vm-1', 'vm-2'):
            self.cloud.servers[cid] = {
                'id': cid, 'name': cid, 'status': 'ACTIVE',
                'OS-EXT-STS:task_state': None,
                'os-extended-volumes:volumes_attached': [
                    {'id': 'boot', 'delete_on_termination': True}]}

    def test_attach(self):
        self.assertEqual(
            '/dev/sdb', self.call('attach_disk', 'vm-1', 'disk-1'))
        self.assertEqual(
            ['disk-1'], self.call('get_disks', 'vm-1'))

    def test_attached_already(self):
        self.call('attach_disk', 'vm-1', 'disk-1')
        self.cloud.calls.clear()
        self.assertEqual(
            '/dev/sdb', self.call('attach_disk', 'vm-1', 'disk-1'))
        self.assertFalse([
            call for call in self.cloud.calls
            if call.startswith('POST compute')])

    def test_budget_of_requests(self):
        self.call('attach_disk', 'vm-1', 'disk-1')
        self.assertLessEqual(len(self.cloud.calls), 7)

    def test_attached_elsewhere(self):
        self.call('attach_disk', 'vm-2', 'disk-1')
        error = self.refused('attach_disk', 'vm-1', 'disk-1')
        self.assertIn("attached to server `vm-2'", error['message'])

    def test_on_its_way_out_of_a_server_that_is_gone(self):
        self.disk.update(status='in-use', attachments=[
            {'server_id': 'gone', 'device': '/dev/vdb'}])
        cloud = self.cloud

        def free(seconds: float) -> None:
            cloud.volumes['disk-1'].update(
                status='available', attachments=[])
            self.clock.now += seconds

        self.clock.useFixture(base.fixtures.MonkeyPatch('time.sleep', free))
        self.assertEqual(
            '/dev/sdb', self.call('attach_disk', 'vm-1', 'disk-1'))

    def test_absent(self):
        error = self.refused('attach_disk', 'gone', 'disk-1')
        self.assertEqual('Bosh::Clouds::VMNotFound', error['type'])
        error = self.refused('attach_disk', 'vm-1', 'gone')
        self.assertEqual('Bosh::Clouds::DiskNotFound', error['type'])
        error = self.refused('get_disks', 'gone')
        self.assertEqual('Bosh::Clouds::VMNotFound', error['type'])

    def test_attachment_fails(self):
        self.cloud.fail_route(
            'POST compute/servers/vm-1/os-volume_attachments',
            fake_cloud.Fault(500, effective=False))
        self.refused('attach_disk', 'vm-1', 'disk-1')
        self.assertEqual('available', self.disk['status'])

    def test_lost_answer(self):
        self.cloud.fail_route(
            'POST compute/servers/vm-1/os-volume_attachments',
            fake_cloud.Fault(None, effective=True))
        self.assertEqual(
            '/dev/sdb', self.call('attach_disk', 'vm-1', 'disk-1'))

    def test_detach(self):
        self.call('attach_disk', 'vm-1', 'disk-1')
        self.call('detach_disk', 'vm-1', 'disk-1')
        self.assertEqual('available', self.disk['status'])
        self.call('detach_disk', 'vm-1', 'disk-1')
        self.call('detach_disk', 'vm-1', 'gone')
        self.call('detach_disk', 'gone', 'disk-1')

    def test_detach_from_another(self):
        self.call('attach_disk', 'vm-2', 'disk-1')
        self.call('detach_disk', 'vm-1', 'disk-1')
        self.assertEqual('in-use', self.disk['status'])
