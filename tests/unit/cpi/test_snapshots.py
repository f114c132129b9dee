# SPDX-License-Identifier: Apache-2.0
"""snapshot_disk and delete_snapshot."""

from typing import Any

import ddt

from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud

METADATA = {
    'deployment': 'cf', 'job': 'db', 'index': 0, 'instance_id': 'uuid-1',
    'agent_id': 'agent-1', 'director_name': 'Director',
    'director_uuid': 'dir-1', 'team': 'storage',
}
OURS = {
    'bosh_director_uuid': 'dir-1', 'bosh_request_id': 'cpi-123456',
    'bosh_deployment': 'cf',
}
STATUSES = (400, 403, 404, 413, 500, 503, None)


@ddt.ddt
class TestSnapshotDisk(base.MethodTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.config = self.write_config(state_timeout=20)
        self.disk = self.cloud.add_volume(id='disk-1')

    def _posted(self) -> dict[str, Any]:
        return self.cloud.body('POST volume/snapshots')['snapshot']

    def test_body(self):
        cid = self.call('snapshot_disk', 'disk-1', METADATA)
        self.assertEqual([cid], list(self.cloud.snapshots))
        body = self._posted()
        self.assertRegex(body.pop('name'), '^snapshot-[0-9a-f-]{36}$')
        self.assertEqual({
            'volume_id': 'disk-1', 'force': True,
            'description': 'cf/db/0',
            'metadata': OURS | {
                'deployment': 'cf', 'instance_id': 'uuid-1',
                'agent_id': 'agent-1', 'director_uuid': 'dir-1',
                'team': 'storage', 'director': 'Director',
                'instance_index': '0', 'instance_name': 'db/uuid-1',
            }}, body)

    def test_attached(self):
        self.disk.update(status='in-use', attachments=[
            {'server_id': 'vm-1', 'device': '/dev/vdc'}])
        self.call('snapshot_disk', 'disk-1', METADATA)
        self.assertEqual('cf/db/0/vdc', self._posted()['description'])

    @ddt.data(
        ({'deployment': 'cf', 'job': None, 'index': None}, 'cf',
         {'deployment': 'cf', 'bosh_deployment': 'cf'}),
        ({'job': None, 'instance_id': 'uuid-1', 'index': 1}, '1',
         {'instance_id': 'uuid-1', 'instance_name': 'uuid-1',
          'instance_index': '1'}),
        ({'job': 'db', 'instance_id': None}, 'db',
         {'instance_name': 'db'}),
        ({'a,b': 'c', '': 'd', 'e': {'f': 1}}, '',
         {'a_b': 'c', 'e': '{"f": 1}'}),
        ({}, '', {}), (None, '', {}),
    )
    @ddt.unpack
    def test_little_metadata(self, given, description, expected):
        self.call('snapshot_disk', 'disk-1', given)
        body = self._posted()
        self.assertEqual(description, body['description'])
        ours = {key: value for key, value in OURS.items()
                if key != 'bosh_deployment'}
        self.assertEqual(ours | expected, body['metadata'])

    def test_absent(self):
        error = self.refused('snapshot_disk', 'gone', METADATA)
        self.assertEqual('Bosh::Clouds::DiskNotFound', error['type'])
        self.assertEqual("Volume `gone' not found", error['message'])

    @ddt.data('error', 'reserved', 'maintenance', 'deleting')
    def test_state_that_allows_none(self, status):
        self.disk['status'] = status
        error = self.refused('snapshot_disk', 'disk-1', METADATA)
        self.assertEqual(
            ('Bosh::Clouds::CloudError',
             "Cannot take a snapshot of volume `disk-1', state is "
             + status), (error['type'], error['message']))

    @ddt.data('extending', 'detaching', 'backing-up')
    def test_state_that_passes(self, status):
        self.disk['status'] = status
        self.clock.at(3, lambda: self.disk.update(status='available'))
        self.call('snapshot_disk', 'disk-1', METADATA)
        self.assertEqual(1, len(self.cloud.snapshots))

    def test_snapshot_in_error(self):
        self.cloud.snapshot_status = 'error'
        error = self.refused('snapshot_disk', 'disk-1', METADATA)
        self.assertRegex(
            error['message'],
            "^Snapshot `.*' state is error, expected available$")
        self.assertEqual({}, self.cloud.snapshots)

    def test_snapshot_that_takes_too_long(self):
        self.cloud.snapshot_status = 'creating'
        # While it is undone it is ready after all.
        self.clock.at(25, lambda: [
            snapshot.update(status='available')
            for snapshot in self.cloud.snapshots.values()])
        error = self.refused('snapshot_disk', 'disk-1', METADATA)
        self.assertIn('Timed out waiting for Snapshot', error['message'])
        self.assertEqual({}, self.cloud.snapshots)

    def test_lost_answer(self):
        self.cloud.fail_route(
            'POST volume/snapshots', fake_cloud.Fault(None, effective=True))
        cid = self.call('snapshot_disk', 'disk-1', METADATA)
        self.assertEqual([cid], list(self.cloud.snapshots))

    @ddt.data(*STATUSES)
    def test_one_request_fails(self, status):
        for effective in (False, True):
            for index in range(4):
                self.cloud.calls.clear()
                self.cloud.snapshots.clear()
                self.cloud.heal()
                self.cloud.fail_call(
                    index, fake_cloud.Fault(status, effective))
                reply = self.request('snapshot_disk', 'disk-1', METADATA)
                self.assertEqual(
                    [reply['result']] if reply['error'] is None else [],
                    list(self.cloud.snapshots),
                    f'{status} for {self.cloud.calls[index]}')

    def test_budget_of_requests(self):
        self.call('snapshot_disk', 'disk-1', METADATA)
        # Token, volume, snapshot, one poll.
        self.assertLessEqual(len(self.cloud.calls), 4)


@ddt.ddt
class TestDeleteSnapshot(base.MethodTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.config = self.write_config(state_timeout=20)
        self.snapshot = self.cloud.add_snapshot(id='snap-1')

    @ddt.data('available', 'error')
    def test_delete(self, status):
        self.snapshot['status'] = status
        self.call('delete_snapshot', 'snap-1')
        self.assertEqual({}, self.cloud.snapshots)
        self.call('delete_snapshot', 'snap-1')

    def test_budget_of_requests(self):
        self.call('delete_snapshot', 'snap-1')
        # Token, discovery, snapshot, deletion, one poll.
        self.assertLessEqual(len(self.cloud.calls), 4)

    @ddt.data('backing-up', 'creating', 'restoring')
    def test_state_that_passes(self, status):
        self.snapshot['status'] = status
        self.clock.at(3, lambda: self.snapshot.update(status='available'))
        self.call('delete_snapshot', 'snap-1')
        self.assertEqual({}, self.cloud.snapshots)

    def test_state_that_lasts(self):
        self.snapshot['status'] = 'backing-up'
        error = self.refused('delete_snapshot', 'snap-1')
        self.assertIn('its state is backing-up', error['message'])

    def test_another_state(self):
        self.snapshot['status'] = 'reserved'
        error = self.refused('delete_snapshot', 'snap-1')
        self.assertEqual(
            ('Bosh::Clouds::CloudError',
             "Cannot delete snapshot `snap-1', state is reserved"),
            (error['type'], error['message']))

    def test_deleted_by_somebody_else(self):
        self.snapshot['status'] = 'deleting'
        self.clock.at(3, self.cloud.snapshots.clear)
        self.call('delete_snapshot', 'snap-1')

    def test_deletion_that_fails(self):
        self.snapshot['status'] = 'deleting'
        self.clock.at(
            3, lambda: self.snapshot.update(status='error_deleting'))
        error = self.refused('delete_snapshot', 'snap-1')
        self.assertEqual(
            "Snapshot `snap-1' state is error_deleting, expected deleted",
            error['message'])

    @ddt.data('', 'a/b', '../volumes', None, 7)
    def test_no_cid(self, cid):
        error = self.refused('delete_snapshot', cid)
        self.assertEqual('InvalidCall', error['type'])
        self.assertIn("'snapshot_cid'", error['message'])

    @ddt.data(500, 503, None)
    def test_one_request_fails(self, status):
        for effective in (False, True):
            for index in range(4):
                self.cloud.calls.clear()
                self.cloud.add_snapshot(id='snap-1')
                self.cloud.fail_call(
                    index, fake_cloud.Fault(status, effective))
                self.call('delete_snapshot', 'snap-1')
                self.assertEqual({}, self.cloud.snapshots)
