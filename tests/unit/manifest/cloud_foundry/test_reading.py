# SPDX-License-Identifier: Apache-2.0

import ddt
from oslotest import base as test_base

from cf_openstack.manifest.cloud_foundry import errors
from cf_openstack.manifest.cloud_foundry import reading


def group(name, jobs=(), **values):
    return {'name': name, 'instances': 1, 'networks': [{'name': 'default'}],
            'jobs': [{'name': job, 'release': 'r'} for job in jobs],
            **values}


def doc(*groups):
    return {'name': 'cf', 'instance_groups': list(groups)}


@ddt.ddt
class SmokeTestTest(test_base.BaseTestCase):

    @ddt.data(
        group('smoke-tests', ['smoke_tests'], lifecycle='errand'),
        group('smoke-tests', ['own'], lifecycle='errand'),
        group('own', ['x', 'smoke_tests'], lifecycle='errand'))
    def test_found(self, one):
        self.assertEqual(one['name'], reading.smoke_test(
            doc(group('other', lifecycle='errand'), one)))

    @ddt.data((), (group('smoke-tests', ['smoke_tests']),),
              (group('other', lifecycle='errand'),))
    def test_absent(self, groups):
        self.assertRaises(errors.NoSmokeTest, reading.smoke_test,
                          doc(*groups))


@ddt.ddt
class AppsDomainTest(test_base.BaseTestCase):

    @ddt.data(
        (['apps.example.com', 'b'], 'apps.example.com'),
        ([{'name': 'tcp.example.com', 'router_group_name': 'x'}],
         'tcp.example.com'),
        ([{}], None), ([], None), (None, None), ('text', None))
    @ddt.unpack
    def test_of_the_cloud_controller(self, domains, expected):
        one = group('api')
        one['jobs'] = [
            {'name': 'other', 'properties': {'app_domains': ['x']}},
            {'name': 'cloud_controller_ng',
             'properties': {'app_domains': domains}}]
        self.assertEqual(expected, reading.apps_domain(doc(one)))

    def test_without_properties(self):
        one = group('api', ['cloud_controller_ng'])
        self.assertIsNone(reading.apps_domain(doc(one)))
        self.assertIsNone(reading.apps_domain(doc()))
