# SPDX-License-Identifier: Apache-2.0
"""create_disk, delete_disk, has_disk and set_disk_metadata."""

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

    @ddt.data(
        ({'typ': 'fast'}, "'typ' is not known; did you mean 'type'?"),
        ({'iops': 3, 'Name': 'x'},
         "'iops' is not known; 'Name' is not known; did you mean 'name'?"),
        ({'type': 7}, "'type' must be a String, got: Integer"),
        ({'name': ['x']}, "'name' must be a String, got: Array"),
        ({'encrypted': True},
         "'encrypted' is not known: what encrypts a volume is its type; "
         "name such a volume type as 'type'"),
    )
    @ddt.unpack
    def test_wrong_properties(self, properties, text):
        error = self.refused('create_disk', 1024, properties)
        self.assertEqual(
            ('InvalidCall', f'Invalid disk cloud properties: {text}'),
            (error['type'], error['message']))
        self.assertEqual([], self.cloud.calls)

    @ddt.data('x', ['type'], 7)
    def test_no_hash(self, properties):
        error = self.refused('create_disk', 1024, properties)
        self.assertEqual('InvalidCall', error['type'])
        self.assertIn("'cloud_properties' must be a Hash", error['message'])

    @ddt.data({'type': None, 'name': None}, {'type': ''}, None)
    def test_type_is_cinders_choice(self, properties):
        self.call('create_disk', 1024, properties)
        body = self.cloud.body('POST volume/volumes')['volume']
        self.assertNotIn('volume_type', body)

    def test_unknown_type(self):
        self.cloud.volume_types = ['slow']
        error = self.refused('create_disk', 1024, {'type': 'fast'})
        self.assertEqual(
            ('Bosh::Clouds::CloudError',
             "Volume type `fast' not found. Name one that the project has "
             "as 'type' in the cloud_properties of the disk type, or as "
             "'openstack.default_volume_type'"),
            (error['type'], error['message']))
        self.assert_nothing_left()

    def test_zones_are_ignored(self):
        self.config = self.write_config(ignore_server_availability_zone=True)
        self.call('create_disk', 1024, {}, 'vm-1')
        body = self.cloud.body('POST volume/volumes')['volume']
        self.assertNotIn('availability_zone', body)
        self.assertFalse([
            call for call in self.cloud.calls if 'servers' in call])

    def test_budget_of_requests(self):
        self.cloud.servers['vm-1'] = {
            'id': 'vm-1', 'status': 'ACTIVE', 'name': 'x',
            'OS-EXT-AZ:availability_zone': 'az1'}
        self.call('create_disk', 1024, {}, 'vm-1')
        # Token, two discoveries, server, volume, one poll.
        self.assertLessEqual(len(self.cloud.calls), 5)

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
            for index in range(3):
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

    @ddt.data('detaching', 'backing-up', 'extending')
    def test_delete_disk_state_that_passes(self, status):
        self.disk['status'] = status
        self.clock.at(3, lambda: self.disk.update(status='available'))
        self.call('delete_disk', 'disk-1')
        self.assertEqual({}, self.cloud.volumes)

    def test_delete_disk_that_is_being_deleted(self):
        self.disk['status'] = 'deleting'
        self.clock.at(3, self.cloud.volumes.clear)
        self.call('delete_disk', 'disk-1')

    @ddt.data('error_deleting', 'available')
    def test_delete_disk_fails(self, status):
        self.disk['status'] = 'deleting'
        self.clock.at(3, lambda: self.disk.update(status=status))
        error = self.refused('delete_disk', 'disk-1')
        self.assertEqual(
            f"Volume `disk-1' state is {status}, expected deleted",
            error['message'])

    def test_delete_disk_at_a_server(self):
        self.disk.update(status='in-use', attachments=[
            {'server_id': 'vm-1', 'device': '/dev/vdb'}])
        error = self.refused('delete_disk', 'disk-1')
        self.assertEqual(
            "Cannot delete volume `disk-1', state is in-use at server "
            "`vm-1'", error['message'])

    @ddt.data(
        ('has_disk', 2), ('delete_disk', 4), ('set_disk_metadata', 2))
    @ddt.unpack
    def test_budget_of_requests(self, method, most):
        # The token, which the cache saves, is among them.
        more = [{'a': 'b'}] if method == 'set_disk_metadata' else []
        self.call(method, 'disk-1', *more)
        self.assertLessEqual(len(self.cloud.calls), most)

    def test_delete_disk_in_use(self):
        self.disk['status'] = 'in-use'
        error = self.refused('delete_disk', 'disk-1')
        self.assertEqual(
            "Cannot delete volume `disk-1', state is in-use",
            error['message'])
        self.assertIn('disk-1', self.cloud.volumes)

    def test_set_disk_metadata(self):
        self.disk['metadata'] = {'old': 'kept'}
        self.call('set_disk_metadata', 'disk-1', {
            'index': 1, 'x': None, 'a,b': 'c', '': 'd'})
        self.assertEqual({'old': 'kept', 'index': '1', 'a_b': 'c'},
                         self.disk['metadata'])

    def test_set_disk_metadata_absent(self):
        error = self.refused('set_disk_metadata', 'disk-2', {})
        self.assertEqual('Bosh::Clouds::DiskNotFound', error['type'])
        self.assertEqual("Disk `disk-2' not found", error['message'])
