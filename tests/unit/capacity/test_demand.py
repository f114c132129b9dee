# SPDX-License-Identifier: Apache-2.0

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base as test_base

from cf_openstack.capacity import amounts
from cf_openstack.capacity import demand
from cf_openstack.capacity import need
from tests.unit.capacity import base

R = amounts.Resource
SWAP = {'vm_strategy': 'create-swap-delete'}


def with_source(*groups, **values):
    return need.calculate(base.source(base.manifest(*groups, **values)),
                          base.config(), base.FLAVORS)


def instances(wanted, deployed=None):
    """How many VMs there are in each phase."""
    return [(phase.name, phase.takes[R('instances')])
            for phase in demand.of(wanted, deployed).phases]


def beyond(kind, wanted, *deployed, name=''):
    return demand.of(wanted, *deployed).beyond[R(kind, name)]


@ddt.ddt
class TestFirstDeploy(test_base.BaseTestCase):

    def test_phases(self):
        self.assertEqual([
            ('compilation', 3), ('creation', 4), ('update', 4),
            ('update', 4), ('running', 4), ('next compilation', 7),
            ('next update', 4), ('errands', 5)],
            instances(with_source(
                base.group('a', 3), base.group('b', 1),
                base.group('e', 1, lifecycle='errand'))))

    def test_phases_do_not_add_up(self):
        wanted = with_source(base.group('a', 3), base.group(
            'e', 2, lifecycle='errand'))
        found = demand.of(wanted)
        self.assertEqual(6, found.peak[R('instances')])
        self.assertEqual('next compilation',
                         found.highest_in(R('instances')))

    def test_addresses_of_errands(self):
        wanted = base.needed(
            base.group('a', 1, azs=['z1']),
            base.group('e', 2, azs=['z1'], lifecycle='errand'))
        self.assertEqual(3, beyond('addresses', wanted,
                                   name='default 10.0.1.0/28'))

    @ddt.data(
        # The director makes all new VMs at the start
        ({'update': SWAP}, 10),
        ({'update': {**SWAP, 'max_in_flight': 1}}, 10),
        ({'update': {**SWAP, 'serial': False}}, 10),
        ({'update': {'max_in_flight': '100%'}}, 5),
    )
    @ddt.unpack
    def test_next_update(self, values, expected):
        wanted = base.needed(base.group('a', 3), base.group('b', 2),
                             **values)
        self.assertEqual(('next update', expected), instances(wanted)[-2])

    def test_one_group_swaps(self):
        wanted = base.needed(base.group('a', 3, update=SWAP),
                             base.group('b', 2))
        self.assertEqual(('next update', 8), instances(wanted)[-2])

    @ddt.data(
        # 4 + 2 VMs, of which so many are replaced at once
        ({}, 1), ({'max_in_flight': 3}, 3), ({'max_in_flight': '50%'}, 2),
        ({'max_in_flight': '50%', 'serial': False}, 3),
        ({'max_in_flight': 9, 'serial': False}, 6),
        ({'canaries': 4}, 1))
    @ddt.unpack
    def test_boot_volumes_that_are_not_gone_yet(self, update, expected):
        wanted = base.needed(
            base.group('a', 4, vm_extensions=['root']),
            base.group('b', 2, vm_extensions=['root']), update=update)
        self.assertEqual(6 + expected, beyond('volumes', wanted,
                                              name='fast'))
        self.assertEqual(20 * (6 + expected),
                         beyond('gigabytes', wanted, name='fast'))


@ddt.ddt
class TestUpdate(test_base.BaseTestCase):

    def test_nothing_changes(self):
        wanted = base.needed(base.group('a', 3, persistent_disk=1024))
        self.assertEqual({}, dict(demand.of(
            wanted, demand.Deployed(wanted)).beyond))

    def test_compilation_is_on_top(self):
        wanted = with_source(base.group('a', 3))
        self.assertEqual(3, beyond('instances', wanted,
                                   demand.Deployed(wanted)))

    @ddt.data((5, 2), (3, 0), (1, 0))
    @ddt.unpack
    def test_scaling(self, count, expected):
        deployed = demand.Deployed(base.needed(
            base.group('a', 3, persistent_disk=1024)))
        wanted = base.needed(base.group('a', count, persistent_disk=1024))
        for kind in ('instances', 'volumes', 'gigabytes'):
            self.assertEqual(expected, beyond(kind, wanted, deployed), kind)

    def test_groups_that_go_make_room(self):
        deployed = demand.Deployed(base.needed(base.group('a', 3)))
        wanted = base.needed(base.group('b', 4))
        self.assertEqual(1, beyond('instances', wanted, deployed))

    def test_disks_of_groups_that_go_stay(self):
        deployed = demand.Deployed(base.needed(
            base.group('a', 3, persistent_disk=1024)))
        wanted = base.needed(base.group('b', 2, persistent_disk=1024))
        self.assertEqual(2, beyond('volumes', wanted, deployed))

    def test_a_group_that_was_renamed(self):
        deployed = demand.Deployed(base.needed(
            base.group('old', 3, persistent_disk=1024)))
        wanted = base.needed(base.group(
            'new', 3, persistent_disk=1024,
            migrated_from=[{'name': 'old'}]))
        self.assertEqual({}, dict(demand.of(wanted, deployed).beyond))

    @ddt.data({'persistent_disk': 4096}, {'persistent_disk_type': 'fast'})
    def test_other_disks_come_before_the_old_ones_go(self, values):
        deployed = demand.Deployed(base.needed(
            base.group('a', 3, persistent_disk=1024)))
        found = demand.of(base.needed(base.group('a', 3, **values)),
                          deployed)
        self.assertEqual(3, sum(
            number for resource, number in found.beyond.items()
            if resource.kind == 'volumes'))

    def test_larger_vms(self):
        deployed = demand.Deployed(base.needed(base.group('a', 3)))
        wanted = base.needed(base.group('a', 3, vm_type='large'))
        self.assertEqual(0, beyond('instances', wanted, deployed))
        self.assertEqual(9, beyond('cores', wanted, deployed))

    def test_one_group_grows_before_another_shrinks(self):
        deployed = demand.Deployed(base.needed(
            base.group('a', 2), base.group('b', 2, vm_type='large')))
        wanted = base.needed(
            base.group('a', 2, vm_type='large'), base.group('b', 2))
        self.assertEqual(6, beyond('cores', wanted, deployed))

    def test_swapping(self):
        one = base.needed(base.group('a', 3, update=SWAP))
        self.assertEqual(3, beyond('instances', one, demand.Deployed(one)))
        more = base.needed(base.group('a', 5, update=SWAP))
        self.assertEqual(7, beyond('instances', more,
                                   demand.Deployed(one)))

    def test_what_is_really_there(self):
        wanted = base.needed(base.group('a', 3, persistent_disk=1024),
                             base.group('b', 2))
        deployed = demand.Deployed(wanted, {'a': 1}, {'a': 2})
        self.assertEqual(4, beyond('instances', wanted, deployed))
        self.assertEqual(1, beyond('volumes', wanted, deployed))

    def test_more_is_there_than_was_wanted(self):
        wanted = base.needed(base.group('a', 2))
        found = demand.of(wanted, demand.Deployed(wanted, {'a': 4}, {}))
        self.assertEqual(4, found.in_use[R('instances')])
        self.assertEqual(0, found.beyond[R('instances')])

    def test_suspended(self):
        wanted = base.needed(base.group('a', 3, persistent_disk=1024))
        found = demand.of(wanted, demand.Deployed(wanted, {}, {'a': 3}))
        self.assertEqual((3, 0), (found.beyond[R('instances')],
                                  found.beyond[R('volumes')]))

    def test_errand_that_was_kept_alive(self):
        wanted = base.needed(base.group('a', 1), base.group(
            'e', 2, lifecycle='errand'))
        found = demand.of(wanted, demand.Deployed(wanted,
                                                  {'a': 1, 'e': 2}))
        self.assertEqual(0, found.beyond[R('instances')])

    @hypothesis.settings(max_examples=25)
    @hypothesis.given(st.integers(0, 4), st.integers(0, 4),
                      st.sampled_from(['small', 'large']),
                      st.sampled_from([{}, SWAP]))
    def test_never_less_than_the_difference(self, before, after, vm_type,
                                            update):
        old = base.needed(base.group('a', before))
        new = base.needed(base.group('a', after, vm_type=vm_type,
                                     update=update))
        found = demand.of(new, demand.Deployed(old))
        for kind in ('instances', 'cores', 'ram', 'ports'):
            resource = R(kind)
            self.assertGreaterEqual(
                found.beyond[resource],
                new.running[resource] - old.running[resource])
            self.assertGreaterEqual(found.peak[resource],
                                    new.running[resource])
