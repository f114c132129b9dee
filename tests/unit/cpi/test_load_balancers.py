# SPDX-License-Identifier: Apache-2.0
"""Pools of load balancers: joined by create_vm, left by delete_vm."""

import itertools
from typing import Any

import ddt

from tests.unit.cpi import base
from tests.unit.cpi import create_vm_case
from tests.unit.cpi import fake_cloud

OCTAVIA = 'load-balancer/'

#: In how many tests the requests are shared out, to keep each short.
PARTS = 4


class PoolCase(create_vm_case.CreateVmCase):

    def setUp(self) -> None:
        super().setUp()
        self.config = self.write_config(state_timeout=20)
        self.http = self.cloud.add_pool('http')

    def create(
        self, *pools: dict[str, Any],
        networks: dict[str, Any] | None = None,
    ) -> str:
        cid, _networks = self.call('create_vm', *self.arguments(
            {'loadbalancer_pools': list(pools)}, networks))
        return cid

    def not_created(
        self, *pools: Any, networks: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        error = self.refused('create_vm', *self.arguments(
            {'loadbalancer_pools': list(pools)}, networks))
        self.assert_nothing_left()
        self.assertEqual({}, self.cloud.members)
        return error

    def asked(self) -> list[str]:
        """The requests to Octavia."""
        return [call for call in self.cloud.calls if OCTAVIA in call]


@ddt.ddt
class TestJoin(PoolCase):

    def test_member(self):
        cid = self.create(
            {'name': 'http', 'port': 80, 'monitoring_port': 8080})
        member, = self.cloud.members.values()
        name = self.posted()['name']
        self.assertEqual({
            'id': member['id'], 'pool': self.http['id'],
            'name': f'bosh-{name}-1', 'address': '10.0.0.10',
            'protocol_port': 80, 'monitor_port': 8080,
            'subnet_id': 'subnet-1', 'tags': [
                'bosh_director_uuid=dir-1', 'bosh_request_id=cpi-123456',
                'bosh_deployment=dep'],
        }, member)
        metadata = self.cloud.servers[cid]['metadata']
        self.assertEqual(
            f"{self.http['id']}/{member['id']}", metadata['lbaas_pool_1'])

    def test_requests(self):
        self.create({'name': 'http', 'port': 80})
        pool = f"{OCTAVIA}lbaas/pools/{self.http['id']}/members"
        # The second look finds the load balancer active again.
        self.assertEqual([
            f'GET {OCTAVIA}lbaas/pools', f'POST {pool}',
            f'GET {OCTAVIA}lbaas/loadbalancers/lb-1',
            f'GET {OCTAVIA}lbaas/loadbalancers/lb-1'], self.asked())
        self.assertNotIn('monitor_port', self.cloud.body(
            f'POST {pool}')['member'])

    def test_planned_from_birth(self):
        self.create({'name': 'http', 'port': 80})
        metadata = self.posted()['metadata']
        self.assertEqual(
            f"{self.http['id']}/80", metadata['bosh_lb_pool_1'])
        self.assertNotIn('lbaas_pool_1', metadata)

    def test_several_pools(self):
        # Two of them belong to one load balancer, which is busy when the
        # second is to be joined.
        https = self.cloud.add_pool('https')
        other = self.cloud.add_pool('other', 'lb-2')
        cid = self.create(
            {'name': 'http', 'port': 80}, {'name': 'https', 'port': 443},
            {'name': 'other', 'port': 22}, {'name': 'http', 'port': 8080})
        metadata = self.cloud.servers[cid]['metadata']
        self.assertEqual(
            [self.http['id'], https['id'], other['id'], self.http['id']],
            [metadata[f'lbaas_pool_{number}'].split('/')[0]
             for number in range(1, 5)])
        # Each pool is looked for once.
        self.assertEqual(3, self.asked().count(f'GET {OCTAVIA}lbaas/pools'))
        self.assertEqual(4, len(self.cloud.members))

    def test_same_pool_twice(self):
        self.create(*[{'name': 'http', 'port': 80}] * 2)
        self.assertEqual(1, len(self.cloud.members))

    def test_by_id(self):
        other = self.cloud.add_pool('http', 'lb-2')
        cid = self.create(
            {'id': other['id'], 'port': 80},
            {'id': self.http['id'], 'name': 'http', 'port': 80})
        metadata = self.cloud.servers[cid]['metadata']
        self.assertEqual(
            [other['id'], self.http['id']],
            [metadata[f'lbaas_pool_{number}'].split('/')[0]
             for number in (1, 2)])

    def test_no_such_id(self):
        error = self.not_created({'id': 'gone', 'port': 80})
        self.assertIn("Load balancer pool 'gone' does not exist",
                      error['message'])

    def test_no_pool_no_octavia(self):
        self.cloud.absent.add('load-balancer')
        for pools in ([], None):
            cid, _networks = self.call('create_vm', *self.arguments(
                {'loadbalancer_pools': pools}))
            self.call('delete_vm', cid)
        self.assertEqual([], self.asked())
        self.assertFalse([key for key in self.posted()['metadata']
                          if 'pool' in key])

    def test_cloud_without_octavia(self):
        self.cloud.absent.add('load-balancer')
        error = self.not_created({'name': 'http', 'port': 80})
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertFalse(error['ok_to_retry'])
        self.assertRegex(
            error['message'],
            "^VM with id '.*' cannot be attached to load balancer pool "
            "'http'. Reason: There is no load balancer service")

    @ddt.data(
        ({'port': 80}, 'Load balancer pool defined without a name'),
        ({'name': '', 'port': 80},
         'Load balancer pool defined without a name'),
        ({'name': 'http'},
         "Load balancer pool 'http' has no port definition"),
        ({'name': 'none', 'port': 80},
         "Load balancer pool 'none' does not exist"),
        ({'name': 'twice', 'port': 80},
         "Load balancer pool 'twice' exists multiple times. Make sure to "
         'use unique naming.'),
    )
    @ddt.unpack
    def test_mistakes(self, pool, reason):
        for _number in range(2):
            self.cloud.add_pool('twice')
        error = self.not_created(pool)
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertFalse(error['ok_to_retry'])
        self.assertRegex(
            error['message'],
            "^VM with id 'vm-[0-9a-f-]+' cannot be attached to load "
            f"balancer pool '{pool.get('name', '')}'. Reason: {reason}$")
        self.assertFalse([call for call in self.cloud.calls
                          if call.startswith('POST network')])

    @ddt.data(
        ('x', "'loadbalancer_pools' must be an Array"),
        ({'name': 'http'}, "'loadbalancer_pools' must be an Array"),
        (['http'], r"'loadbalancer_pools\[0\]' must be a Hash"),
        ([{'name': 7, 'port': 1}],
         r"'loadbalancer_pools\[0\].name' must be a String"),
        ([{'name': 'http', 'port': '80'}],
         r"'loadbalancer_pools\[0\].port' must be a positive Integer"),
        ([{'name': 'http', 'port': True}], r'\[0\].port'),
        ([{'name': 'http', 'port': 0}], r'\[0\].port'),
        ([{'name': 'http', 'port': 80.5}], r'\[0\].port'),
        ([{'name': 'http', 'port': 65536}],
         r"'loadbalancer_pools\[0\].port' must be a port, from 1 to 65535, "
         'got: 65536'),
        ([{'name': 'http', 'port': 1},
          {'name': 'http', 'port': 1, 'monitoring_port': '1'}],
         r"'loadbalancer_pools\[1\].monitoring_port' must be"),
        ([{'name': 'http', 'port': 1, 'monitoring_port': 70000}],
         'monitoring_port'),
        ([{'name': 'http', 'prot': 1}], r"did you mean .*\[0\].port"),
    )
    @ddt.unpack
    def test_wrong_types(self, pools, message):
        error = self.refused('create_vm', *self.arguments(
            {'loadbalancer_pools': pools}))
        self.assertEqual('InvalidCall', error['type'])
        self.assertRegex(error['message'], message)
        self.assertEqual([], self.cloud.calls)

    @ddt.data(
        ([], [], 'belongs to no load balancer and to 0 listeners'),
        ([], ['listener-1', 'listener-2'], 'and to 2 listeners'),
        (['lb-1', 'lb-2'], [], 'belongs to 2 load balancers'),
    )
    @ddt.unpack
    def test_not_one_load_balancer(self, balancers, listeners, reason):
        self.http['loadbalancers'] = [{'id': cid} for cid in balancers]
        self.http['listeners'] = [{'id': cid} for cid in listeners]
        error = self.not_created({'name': 'http', 'port': 80})
        self.assertIn(reason, error['message'])
        self.assertFalse(error['ok_to_retry'])

    def test_load_balancer_of_the_listener(self):
        self.http['loadbalancers'] = []
        self.http['listeners'] = [{'id': 'listener-1'}]
        self.create({'name': 'http', 'port': 80})
        self.assertEqual(1, len(self.cloud.members))

    def test_dynamic_network(self):
        dynamic = {'type': 'dynamic', 'cloud_properties': {
            'net_id': fake_cloud.NET_ID}}
        self.cloud.addresses_of_nova = ['2001:db8::5', '10.0.0.77']
        self.create({'name': 'http', 'port': 80}, networks={'d': dynamic})
        member, = self.cloud.members.values()
        self.assertEqual('10.0.0.77', member['address'])
        self.assertEqual('subnet-1', member['subnet_id'])

    def test_dynamic_gateway_among_several(self):
        self.config = self.write_config(
            use_dhcp=False, config_drive='cdrom')
        dynamic = {'type': 'dynamic', 'default': ['gateway'],
                   'cloud_properties': {'net_id': fake_cloud.OTHER_NET_ID}}
        error = self.not_created(
            {'name': 'http', 'port': 80},
            networks={'d': dynamic, 'm': base.manual() | {'default': []}})
        self.assertIn('Reason: Gateway IP address could not be determined',
                      error['message'])

    def test_gateway_network_of_several(self):
        self.config = self.write_config(
            use_dhcp=False, config_drive='cdrom')
        other = base.manual('10.1.0.9', net_id=fake_cloud.OTHER_NET_ID)
        self.create({'name': 'http', 'port': 80}, networks={
            'a': base.manual() | {'default': ['dns']},
            'b': other | {'default': ['gateway']}})
        member, = self.cloud.members.values()
        self.assertEqual('10.1.0.9', member['address'])

    def test_member_that_is_there(self):
        there = self.cloud.add_member(
            self.http['id'], address='10.0.0.10', protocol_port=80)
        cid = self.create({'name': 'http', 'port': 80})
        self.assertEqual([there['id']], list(self.cloud.members))
        self.assertEqual(
            f"{self.http['id']}/{there['id']}",
            self.cloud.servers[cid]['metadata']['lbaas_pool_1'])

    def test_member_in_another_subnet(self):
        there = self.cloud.add_member(
            self.http['id'], address='10.0.0.10', protocol_port=80,
            subnet_id='subnet-2')
        error = self.refused('create_vm', *self.arguments(
            {'loadbalancer_pools': [{'name': 'http', 'port': 80}]}))
        self.assertIn("in subnet 'subnet-2' already", error['message'])
        self.assertFalse(error['ok_to_retry'])
        self.assert_nothing_left()
        # It is not this VM's.
        self.assertEqual([there['id']], list(self.cloud.members))

    def test_load_balancer_that_is_busy(self):
        self.cloud.busy['lb-1'] = 3
        self.create({'name': 'http', 'port': 80})
        self.assertEqual(1, len(self.cloud.members))

    def test_load_balancer_that_stays_busy(self):
        self.cloud.busy['lb-1'] = 10 ** 6
        error = self.not_created({'name': 'http', 'port': 80})
        self.assertRegex(
            error['message'],
            "^VM with id '[0-9a-f-]+' cannot be attached to load balancer "
            "pool 'http'. Reason: Timed out waiting for Load balancer "
            "`lb-1' to be active: after 2[0-9] seconds its state is "
            'pending_update$')
        self.assertTrue(error['ok_to_retry'])

    def test_load_balancer_in_error(self):
        self.cloud.balancers['lb-1'] = 'ERROR'
        error = self.not_created({'name': 'http', 'port': 80})
        self.assertIn("Load balancer `lb-1' state is error, expected active",
                      error['message'])
        self.assertFalse(error['ok_to_retry'])

    def test_quota(self):
        self.cloud.fail_route('POST load-balancer', fake_cloud.Fault(403))
        error = self.not_created({'name': 'http', 'port': 80})
        self.assertIn('Reason: OpenStack API Forbidden', error['message'])
        self.assertFalse(error['ok_to_retry'])

    def test_metadata_that_cannot_be_written(self):
        self.cloud.fail_route('POST compute/servers/.*/metadata',
                              fake_cloud.Fault(403))
        error = self.not_created({'name': 'http', 'port': 80})
        self.assertEqual('Bosh::Clouds::VMCreationFailed', error['type'])
        self.assertTrue(error['ok_to_retry'])

    def test_later_pool_fails(self):
        last = self.cloud.add_pool('last', 'lb-2')
        self.cloud.fail_route(
            f"POST load-balancer/lbaas/pools/{last['id']}",
            fake_cloud.Fault(400))
        error = self.not_created(
            {'name': 'http', 'port': 80}, {'name': 'last', 'port': 80})
        self.assertIn("pool 'last'", error['message'])


@ddt.ddt
class TestFaults(PoolCase):
    """Each request of a create_vm with two pools fails in turn."""

    POOLS = ({'name': 'http', 'port': 80}, {'name': 'https', 'port': 443})

    def setUp(self) -> None:
        super().setUp()
        self.cloud.add_pool('https')

    def _start_anew(self) -> None:
        self.cloud.heal()
        self.cloud.calls.clear()
        self.cloud.servers.clear()
        self.cloud.ports.clear()
        self.cloud.members.clear()
        self.cloud.busy.clear()

    @ddt.data(*itertools.product(
        ((403, False), (409, False), (500, False), (500, True),
         (None, False), (None, True)), range(PARTS)))
    @ddt.unpack
    def test_one_request_fails(self, fault, part):
        status, effective = fault
        self.create(*self.POOLS)
        calls = list(self.cloud.calls)
        first = next(index for index, call in enumerate(calls)
                     if OCTAVIA in call)
        for index in range(first + part, len(calls), PARTS):
            self._start_anew()
            self.cloud.fail_call(index, fake_cloud.Fault(status, effective))
            reply = self.request('create_vm', *self.arguments(
                {'loadbalancer_pools': list(self.POOLS)}))
            if reply['error'] is None:
                cid, = self.cloud.servers
                self.assertEqual(2, len(self.cloud.members), calls[index])
                self.call('delete_vm', cid)
            self.assert_nothing_left()
            self.assertEqual({}, self.cloud.members, calls[index])
            if status is None:
                self.assertIsNone(reply['error'], calls[index])

    def test_killed_before_the_metadata_was_written(self):
        self.create(*self.POOLS)
        (cid, server), = self.cloud.servers.items()
        for key in ('lbaas_pool_1', 'lbaas_pool_2'):
            del server['metadata'][key]
        server['name'] = 'api/0'
        others = self.cloud.add_member(
            self.http['id'], address='10.0.0.11', protocol_port=80)
        self.call('delete_vm', cid)
        self.assertEqual([others['id']], list(self.cloud.members))
        self.assert_nothing_left()


@ddt.ddt
class TestLeave(PoolCase):
    """delete_vm; the metadata are those of any CPI."""

    def setUp(self) -> None:
        super().setUp()
        self.member = self.cloud.add_member(
            self.http['id'], address='10.0.0.10', protocol_port=80)
        self.pair = f"{self.http['id']}/{self.member['id']}"

    def _server(self, **metadata: str) -> None:
        self.cloud.add_server('vm-1', metadata=metadata)

    def test_members(self):
        second = self.cloud.add_member(
            self.http['id'], address='10.0.0.10', protocol_port=443)
        others = self.cloud.add_member(
            self.http['id'], address='10.0.0.11', protocol_port=80)
        self._server(lbaas_pool_1=self.pair,
                     lbaas_pool_2=f"{self.http['id']}/{second['id']}")
        self.call('delete_vm', 'vm-1')
        self.assertEqual([others['id']], list(self.cloud.members))
        self.assertEqual({}, self.cloud.servers)

    @ddt.data('member', 'pool')
    def test_absent(self, what):
        self._server(lbaas_pool_1=self.pair)
        if what == 'member':
            self.cloud.members.clear()
        else:
            self.cloud.pools.clear()
        self.call('delete_vm', 'vm-1')
        self.assertEqual({}, self.cloud.servers)

    def test_absent_pool_of_a_vm_that_never_joined(self):
        self._server(bosh_lb_pool_1='gone/80')
        self.call('delete_vm', 'vm-1')
        self.assertEqual({}, self.cloud.servers)

    def test_by_address(self):
        # It was there before the VM was and does not bear its name.
        self._server(bosh_lb_pool_1=f"{self.http['id']}/80")
        self.cloud.servers['vm-1']['addresses'] = {
            'net': [{'addr': '10.0.0.10', 'version': 4}]}
        self.call('delete_vm', 'vm-1')
        self.assertEqual({}, self.cloud.members)

    def test_octavia_is_gone(self):
        self.cloud.absent.add('load-balancer')
        self._server(lbaas_pool_1=self.pair)
        self.call('delete_vm', 'vm-1')
        self.assertEqual({}, self.cloud.servers)
        self.assertIn('went with the load balancer service', self.log())

    def test_busy_load_balancer(self):
        self.cloud.busy['lb-1'] = 3
        self._server(lbaas_pool_1=self.pair)
        self.call('delete_vm', 'vm-1')
        self.assertEqual({}, self.cloud.members)

    def test_immutable_load_balancer(self):
        self.cloud.balancers['lb-1'] = 'ERROR'
        self._server(lbaas_pool_1=self.pair)
        error = self.refused('delete_vm', 'vm-1')
        self.assertEqual('Bosh::Clouds::CloudError', error['type'])
        self.assertTrue(error['message'].startswith(
            'Removing lbaas pool memberships: Member '
            f"'{self.member['id']}' cannot be removed from pool "
            f"'{self.http['id']}'"), error['message'])
        self.assertIn('Load Balancer lb-1 is immutable', error['message'])
        # Kept, not raised: the VM itself is gone.
        self.assertEqual({}, self.cloud.servers)

    def test_errors_are_collected(self):
        self._server(lbaas_pool_1=self.pair, lbaas_pool_2=self.pair)
        self.cloud.add_port(network_id='n', fixed_ips=[], device_id='vm-1')
        self.cloud.fail_route('DELETE (load|network)', fake_cloud.Fault(403))
        lines = self.refused('delete_vm', 'vm-1')['message'].splitlines()
        self.assertEqual('Multiple cloud errors occurred:', lines[0])
        self.assertEqual(
            2, sum(line.startswith('Removing lbaas pool memberships: ')
                   for line in lines))
        self.assertEqual(
            1, sum(line.startswith('Removing ports: ') for line in lines))

    @ddt.data('x', 'a/b/c', '../servers/1', '/', 'a/', '')
    def test_metadata_of_others(self, value):
        self._server(lbaas_pool_1=value, lbaas_pool_x=self.pair,
                     my_lbaas_pool_1=self.pair)
        self.call('delete_vm', 'vm-1')
        self.assertEqual([], self.asked())
        self.assertIn('name no pool and member', self.log())
