# SPDX-License-Identifier: Apache-2.0

import ddt
from oslotest import base

from cf_openstack.manifest import errors
from cf_openstack.manifest import reading


@ddt.ddt
class TestRead(base.BaseTestCase):

    def test_whole(self):
        found = reading.read({
            'name': 'cf',
            'releases': [{'name': 'r', 'version': 1.5, 'url': 'u',
                          'sha1': 's'}, {'name': 'q', 'version': 'latest'}],
            'stemcells': [{'alias': 'default', 'name': 'n',
                           'version': '1'}],
            'variables': [{'name': 'pw', 'type': 'password'}],
            'instance_groups': [
                {'name': 'db', 'instances': 1, 'stemcell': 'default',
                 'vm_type': 'small', 'vm_extensions': ['x'],
                 'azs': ['z1', 'z2'], 'persistent_disk': 1024,
                 'networks': [{'name': 'default', 'static_ips': []}],
                 'jobs': [{'name': 'a', 'release': 'r'}]},
                {'name': 'e', 'lifecycle': 'errand',
                 'instances': '((count))', 'persistent_disk_type': '1GB'}]})
        self.assertEqual(
            reading.Manifest(
                name='cf', variables=('pw',),
                releases=(reading.Release('r', '1.5', 'u', 's'),
                          reading.Release('q', 'latest')),
                stemcells=(reading.Stemcell('default', '1', name='n'),),
                instance_groups=(
                    reading.InstanceGroup(
                        'db', 1, 'service', 'default', 'small', ('x',),
                        ('z1', 'z2'), ('default',), 1024, None, ('a',)),
                    reading.InstanceGroup(
                        'e', '((count))', 'errand', None, None, (), (), (),
                        None, '1GB', ()))),
            found)
        self.assertEqual([False, True],
                         [group.is_errand for group in found.instance_groups])

    def test_least(self):
        self.assertEqual(reading.Manifest('x', (), (), (), ()),
                         reading.read({'name': 'x', 'releases': None}))

    @ddt.data(
        (None, 'the manifest is not a mapping'),
        ([], 'the manifest is not a mapping'),
        ({}, 'the manifest has no "name"'),
        ({'name': ['x']}, '"name" of the manifest is not text'),
        ({'name': True}, '"name" of the manifest is not text'),
        ({'name': 'x', 'releases': {}}, '"releases" of the manifest is not '
                                        'a list'),
        ({'name': 'x', 'releases': ['r']}, 'releases "0" is not a mapping'),
        ({'name': 'x', 'releases': [{'name': 'r'}]},
         'releases "r" has no "version"'),
        ({'name': 'x', 'stemcells': [{'version': '1'}]},
         'stemcells "0" has no "alias"'),
        ({'name': 'x', 'instance_groups': [{'name': 'g'}]},
         '"g" does not say how many instances'),
        ({'name': 'x', 'instance_groups': [{'name': 'g', 'instances': -1}]},
         '"instances" of instance_groups "g" is not a number'),
        ({'name': 'x', 'instance_groups': [{'name': 'g', 'instances': '1'}]},
         '"instances" of instance_groups "g" is not a number'),
        ({'name': 'x', 'instance_groups': [
            {'name': 'g', 'instances': 1, 'azs': [1]}]},
         '"azs" of instance_groups "g" is not a list of names'),
    )
    @ddt.unpack
    def test_refused(self, doc, reason):
        error = self.assertRaises(errors.ManifestError, reading.read, doc)
        self.assertIn(reason, str(error))
