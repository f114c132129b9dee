# SPDX-License-Identifier: Apache-2.0
"""attach_disk, detach_disk and get_disks."""

import string
from typing import Any
from typing import NamedTuple

import ddt
from oslotest import base as oslotest_base

from cf_openstack.cpi import disk_hints
from cf_openstack.cpi import errors
from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud


class Flavor(NamedTuple):
    """What of a flavor takes device letters."""

    ephemeral: int | None
    swap: int | None


@ddt.ddt
class TestDiskHints(oslotest_base.BaseTestCase):

    @ddt.data(
        ('/dev/vdb', 'b'), ('/dev/sdz', 'z'), ('/dev/xvdc', 'c'),
        ('vdd', 'd'), ('/dev/hde', 'e'), (None, None), ('', None),
        ('/dev/nvme0n1', None), ('/dev/vd1', None), ('/dev/disk', None),
    )
    @ddt.unpack
    def test_letter(self, device, expected):
        self.assertEqual(expected, disk_hints.letter(device))

    def test_letter_beyond_z(self):
        error = self.assertRaises(
            errors.CloudError, disk_hints.letter, '/dev/vdaa')
        self.assertEqual('Server has too many disks attached',
                         error.message)

    @ddt.data(
        (None, None, [], 'b'), (Flavor(None, 0), None, [], 'b'),
        (Flavor(8, 0), None, [], 'c'), (Flavor(8, 512), None, [], 'd'),
        (Flavor(8, 512), 'disk', [], 'e'), (Flavor(0, 0), 'cdrom', [], 'b'),
        (None, 'disk', ['/dev/vdc', None, '/dev/sdd'], 'e'),
        (None, None, ['/dev/vda', '/dev/vdc'], 'b'),
    )
    @ddt.unpack
    def test_free_letter(self, flavor, drive, taken, expected):
        self.assertEqual(
            expected, disk_hints.free_letter(flavor, drive, taken))

    def test_no_free_letter(self):
        taken = [f'/dev/vd{letter}' for letter in string.ascii_lowercase]
        self.assertRaises(errors.CloudError, disk_hints.free_letter,
                          None, None, taken)


@ddt.ddt
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

    @ddt.data(
        ('/dev/sdc', '/dev/sdc'), ('/dev/xvdd', '/dev/sdd'),
        # Guessed: b is taken, and so it goes after it.
        (None, '/dev/sdc'), ('/dev/nvme0n1', '/dev/sdc'),
    )
    @ddt.unpack
    def test_device(self, device, expected):
        self.cloud.add_volume(id='other', status='in-use', attachments=[
            {'server_id': 'vm-1', 'device': '/dev/vdb'}])
        self.cloud.device = device
        self.assertEqual(
            expected, self.call('attach_disk', 'vm-1', 'disk-1'))
        # When it is attached already, the same is said.
        self.assertEqual(
            expected, self.call('attach_disk', 'vm-1', 'disk-1'))

    def test_guess_by_the_flavor(self):
        self.cloud.device = None
        self.cloud.servers['vm-1']['flavor'] = {
            'original_name': 'x', 'ephemeral': 8, 'swap': 512, 'disk': 20,
            'vcpus': 1, 'ram': 512}
        self.config = self.write_config(config_drive='disk')
        self.assertEqual(
            '/dev/sde', self.call('attach_disk', 'vm-1', 'disk-1'))

    def test_too_many_disks(self):
        self.cloud.device = '/dev/vdaa'
        error = self.refused('attach_disk', 'vm-1', 'disk-1')
        self.assertEqual(
            ('Bosh::Clouds::CloudError',
             'Server has too many disks attached'),
            (error['type'], error['message']))
        self.assertEqual('available', self.disk['status'])

    def test_hint_by_id(self):
        self.config = self.write_config(disk_hint='by_id')
        cid = '0f9c4ad6-0d3a-4a0e-8f5e-2f1a3f4b5c6d'
        self.cloud.add_volume(id=cid)
        self.cloud.device = None
        hint = {'path': '/dev/disk/by-id/virtio-0f9c4ad6-0d3a-4a0e-8',
                'volume_id': cid}
        self.assertEqual(hint, self.call('attach_disk', 'vm-1', cid))
        self.assertEqual(hint, self.call('attach_disk', 'vm-1', cid))

    def test_hint_by_id_of_the_context(self):
        hint = self.call(
            'attach_disk', 'vm-1', 'disk-1', disk_hint='by_id')
        self.assertEqual('disk-1', hint['volume_id'])

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
        # Token, one discovery, volume, attachment, one poll.
        self.assertLessEqual(len(self.cloud.calls), 5)

    def test_budget_of_requests_to_detach(self):
        self.call('attach_disk', 'vm-1', 'disk-1')
        self.cloud.calls.clear()
        self.call('detach_disk', 'vm-1', 'disk-1')
        self.assertLessEqual(len(self.cloud.calls), 5)

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

    def test_undone_while_it_is_only_reserved(self):
        attach, cloud = self.cloud._attach, self.cloud
        attached: dict[str, Any] = {}

        def reserve(request: Any, cid: str) -> Any:
            answer = attach(request, cid)
            attached.update(cloud.volumes['disk-1'])
            cloud.volumes['disk-1'].update(
                status='reserved', attachments=[])
            return answer

        def go_on(seconds: float) -> None:
            cloud.volumes['disk-1'].update(attached)
            self.clock.now += seconds

        self.cloud._attach = reserve
        self.cloud.fail_route('POST .*/os-volume_attachments',
                              fake_cloud.Fault(500, effective=True))
        # Neither can the attachment be looked up.
        self.cloud.fail_route('GET .*/os-volume_attachments',
                              fake_cloud.Fault(403))
        self.clock.useFixture(base.fixtures.MonkeyPatch('time.sleep', go_on))
        self.refused('attach_disk', 'vm-1', 'disk-1')
        self.assertEqual('available', self.disk['status'])
        self.assertEqual([], self.disk['attachments'])

    @ddt.data(400, 403, 409, 500, 503, None)
    def test_one_request_fails(self, status):
        for effective in (False, True):
            for index in range(5):
                self.cloud.calls.clear()
                self.cloud.fail_call(
                    index, fake_cloud.Fault(status, effective))
                reply = self.request('attach_disk', 'vm-1', 'disk-1')
                attached = self.cloud.volumes['disk-1']['attachments']
                self.assertEqual(
                    reply['error'] is None, bool(attached),
                    f'{status} for {self.cloud.calls[index]}')
                self.cloud.heal()
                self.call('detach_disk', 'vm-1', 'disk-1')

    @ddt.data(500, 503, None)
    def test_one_request_of_detach_fails(self, status):
        for effective in (False, True):
            for index in range(5):
                self.call('attach_disk', 'vm-1', 'disk-1')
                self.cloud.calls.clear()
                self.cloud.fail_call(
                    index, fake_cloud.Fault(status, effective))
                self.call('detach_disk', 'vm-1', 'disk-1')
                self.assertEqual('available', self.disk['status'])

    def test_detach_is_refused(self):
        self.call('attach_disk', 'vm-1', 'disk-1')
        self.cloud.fail_route('DELETE compute', fake_cloud.Fault(409))
        error = self.refused('detach_disk', 'vm-1', 'disk-1')
        self.assertIn('OpenStack API Conflict', error['message'])

    def test_detach_goes_on_already(self):
        self.call('attach_disk', 'vm-1', 'disk-1')
        self.disk['status'] = 'detaching'
        self.clock.at(3, lambda: self.disk.update(
            status='available', attachments=[]))
        self.cloud.calls.clear()
        self.call('detach_disk', 'vm-1', 'disk-1')
        self.assertFalse([
            call for call in self.cloud.calls if 'DELETE' in call])

    def test_detach_does_not_succeed(self):
        self.call('attach_disk', 'vm-1', 'disk-1')
        self.disk['status'] = 'detaching'
        self.clock.at(3, lambda: self.disk.update(status='in-use'))
        error = self.refused('detach_disk', 'vm-1', 'disk-1')
        self.assertEqual(
            "Volume `disk-1' state is in-use, expected available",
            error['message'])

    def test_detach_from_a_server_that_is_gone(self):
        self.config = self.write_config(state_timeout=20)
        self.disk.update(status='in-use', attachments=[
            {'server_id': 'gone', 'device': '/dev/vdb'}])
        self.cloud.fail_route('DELETE compute', fake_cloud.Fault(404))
        error = self.refused('detach_disk', 'gone', 'disk-1')
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertIn("Server `gone' is gone, yet Cinder has volume "
                      "`disk-1' attached to it", error['message'])
        # As soon as Cinder knows, it is well.
        self.clock.at(3, lambda: self.disk.update(
            status='available', attachments=[]))
        self.call('detach_disk', 'gone', 'disk-1')

    def test_boot_volume_that_outlives_its_server(self):
        for cid, device in (('root', '/dev/vda'), ('data', '/dev/vdb')):
            self.cloud.add_volume(id=cid, status='in-use', attachments=[
                {'server_id': 'vm-1', 'device': device}])
        self.cloud.servers['vm-1'].update({
            'image': '', 'os-extended-volumes:volumes_attached': [
                {'id': 'root', 'delete_on_termination': False},
                {'id': 'data', 'delete_on_termination': False}]})
        self.assertEqual(['data'], self.call('get_disks', 'vm-1'))
        self.cloud.servers['vm-1']['image'] = {'id': 'image'}
        self.assertEqual(['root', 'data'], self.call('get_disks', 'vm-1'))

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
