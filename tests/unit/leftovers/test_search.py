# SPDX-License-Identifier: Apache-2.0

from typing import Any

import ddt

from cf_openstack.leftovers import search
from tests.unit.leftovers import case


@ddt.ddt
class TestSearch(case.LeftoverCase):

    def _volume(self, **more: Any) -> str:
        return self.cloud.add_volume(**{
            'metadata': self.origin().metadata()} | more)['id']

    def _port(self, **more: Any) -> str:
        return self.cloud.add_port(**{
            'network_id': 'n', 'tags': self.origin().tags(),
            'fixed_ips': [{'ip_address': '10.0.0.9', 'subnet_id': 's'}],
        } | more)['id']

    def _image(self, status: str) -> str:
        self.cloud.images['i'] = {
            'id': 'i', 'name': 's/2', 'status': status,
            'tags': self.origin().tags()}
        return 'i'

    def _vm(self) -> str:
        return self.call('create_vm', *self.arguments())[0]

    def test_neither_director_nor_request(self):
        self.assertRaises(search.ScopeInvalid, search.Scope)

    def test_an_empty_cloud(self):
        self.assertEqual([], self.found())

    def test_what_others_made(self):
        self.cloud.add_volume(status='error')
        self._volume(status='error', metadata=self.origin(
            director_uuid='another').metadata())
        self._port(tags=[])
        self.assertEqual([], self.found())

    @ddt.data(
        ('creating', True), ('error', True), ('error_deleting', True),
        ('available', False), ('deleting', False))
    @ddt.unpack
    def test_volumes_of_a_director(self, status, found):
        volume = self._volume(status=status)
        self.assertEqual(
            [('volume', volume)] if found else [], self.found())

    @ddt.data(
        ('queued', True), ('saving', True), ('active', False),
        ('deactivated', False))
    @ddt.unpack
    def test_images_of_a_director(self, status, found):
        image = self._image(status)
        self.assertEqual(
            [('image', image)] if found else [], self.found())

    def test_ports(self):
        free = self._port()
        orphan = self._port(device_id='gone', device_owner='compute:az1')
        vm = self._vm()
        self.assertEqual(
            {('port', free), ('port', orphan)}, set(self.found()))
        self.assertEqual(1, len([
            port for port in self.cloud.ports.values()
            if port['device_id'] == vm]))

    def test_port_that_has_no_tags_yet(self):
        port = self._port(
            tags=[], description=' '.join(self.origin().tags()))
        self.assertEqual([('port', port)], self.found(
            request_id=case.REQUEST))

    def test_snapshots(self):
        snapshot = self.cloud.add_snapshot(
            metadata=self.origin().metadata() | {'director': 'd'})['id']
        self.assertEqual([], self.found())
        self.assertEqual([('snapshot', snapshot)], self.found(
            request_id=case.REQUEST))

    def test_servers(self):
        vm = self._vm()
        self.assertEqual([], self.found())
        for status in ('BUILD', 'ERROR'):
            self.cloud.servers[vm]['status'] = status
            self.assertEqual([('server', vm)], self.found())
        # The director knows it, so it is not ours to judge.
        self.call('set_vm_metadata', vm, {'director': 'd', 'job': 'api'})
        self.assertEqual([], self.found())
        self.assertEqual([], self.found(request_id=case.REQUEST))

    def test_everything_of_a_request(self):
        vm, image = self._vm(), self._image('active')
        volume = self._volume()
        self.assertEqual(
            [('server', vm), ('volume', volume), ('image', image)],
            self.found(request_id=case.REQUEST))
        self.assertEqual([], self.found(request_id='cpi-000000'))

    def test_disk_in_use(self):
        vm = self._vm()
        self._volume(attachments=[{'server_id': vm}])
        self.assertEqual([('server', vm)], self.found(
            request_id=case.REQUEST))

    def test_disk_in_use_by_a_server_that_goes(self):
        vm = self._vm()
        volume = self._volume(attachments=[{'server_id': vm}])
        self.assertEqual(
            [('server', vm), ('volume', volume)],
            self.found(known_cids=frozenset()))
        self.assertEqual([], self.found(known_cids=frozenset([vm])))
        self.assertEqual([('server', vm)], self.found(
            known_cids=frozenset([volume])))

    def test_disk_the_director_knows(self):
        self._volume(metadata=self.origin().metadata() | {
            'director': 'd', 'attached_at': '2026'})
        self.assertEqual([], self.found(request_id=case.REQUEST))

    def test_known_cids(self):
        vm, image = self._vm(), self._image('active')
        volume = self._volume(metadata=self.origin().metadata() | {
            'director': 'd'})
        self._port(device_id=vm)
        every = frozenset((vm, image, volume))
        self.assertEqual([], self.found(known_cids=every))
        self.assertEqual([('volume', volume)], self.found(
            known_cids=every - {volume}))
        self.assertEqual([('server', vm)], self.found(
            known_cids=every - {vm}))

    def test_members_of_pools(self):
        pool = self.cloud.add_pool('http')['id']
        vm = self._vm()
        used, = self.cloud.ports.values()
        tags = self.origin().tags()
        self.cloud.add_member(
            pool, tags=tags, address='10.0.0.10', protocol_port=80,
            subnet_id=used['fixed_ips'][0].get('subnet_id', 'subnet-1'))
        left = self.cloud.add_member(
            pool, tags=tags, address='10.0.0.77', protocol_port=80)
        self.cloud.add_member(pool, address='10.0.0.78', protocol_port=80)
        self.assertEqual([('member', left['id'])], self.found())
        self.assertIn(vm, self.cloud.servers)
        self.assertEqual(pool, self.find()[0].parent)

    def test_managed_networks(self):
        self.cloud.found_networks = [{
            'id': 'n', 'name': 'bosh-n', 'status': 'ACTIVE',
            'tags': self.origin().tags()}]
        self.assertEqual([], self.found())
        for scope in ({'request_id': case.REQUEST},
                      {'known_cids': frozenset()}):
            self.assertEqual([('network', 'n')], self.found(**scope))

    def test_age(self):
        self._volume(status='error')
        self.assertEqual(1, len(self.found(older_than=3600)))
        self._port(created_at='2999-01-01T00:00:00Z')
        self.assertEqual(1, len(self.found(older_than=3600)))
        self.assertEqual(2, len(self.found()))

    def test_no_age_is_no_old_age(self):
        self._port()
        self.assertEqual([], self.found(older_than=1))

    def test_order(self):
        self._image('queued')
        self._volume(status='error')
        self._port()
        self.assertEqual(['port', 'volume', 'image'], [
            thing.kind for thing in self.find()])

    def test_director_with_characters_that_tags_may_not_have(self):
        self._port(tags=self.origin(director_uuid='a/b,c').tags())
        self.assertEqual(1, len(self.found(director_uuid='a/b,c')))
