# SPDX-License-Identifier: Apache-2.0
"""Cloud Foundry's own operations files, applied to its own manifest.

``CF_DEPLOYMENT_DIR`` names a checkout of cf-deployment; without it, a small
set of the same shape is taken.
"""

import copy
import functools
import os
import pathlib
import re

import ddt
from oslotest import base

from cf_openstack.manifest import document
from cf_openstack.manifest import errors
from cf_openstack.manifest import operations
from cf_openstack.manifest import reading
from cf_openstack.manifest import variables

FOLDER = pathlib.Path(os.environ.get('CF_DEPLOYMENT_DIR')
                      or pathlib.Path(__file__).parent / 'data')

#: Files that only fit after another one, as their error without it shows.
PREREQUISITES = {
    'disable-tls-tcp-routing-isolation-segment-stage-1-unproxied-ports.yml':
        'add-persistent-isolation-segment-diego-cell.yml',
    'disable-tls-tcp-routing-isolation-segment-stage-2-route-emitter.yml':
        'add-persistent-isolation-segment-diego-cell.yml',
    'enable-nfs-ldap.yml': 'enable-nfs-volume-service.yml',
    'use-absolute-cpu-entitlement-persistent-isolation-segment.yml':
        'add-persistent-isolation-segment-diego-cell.yml',
    'use-absolute-cpu-entitlement-windows2019.yml': 'windows2019-cell.yml',
    'use-alicloud-oss-blobstore-to-multi-bucket.yml':
        'use-external-blobstore.yml',
    'use-alicloud-oss-blobstore.yml': 'use-external-blobstore.yml',
    'use-azure-storage-blobstore.yml': 'use-external-blobstore.yml',
    'use-gcs-blobstore-access-key.yml': 'use-external-blobstore.yml',
    'use-gcs-blobstore-service-account.yml': 'use-external-blobstore.yml',
    'use-haproxy-public-network.yml': 'use-haproxy.yml',
    'use-latest-windows2019-stemcell.yml': 'windows2019-cell.yml',
    'use-offline-windows2019fs.yml': 'windows2019-cell.yml',
    'use-online-windows2019fs.yml': 'windows2019-cell.yml',
    'use-s3-blobstore.yml': 'use-external-blobstore.yml',
}


@functools.cache
def manifest_text():
    return (FOLDER / 'cf-deployment.yml').read_text()


def manifest():
    return document.load(manifest_text(), 'cf-deployment.yml')


def file(name):
    return operations.OperationsFile(
        name, (FOLDER / 'operations' / name).read_text())


def names():
    return sorted(path.name for path in (FOLDER / 'operations').iterdir()
                  if path.suffix == '.yml')


def chain(name):
    """The file and what has to come before it."""
    before = PREREQUISITES.get(name)
    return [file(before), file(name)] if before else [file(name)]


def worked_out(node, steps, operation, optional=False):
    """What an operation makes of a node: the rules, written down again.

    It makes new values where the tested code changes old ones.
    """
    if not steps:
        return operation['value']
    step, *rest = steps
    remove = operation['type'] == 'remove' and not rest
    optional = optional or '?' in step
    step = step.replace('?', '')
    below = functools.partial(worked_out, steps=rest, operation=operation,
                              optional=optional)
    if step == '-':
        return (node or []) + [operation['value']]
    step, _, place = step.partition(':')
    if '=' not in step and not re.fullmatch('-?[0-9]+', step):
        node = {} if node is None else node
        key = step.replace('~1', '/').replace('~0', '~')
        if remove:
            return {other: node[other] for other in node if other != key}
        if operation['type'] == 'remove' and key not in node:
            return node
        assert key in node or optional, (step, operation)
        return {**node, key: below(node.get(key))}
    node = [] if node is None else node
    if '=' in step:
        key, value = step.split('=')
        found = [number for number, item in enumerate(node)
                 if item.get(key) == value]
        if not found and optional:
            if operation['type'] == 'remove':
                return node
            return node + [below({key: value})]
        (index,) = found
    else:
        index = int(step)
    assert place in ('', 'before', 'after'), place
    if place:
        index += place == 'after'
        return node[:index] + [operation['value']] + node[index:]
    middle = [] if remove else [below(node[index])]
    return node[:index] + middle + node[index + 1:]


@ddt.ddt
class TestCfDeployment(base.BaseTestCase):

    @ddt.data(*names())
    def test_file_does_what_its_operations_say(self, name):
        doc = expected = manifest()
        before = copy.deepcopy(doc)
        for one in chain(name):
            for operation in document.load(one.text, one.name) or []:
                expected = worked_out(
                    expected, operation['path'].split('/')[1:], operation)
        found = operations.apply(doc, chain(name))
        self.assertEqual(expected, found)
        self.assertEqual(before, doc)

    @ddt.data(*sorted(set(PREREQUISITES) & set(names())))
    def test_file_without_what_it_needs(self, name):
        error = self.assertRaises(
            errors.OperationError, operations.apply, manifest(),
            [file(name)])
        self.assertRegex(str(error), r'Operation \[\d+\] in %s '
                                     r'\((replace|remove) /' % name)

    def test_result_can_be_written_and_read(self):
        found = operations.apply(manifest(), [file('use-haproxy.yml'),
                                              file('openstack.yml')])
        self.assertEqual(found, document.load(document.dump(found), 'it'))

    def test_openstack(self):
        groups = {group['name']: group for group in operations.apply(
            manifest(), [file('openstack.yml')])['instance_groups']}
        self.assertNotIn('vm_extensions', groups['api'])
        self.assertTrue(groups['api']['vm_type'].startswith('small-50GB'))

    def test_haproxy_comes_before_the_smoke_tests(self):
        groups = [group['name'] for group in operations.apply(
            manifest(), [file('use-haproxy.yml')])['instance_groups']]
        self.assertEqual(groups.index('haproxy') + 1,
                         groups.index('smoke-tests'))

    def test_reading(self):
        found = reading.read(manifest())
        self.assertEqual('cf', found.name)
        self.assertEqual(['default'],
                         [stemcell.alias for stemcell in found.stemcells])
        self.assertEqual('ubuntu-noble', found.stemcells[0].os)
        groups = {group.name: group for group in found.instance_groups}
        self.assertTrue(groups['smoke-tests'].is_errand)
        self.assertFalse(groups['api'].is_errand)
        self.assertEqual('10GB', groups['database'].persistent_disk_type)
        self.assertIn('cloud_controller_ng', groups['api'].jobs)
        capi = [one for one in found.releases if one.name == 'capi'][0]
        self.assertTrue(capi.sha1.startswith('sha256:'))

    def test_only_the_domain_has_to_be_given(self):
        doc = manifest()
        self.assertEqual({'system_domain'},
                         variables.missing(doc) - variables.defined(doc))
        filled = variables.interpolate(doc, {'system_domain': 'cf.example'})
        self.assertEqual(variables.missing(doc) - {'system_domain'},
                         variables.missing(filled))
        self.assertEqual(variables.defined(doc), variables.defined(filled))
        self.assertNotIn('((system_domain))', document.dump(filled))
