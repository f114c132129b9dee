# SPDX-License-Identifier: Apache-2.0

import ddt

from cf_openstack.director import exceptions
from cf_openstack.director import snapshots
from tests.unit.director import base

PATH = '/deployments/cf/snapshots'
SNAPSHOT = {'job': 'database', 'index': 0, 'uuid': 'id-0',
            'snapshot_cid': 'snap-1', 'clean': False,
            'created_at': '2026-11-24 01:02:03 UTC'}


@ddt.ddt
class SnapshotsTest(base.DirectorTestCase):

    def test_list(self):
        self.stub('GET', PATH, [SNAPSHOT])
        self.assertEqual(
            [snapshots.Snapshot('snap-1', 'database', 0, 'id-0', 1795482123,
                                False)],
            self.director.snapshots.list('cf'))

    @ddt.data(('2026-11-24 01:02:03 +0000', 1795482123),
              ('2026-11-24T02:02:03+01:00', 1795482123),
              ('yesterday', None), (None, None))
    @ddt.unpack
    def test_times(self, text, seconds):
        self.stub('GET', PATH, [{**SNAPSHOT, 'created_at': text}])
        self.assertEqual(
            seconds, self.director.snapshots.list('cf')[0].created_at)

    def test_no_snapshot_at_all(self):
        self.stub('GET', PATH, [{'job': 'database'}])
        self.assertRaises(exceptions.DirectorError,
                          self.director.snapshots.list, 'cf')

    def test_take(self):
        posted = self.stub_task('POST', PATH)
        self.assertEqual(42, self.director.snapshots.take('cf'))
        self.assertIsNone(posted.last_request.body)

    def test_delete(self):
        self.stub_task('DELETE', f'{PATH}/snap-1')
        self.assertEqual(42, self.director.snapshots.delete('cf', 'snap-1'))

    @ddt.data((400, 70008), (404, 70000))
    @ddt.unpack
    def test_delete_what_is_gone(self, status, code):
        self.stub('DELETE', f'{PATH}/snap-1',
                  {'code': code, 'description': 'none'}, status_code=status)
        self.assertIsNone(self.director.snapshots.delete('cf', 'snap-1'))

    def test_delete_is_refused(self):
        self.stub('DELETE', f'{PATH}/snap-1',
                  {'code': 40000, 'description': 'no'}, status_code=400)
        self.assertRaises(exceptions.BadRequest,
                          self.director.snapshots.delete, 'cf', 'snap-1')
