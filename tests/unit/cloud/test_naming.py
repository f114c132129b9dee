# SPDX-License-Identifier: Apache-2.0

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from cf_openstack.cloud import naming


@ddt.ddt
class TestNaming(base.BaseTestCase):

    def test_origin(self):
        origin = naming.Origin('uuid', 'cpi-1', 'cf')
        self.assertEqual({
            'bosh_director_uuid': 'uuid', 'bosh_request_id': 'cpi-1',
            'bosh_deployment': 'cf'}, origin.metadata())
        self.assertEqual(
            'bosh_deployment=cf', origin.tags()[-1])

    def test_tags_fit_neutron(self):
        origin = naming.Origin('a,b/c', 'cpi-1', 'x' * 300)
        self.assertEqual('bosh_director_uuid=a_b_c', origin.tags()[0])
        self.assertEqual(255, len(origin.tags()[-1]))

    def test_names_are_unique(self):
        self.assertNotEqual(naming.server_name(), naming.server_name())
        self.assertNotEqual(naming.volume_name(), naming.volume_name())
        self.assertNotEqual(
            naming.snapshot_name(), naming.snapshot_name())
        self.assertNotEqual(naming.network_name(), naming.network_name())

    @ddt.data(
        ({}, {}), ({'a': None}, {}), ({'a': 'b'}, {'a': 'b'}),
        ({'n': 1.5}, {'n': '1.5'}), ({'t': False}, {'t': 'false'}),
        ({'h': {'x': 1}}, {'h': '{"x": 1}'}), ({'u': 'ü'}, {'u': 'ü'}),
        ({'k' * 300: 'v' * 300}, {'k' * 255: 'v' * 255}),
    )
    @ddt.unpack
    def test_stringify(self, given_values, expected):
        self.assertEqual(expected, naming.stringify(given_values))

    @given(st.dictionaries(st.text(), st.text() | st.integers()))
    def test_server_metadata(self, values):
        for key, value in naming.server_metadata(values).items():
            self.assertRegex(key, r'\A[a-zA-Z0-9\-_:. ]{1,255}\Z')
            self.assertLessEqual(len(value), 255)

    @given(st.dictionaries(st.text(), st.text() | st.integers()))
    def test_volume_metadata(self, values):
        for key, value in naming.volume_metadata(values).items():
            self.assertRegex(key, r'\A[a-zA-Z0-9\-_:. /]{1,255}\Z')
            self.assertLessEqual(len(value), 255)

    @ddt.data(
        (None, None), ({}, None), ({'bosh': None}, None),
        ({'bosh': {'groups': ['d', 'cf', 'api', 'd-cf', 'd-cf-api']}},
         'cf'),
        ({'bosh': {'groups': ['a', 'b', 'c']}}, None),
        ({'bosh': {'groups': [1, 2, 3, 4]}}, None),
        ({'bosh': {'groups': 'x'}}, None),
    )
    @ddt.unpack
    def test_deployment_of(self, env, expected):
        self.assertEqual(expected, naming.deployment_of(env))

    def test_tags_of(self):
        self.assertEqual({}, naming.tags_of(None))
        self.assertEqual({}, naming.tags_of({'bosh': {'tags': ['x']}}))
        many = {str(number): 1 for number in range(200)}
        self.assertEqual(
            naming.MOST_TAGS, len(naming.tags_of({'bosh': {'tags': many}})))

    @ddt.data(
        ('bosh-vm-1-0', True), ('bosh-vm-1-12', True), ('bosh-vm-1', False),
        ('bosh-vm-1-', False), ('bosh-vm-1-x', False), ('bosh-vm-10', False),
        ('bosh-vm-1-0-0', False), ('vm-1-0', False), ('', False))
    @ddt.unpack
    def test_is_port_of(self, name, expected):
        self.assertEqual(expected, naming.is_port_of(name, 'vm-1'))
        self.assertTrue(naming.is_port_of(naming.port_name('vm-1', 7), 'vm-1'))
