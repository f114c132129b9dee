# SPDX-License-Identifier: Apache-2.0
"""The operations files of bosh-deployment, applied to its manifest.

``BOSH_DEPLOYMENT_DIR`` names a checkout; without it, two files of the same
shape are taken.
"""

import os
import pathlib

import ddt
from oslotest import base

from cf_openstack.manifest import document
from cf_openstack.manifest import errors
from cf_openstack.manifest import operations
from tests.unit.manifest import test_cf_deployment

MANIFEST = 'bosh.yml'
OWN = {
    MANIFEST: 'name: bosh\nreleases: []\ninstance_groups:\n- name: bosh\n'
              '  jobs: [{name: director}]\n  properties: {director: {}}\n',
    'openstack/cpi.yml':
        '- {type: replace, path: /releases/-, value: {name: cpi}}\n'
        '- type: replace\n'
        '  path: /instance_groups/name=bosh/properties/director/cpi_job?\n'
        '  value: openstack_cpi\n'
        '- type: replace\n'
        '  path: /instance_groups/name=bosh/properties/openstack?\n'
        '  value: {region: ((region))}\n',
    'openstack/boot-from-volume.yml':
        '- type: replace\n'
        '  path: /instance_groups/name=bosh/properties/openstack/'
        'boot_from_volume?\n'
        '  value: true\n',
}
#: What has to come before a file, as its first comment or its paths say.
PREREQUISITES = {
    'credhub.yml': 'uaa.yml',
    'openstack/boot-from-volume.yml': 'openstack/cpi.yml',
    'openstack/custom-ca.yml': 'openstack/cpi.yml',
}
#: No operations files.
CONFIGS = ('cloud-config.yml',)


def texts():
    """The files by their names."""
    folder = os.environ.get('BOSH_DEPLOYMENT_DIR')
    if not folder:
        return OWN
    root = pathlib.Path(folder)
    return {str(path.relative_to(root)): path.read_text()
            for path in sorted(root.rglob('*.yml'))
            if path.name not in CONFIGS}


FILES = texts()


@ddt.ddt
class TestBoshDeployment(base.BaseTestCase):

    def files(self, *names):
        return [operations.OperationsFile(name, FILES[name])
                for name in names]

    @ddt.data(*sorted(set(FILES) - {MANIFEST}))
    def test_file_does_what_its_operations_say(self, name):
        before = PREREQUISITES.get(name)
        chain = self.files(*([before] if before else []), name)
        doc = expected = document.load(FILES[MANIFEST], MANIFEST)
        for file in chain:
            for operation in document.load(file.text, file.name):
                expected = test_cf_deployment.worked_out(
                    expected, operation['path'].split('/')[1:], operation)
        self.assertNotEqual(doc, expected)
        self.assertEqual(expected, operations.apply(doc, chain))

    @ddt.data(*sorted(set(FILES) & set(PREREQUISITES)))
    def test_file_without_what_it_needs(self, name):
        error = self.assertRaises(
            errors.OperationError, operations.apply,
            document.load(FILES[MANIFEST], MANIFEST), self.files(name))
        self.assertIn(' in %s (' % name, str(error))
