# SPDX-License-Identifier: Apache-2.0
"""Whatever stands in a manifest or cloud config: an answer, or our error."""

import copy

import hypothesis
from hypothesis import strategies as st
from oslotest import base as test_base

from cf_openstack.capacity import check
from cf_openstack.capacity import need
from cf_openstack import exceptions
from cf_openstack.manifest.cloud_config import inputs
from cf_openstack.manifest.cloud_config import making
from tests.unit.capacity import base

JUNK = [None, True, -1, 0, 1, 1.5, '', 'x', '((x))', '5%', [], {}, [1],
        ['x'], {'a': 1}, [{}], [{'name': 'x'}], [[]], [None]]


def document():
    return {
        'manifest': base.source(base.manifest(
            base.group('db', 1, persistent_disk_type='10GB', networks=[
                {'name': 'default', 'static_ips': ['10.0.1.12']},
                {'name': 'public', 'static_ips': ['1.1.1.1']}]),
            base.group('api', 3, vm_extensions=['lb', 'root'],
                       update={'max_in_flight': '50%', 'serial': False}),
            base.group('new', 1, vm_type=None, vm_resources={
                'cpu': 1, 'ram': 1024, 'ephemeral_disk_size': 1024},
                persistent_disks=[{'name': 'a', 'type': 'fast'}],
                migrated_from=[{'name': 'old'}]),
            update={'max_in_flight': 2, 'vm_strategy':
                    'create-swap-delete'})),
        'config': base.config()}


def paths(node, path=()):
    """Where something stands, by keys and indices."""
    if path:
        yield path
    items = ()
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    for key, value in items:
        yield from paths(value, (*path, key))


def changed(path, junk):
    result = document()
    node = result
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = copy.deepcopy(junk)
    return result


PATHS = list(paths(document()))


class TestFuzz(test_base.BaseTestCase):

    def test_as_it_is(self):
        found = document()
        needed = need.calculate(found['manifest'], found['config'],
                                base.FLAVORS)
        self.assertEqual((), needed.problems)

    @hypothesis.settings(max_examples=150, deadline=None)
    @hypothesis.given(st.sampled_from(PATHS), st.sampled_from(JUNK))
    def test_need(self, path, junk):
        found = changed(path, junk)
        try:
            needed = need.calculate(found['manifest'], found['config'],
                                    base.FLAVORS)
        except exceptions.CfOpenStackError as error:
            self.assertTrue(str(error))
        else:
            check.check(needed, base.roomy()).table()

    @hypothesis.settings(max_examples=80, deadline=None)
    @hypothesis.given(
        st.sampled_from([path for path in PATHS if path[0] == 'manifest']),
        st.sampled_from(JUNK))
    def test_cloud_config(self, path, junk):
        facts = inputs.Inputs(
            networks={'default': (inputs.Subnet(
                '10.0.1.0/28', 'net-1', '10.0.1.1', ()),)},
            vip_networks=('public',), flavors=base.FLAVORS,
            vm_type_flavors={'small': 'tiny', 'minimal': 'tiny'},
            disk_sizes={'fast': 2048},
            extensions={'lb': inputs.Extension(),
                        'root': inputs.Extension()})
        try:
            making.make(changed(path, junk)['manifest'], facts)
        except exceptions.CfOpenStackError as error:
            self.assertTrue(str(error))
