# SPDX-License-Identifier: Apache-2.0

from typing import Any

from cf_openstack.leftovers import removal
from tests.unit.cpi import fake_cloud
from tests.unit.leftovers import case


class TestRemoval(case.LeftoverCase):

    def _remove(self, **scope: Any) -> list[removal.Result]:
        return list(removal.remove(
            self.conn, self.find(**scope), timeout=20))

    def _everything(self) -> None:
        pool = self.cloud.add_pool('http')['id']
        self.call('create_vm', *self.arguments(
            {'loadbalancer_pools': [{'name': 'http', 'port': 80}]}))
        self.cloud.add_member(
            pool, address='10.9.9.9', protocol_port=80,
            tags=self.origin().tags())
        marks = self.origin().metadata()
        volume = self.cloud.add_volume(metadata=marks)['id']
        self.cloud.add_snapshot(metadata=marks, volume_id=volume)
        self.cloud.add_port(
            network_id='n', fixed_ips=[], tags=self.origin().tags())
        self.cloud.images['i'] = {
            'id': 'i', 'name': 's/2', 'status': 'queued',
            'tags': self.origin().tags()}

    def test_everything_of_a_request(self):
        self._everything()
        done = self._remove(request_id=case.REQUEST)
        self.assertEqual(
            ['member', 'server', 'port', 'snapshot', 'volume', 'image'],
            [result.thing.kind for result in done])
        self.assertEqual([], [str(r) for r in done if not r.succeeded])
        self.assert_nothing_left()
        self.assertEqual({}, self.cloud.members)
        self.assertEqual({}, self.cloud.snapshots)
        self.assertEqual([], self.found(request_id=case.REQUEST))

    def test_twice(self):
        self._everything()
        found = self.find(request_id=case.REQUEST)
        for _ in range(2):
            for result in removal.remove(self.conn, found, timeout=20):
                self.assertTrue(result.succeeded, result)
        self.assert_nothing_left()

    def test_one_that_fails(self):
        self._everything()
        self.cloud.fail_route(
            'DELETE volume/snapshots', fake_cloud.Fault(403))
        done = self._remove(request_id=case.REQUEST)
        failed, = [result for result in done if not result.succeeded]
        self.assertEqual('snapshot', failed.thing.kind)
        self.assertIn('not removed: OpenStack API Forbidden', str(failed))
        self.assertEqual({}, self.cloud.servers)
        self.assertNotIn('i', self.cloud.images)

    def test_volume_that_does_not_settle(self):
        self.cloud.add_volume(
            metadata=self.origin().metadata(), status='creating')
        failed, = self._remove()
        self.assertIn("Timed out waiting for Volume", failed.failure)
        self.assertEqual(1, len(self.cloud.volumes))
