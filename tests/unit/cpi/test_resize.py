# SPDX-License-Identifier: Apache-2.0
"""resize_disk and update_disk."""

from typing import Any

import ddt

from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud

ACTION = 'POST volume/volumes/disk-1/action'
CLOUD_ERROR = 'Bosh::Clouds::CloudError'
NOT_SUPPORTED = 'Bosh::Clouds::NotSupported'
STATUSES = (400, 403, 413, 500, 503, None)


class ResizeCase(base.MethodTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.config = self.write_config(state_timeout=20)
        self.disk = self.cloud.add_volume(id='disk-1', size=2)

    def actions(self) -> list[Any]:
        """The actions asked of the volume."""
        return [body for name, body in self.cloud.bodies if name == ACTION]

    def attach(self) -> None:
        self.disk.update(status='in-use', attachments=[
            {'server_id': 'vm-1', 'device': '/dev/vdb'}])


@ddt.ddt
class TestResizeDisk(ResizeCase):

    def test_larger(self):
        self.assertIsNone(self.call('resize_disk', 'disk-1', 4096))
        self.assertEqual(4, self.disk['size'])

    def test_part_of_a_gib(self):
        self.call('resize_disk', 'disk-1', 2049)
        self.assertEqual([{'os-extend': {'new_size': 3}}], self.actions())

    @ddt.data(2048, 1025)
    def test_equal(self, size):
        self.attach()
        self.call('resize_disk', 'disk-1', size)
        self.assertEqual([], self.actions())

    def test_smaller(self):
        error = self.refused('resize_disk', 'disk-1', 1024)
        self.assertEqual(
            (NOT_SUPPORTED, 'Cannot resize volume to a smaller size from '
             '2 GiB to 1 GiB'), (error['type'], error['message']))

    def test_absent(self):
        error = self.refused('resize_disk', 'gone', 4096)
        self.assertEqual('Bosh::Clouds::DiskNotFound', error['type'])

    def test_attached(self):
        self.attach()
        error = self.refused('resize_disk', 'disk-1', 4096)
        self.assertEqual(
            (CLOUD_ERROR, "Cannot resize volume 'disk-1' it still has 1 "
             'attachment(s)'), (error['type'], error['message']))

    @ddt.data('4096', 4096.0, None, True)
    def test_size(self, size):
        error = self.refused('resize_disk', 'disk-1', size)
        self.assertEqual(
            ('InvalidCall', 'Disk size needs to be an integer'),
            (error['type'], error['message']))

    @ddt.data('error', 'reserved', 'error_extending')
    def test_state_that_does_not_pass(self, status):
        self.disk['status'] = status
        error = self.refused('resize_disk', 'disk-1', 4096)
        self.assertEqual(
            f"Cannot resize volume 'disk-1', state is {status}",
            error['message'])

    def test_still_detaching(self):
        self.attach()
        self.disk['status'] = 'detaching'
        self.clock.at(3, lambda: self.disk.update(
            status='available', attachments=[]))
        self.call('resize_disk', 'disk-1', 4096)
        self.assertEqual(4, self.disk['size'])

    def test_no_host_has_the_space(self):
        self.cloud.extends = False
        error = self.refused('resize_disk', 'disk-1', 4096)
        self.assertEqual(
            (CLOUD_ERROR, "Volume `disk-1' state is 2 GiB large, expected "
             '4 GiB'), (error['type'], error['message']))

    def test_volume_breaks(self):
        self.cloud.extends = False
        self.cloud.status_after_action = 'error_extending'
        error = self.refused('resize_disk', 'disk-1', 4096)
        self.assertEqual(
            (CLOUD_ERROR, "Volume `disk-1' state is error_extending, "
             'expected available'), (error['type'], error['message']))

    def test_it_takes_a_while(self):
        self.cloud.status_after_action = 'extending'
        self.clock.at(3, lambda: self.disk.update(status='available'))
        self.call('resize_disk', 'disk-1', 4096)
        self.assertGreaterEqual(sum(self.clock.sleeps), 3)

    def test_it_takes_too_long(self):
        self.cloud.status_after_action = 'extending'
        error = self.refused('resize_disk', 'disk-1', 4096)
        self.assertIn("Timed out waiting for Volume `disk-1' to be available",
                      error['message'])

    @ddt.data(*STATUSES)
    def test_one_request_fails(self, status):
        for effective in (False, True):
            for index in range(4):
                self.cloud.calls.clear()
                self.disk['size'] = 2
                self.cloud.fail_call(
                    index, fake_cloud.Fault(status, effective))
                reply = self.request('resize_disk', 'disk-1', 4096)
                if reply['error'] is None:
                    self.assertEqual(4, self.disk['size'])
                # It is repeatable in any case.
                self.cloud.heal()
                self.call('resize_disk', 'disk-1', 4096)
                self.assertEqual(4, self.disk['size'])

    def test_lost_answer(self):
        self.cloud.fail_route(ACTION, fake_cloud.Fault(503, effective=True))
        self.call('resize_disk', 'disk-1', 4096)
        self.assertEqual(1, len(self.actions()))

    def test_budget_of_requests(self):
        self.call('resize_disk', 'disk-1', 4096)
        # Token and discovery, which the cache saves, and then volume,
        # action, one poll.
        self.assertLessEqual(len(self.cloud.calls), 4)


@ddt.ddt
class TestUpdateDisk(ResizeCase):

    def setUp(self) -> None:
        super().setUp()
        self.cloud.volume_types = ['standard', 'fast']

    def test_larger_and_of_another_type(self):
        self.assertIsNone(
            self.call('update_disk', 'disk-1', 4096, {'type': 'fast'}))
        self.assertEqual([
            {'os-retype': {
                'new_type': 'fast', 'migration_policy': 'on-demand'}},
            {'os-extend': {'new_size': 4}}], self.actions())
        self.assertEqual(
            (4, 'fast'), (self.disk['size'], self.disk['volume_type']))

    @ddt.data({}, None, {'type': 'standard'}, {'type': 'id-standard'},
              {'type': None, 'name': 'dynamic'})
    def test_larger(self, properties):
        self.call('update_disk', 'disk-1', 4096, properties)
        self.assertEqual([{'os-extend': {'new_size': 4}}], self.actions())

    def test_nothing_to_do(self):
        self.attach()
        self.call('update_disk', 'disk-1', 2048, {'type': 'standard'})
        self.assertEqual([], self.actions())

    def test_default_type(self):
        self.config = self.write_config(default_volume_type='fast')
        self.call('update_disk', 'disk-1', 2048, {})
        self.assertEqual('fast', self.disk['volume_type'])

    def test_smaller(self):
        error = self.refused('update_disk', 'disk-1', 1024, {'type': 'fast'})
        self.assertEqual(NOT_SUPPORTED, error['type'])
        self.assertEqual('standard', self.disk['volume_type'])

    def test_absent(self):
        error = self.refused('update_disk', 'gone', 4096, {})
        self.assertEqual('Bosh::Clouds::DiskNotFound', error['type'])

    def test_attached(self):
        self.attach()
        error = self.refused('update_disk', 'disk-1', 2048, {'type': 'fast'})
        self.assertEqual(
            (CLOUD_ERROR, "Cannot update volume 'disk-1' it still has 1 "
             'attachment(s)'), (error['type'], error['message']))

    def test_unknown_type(self):
        error = self.refused('update_disk', 'disk-1', 4096, {'type': 'nope'})
        self.assertEqual(CLOUD_ERROR, error['type'])
        self.assertIn("Volume type `nope' not found", error['message'])
        self.assertEqual(2, self.disk['size'])

    @ddt.data(400, 403, 409)
    def test_retype_is_refused(self, status):
        self.cloud.fail_route(ACTION, fake_cloud.Fault(status))
        error = self.refused('update_disk', 'disk-1', 4096, {'type': 'fast'})
        self.assertEqual(NOT_SUPPORTED, error['type'])
        self.assertIn("Cannot change the type of volume 'disk-1' from "
                      "'standard' to 'fast': OpenStack API",
                      error['message'])

    def test_no_host_has_the_type(self):
        self.cloud.retypes = False
        error = self.refused('update_disk', 'disk-1', 4096, {'type': 'fast'})
        self.assertEqual(
            (NOT_SUPPORTED, "Cannot change the type of volume 'disk-1' from "
             "'standard' to 'fast': its type is still 'standard'"),
            (error['type'], error['message']))
        # Untouched, so that the director may copy it.
        self.assertEqual(2, self.disk['size'])

    def test_retype_breaks_the_volume(self):
        self.cloud.status_after_action = 'error'
        error = self.refused('update_disk', 'disk-1', 4096, {'type': 'fast'})
        self.assertEqual(
            (CLOUD_ERROR, "Volume `disk-1' state is error, expected "
             'available'), (error['type'], error['message']))

    def test_retype_takes_a_while(self):
        self.cloud.status_after_action = 'retyping'
        self.clock.at(3, lambda: self.disk.update(status='available'))
        self.call('update_disk', 'disk-1', 2048, {'type': 'fast'})
        self.assertGreaterEqual(sum(self.clock.sleeps), 3)

    def test_volume_does_not_grow_after_all(self):
        self.cloud.extends = False
        error = self.refused('update_disk', 'disk-1', 4096, {'type': 'fast'})
        self.assertEqual(
            (CLOUD_ERROR, "Volume `disk-1' is of type 'fast' now, but has "
             "not become larger: Volume `disk-1' state is 2 GiB large, "
             'expected 4 GiB'), (error['type'], error['message']))
        self.cloud.extends = True
        self.cloud.bodies.clear()
        self.call('update_disk', 'disk-1', 4096, {'type': 'fast'})
        self.assertEqual([{'os-extend': {'new_size': 4}}], self.actions())

    @ddt.data(({'typ': 'fast'}, "did you mean 'type'?"),
              ({'type': 7}, "'type' must be a String"))
    @ddt.unpack
    def test_wrong_properties(self, properties, text):
        error = self.refused('update_disk', 'disk-1', 4096, properties)
        self.assertEqual('InvalidCall', error['type'])
        self.assertIn(text, error['message'])

    @ddt.data(*STATUSES)
    def test_one_request_fails(self, status):
        for effective in (False, True):
            for index in range(6):
                self.cloud.calls.clear()
                self.disk.update(size=2, volume_type='standard')
                self.cloud.fail_call(
                    index, fake_cloud.Fault(status, effective))
                reply = self.request(
                    'update_disk', 'disk-1', 4096, {'type': 'fast'})
                if (reply['error'] or {}).get('type') == NOT_SUPPORTED and (
                        not effective):
                    self.assertEqual(2, self.disk['size'])
                # It is repeatable in any case.
                self.cloud.heal()
                self.call('update_disk', 'disk-1', 4096, {'type': 'fast'})
                self.assertEqual((4, 'fast'), (
                    self.disk['size'], self.disk['volume_type']))
