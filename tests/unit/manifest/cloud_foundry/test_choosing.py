# SPDX-License-Identifier: Apache-2.0
"""Our operations against those of cf-deployment.

``CF_DEPLOYMENT_DIR`` names a checkout of it; without one, a small set of the
same shape is taken.
"""

import functools
import os
import pathlib

import ddt
from oslotest import base as test_base

from cf_openstack.manifest.cloud_foundry import choosing
from cf_openstack.manifest.cloud_foundry import errors
from cf_openstack.manifest import document
from cf_openstack.manifest import fields
from cf_openstack.manifest import operations

FOLDER = pathlib.Path(
    os.environ.get('CF_DEPLOYMENT_DIR')
    or pathlib.Path(__file__).parents[1] / 'data')
#: Whether the small set's VM types are those of cf-deployment.
REAL = 'CF_DEPLOYMENT_DIR' in os.environ


@functools.cache
def text(name):
    return (FOLDER / name).read_text()


def manifest(*files):
    return operations.apply(
        document.load(text('cf-deployment.yml'), 'cf-deployment.yml'),
        [operations.OperationsFile(name, text('operations/' + name))
         for name in files])


def applied(doc, made):
    return operations.apply(doc, [operations.OperationsFile(
        'ours', document.dump(made))])


def group(name='api', **values):
    return {'name': name, 'instances': 2, 'azs': ['z1', 'z2'],
            'vm_type': 'small', 'networks': [{'name': 'default'}], **values}


def doc(*groups):
    return {'name': 'cf', 'instance_groups': list(groups)}


class UpstreamTest(test_base.BaseTestCase):

    def test_openstack(self):
        ours = applied(manifest(), choosing.for_openstack(manifest()))
        theirs = manifest('openstack.yml')
        if not REAL:
            # The small set names another VM type, and forgets the cells.
            for one in theirs['instance_groups']:
                if one['vm_type'] == 'small-50GB':
                    one['vm_type'] = 'small-50GB-ephemeral-disk'
                if one['name'] == 'diego-cell':
                    del one['vm_extensions']
                    one['vm_type'] += '-100GB-ephemeral-disk'
        self.assertEqual(theirs, ours)

    def test_one_az(self):
        ours = applied(manifest(), choosing.one_az(manifest()))
        self.assertEqual(manifest('scale-to-one-az.yml'), ours)

    def test_ours_and_then_theirs(self):
        both = choosing.for_openstack(manifest()) + choosing.one_az(
            manifest())
        ours = applied(manifest(), both)
        again = operations.apply(ours, [
            operations.OperationsFile(name, text('operations/' + name))
            for name in ('scale-to-one-az.yml',)])
        self.assertEqual(ours, again)


@ddt.ddt
class RuleTest(test_base.BaseTestCase):

    @ddt.data(
        # Nothing to do
        ({}, {}),
        ({'vm_extensions': ['lb']}, {}),
        # No VM type of that size: the cloud config finds a flavor
        ({'vm_extensions': ['7GB_ephemeral_disk']}, {}),
        ({'vm_type': '((t))', 'vm_extensions': ['50GB_ephemeral_disk']}, {}),
        ({'vm_extensions': ['50GB_ephemeral_disk', 'lb']},
         {'vm_type': 'small-50GB-ephemeral-disk', 'vm_extensions': ['lb']}),
    )
    @ddt.unpack
    def test_openstack(self, values, changes):
        before = doc(group(**values))
        after = applied(before, choosing.for_openstack(before))
        self.assertEqual(doc(group(**{**values, **changes})), after)

    def test_openstack_removes_an_empty_list(self):
        before = doc(group(vm_extensions=['50GB_ephemeral_disk']))
        after = applied(before, choosing.for_openstack(before))
        self.assertEqual(doc(group(vm_type='small-50GB-ephemeral-disk')),
                         after)

    @ddt.data(
        ({'instances': 3}, {'instances': 1, 'azs': ['z1']}),
        ({'instances': 0}, {'azs': ['z1']}),
        ({'instances': '((cells))'}, {'azs': ['z1']}),
        ({'instances': 1, 'azs': ['z1']}, {}),
        # In whatever zone it was: there is one for all
        ({'instances': 1, 'azs': ['z2']}, {'azs': ['z1']}),
        ({'azs': '((azs))', 'instances': 1}, fields.FieldError),
        ({'name': 'odd/name:1?'}, {'instances': 1, 'azs': ['z1']}),
        ({'networks': [{'name': 'default',
                        'static_ips': ['10.0.1.5', '10.0.2.5']}]},
         {'instances': 1, 'azs': ['z1'], 'networks': [
             {'name': 'default', 'static_ips': ['10.0.1.5']}]}),
    )
    @ddt.unpack
    def test_one_az(self, values, changes):
        other = group('other', instances=1, azs=['z1'])
        before = doc(other, group(**values))
        if not isinstance(changes, dict):
            self.assertRaises(changes, choosing.one_az, before)
            return
        after = applied(before, choosing.one_az(before))
        self.assertEqual(doc(other, group(**{**values, **changes})), after)

    def test_without_azs(self):
        before = doc({'name': 'a', 'instances': 2})
        self.assertEqual([{'type': 'replace', 'value': 1,
                           'path': '/instance_groups/name=a/instances'}],
                         choosing.one_az(before))

    @ddt.data('not a map', {'instance_groups': {}},
              {'instance_groups': ['x']})
    def test_no_manifest(self, before):
        for choose in (choosing.for_openstack, choosing.one_az):
            self.assertRaises(fields.FieldError, choose, before)


class FloatingTest(test_base.BaseTestCase):

    def choose(self, before, *ips):
        return choosing.floating_ips(before, choosing.ROUTER, list(ips))

    def router(self, **values):
        return group('router', vm_extensions=[choosing.ROUTER], **values)

    def test_one_for_each(self):
        before = doc(group(), self.router())
        after = applied(before, self.choose(before, '1.1.1.1', '1.1.1.2'))
        self.assertEqual(
            [{'name': 'default', 'default': ['dns', 'gateway']},
             {'name': 'floating-ips',
              'static_ips': ['1.1.1.1', '1.1.1.2']}],
            after['instance_groups'][1]['networks'])
        self.assertEqual(before['instance_groups'][0],
                         after['instance_groups'][0])

    def test_defaults_stay(self):
        networks = [{'name': 'a'}, {'name': 'b', 'default': ['gateway']}]
        before = doc(self.router(networks=networks))
        after = applied(before, self.choose(before, '1.1.1.1', '1.1.1.2'))
        self.assertEqual(networks,
                         after['instance_groups'][0]['networks'][:2])

    def test_another_number(self):
        error = self.assertRaises(errors.CloudFoundryError, self.choose,
                                  doc(self.router()), '1.1.1.1')
        self.assertIn('2 instances, and there are 1 floating IPs',
                      str(error))

    def test_nobody_has_the_extension(self):
        error = self.assertRaises(errors.CloudFoundryError, self.choose,
                                  doc(group()), '1.1.1.1')
        self.assertIn('0 instance groups', str(error))
