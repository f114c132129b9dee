# SPDX-License-Identifier: Apache-2.0
"""The manifests of bosh-deployment with our release in place of upstream's.

``BOSH_DEPLOYMENT_DIR`` names a checkout of bosh-deployment; without it, a
small manifest of the same shape is taken.
"""

import json
import os
import pathlib
from typing import Any

import ddt

from bosh_release import jobs
from bosh_release import release
from cf_openstack.cpi import config
from cf_openstack.manifest import document
from cf_openstack.manifest import operations
from cf_openstack.manifest import variables
from tests.unit.bosh_release import rendering

FOLDER = pathlib.Path(os.environ.get('BOSH_DEPLOYMENT_DIR')
                      or pathlib.Path(__file__).parent / 'data')
UPSTREAM = 'bosh-openstack-cpi'
CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
VARIABLES = {
    'auth_url': 'https://keystone.example.com:5000/v3',
    'openstack_username': 'bosh', 'openstack_password': '"p\'a:s#\\s{é}',
    'openstack_domain': 'Default', 'openstack_project': 'cf',
    'region': 'RegionOne', 'default_key_name': 'bosh-key',
    'default_security_groups': ['bosh'], 'internal_ip': '10.0.0.6',
    'mbus_bootstrap_password': 'mbus-secret',
    'openstack_ca_cert': CERTIFICATE}


def manifest(name: str, *files: str) -> dict[str, Any]:
    """A director's manifest with our release under a name.

    Only the release's name, version, url and sha1 are other than upstream's.
    """
    texts = []
    for file in ('cpi.yml', *files):
        text = (FOLDER / 'openstack' / file).read_text()
        texts.append(operations.OperationsFile(
            file, text.replace(UPSTREAM, name)))
    doc = operations.apply(document.load(
        (FOLDER / 'bosh.yml').read_text(), 'bosh.yml'), texts)
    ours = next(one for one in doc['releases'] if one['name'] == name)
    ours.update(version='1.2.3', url=f'file:///tmp/{name}-1.2.3.tgz',
                sha1='sha256:' + 64 * '0')
    values: dict[str, Any] = {
        key: f'value-of-{key}'
        for key in variables.missing(doc) | variables.defined(doc)}
    for one in doc['variables']:
        if one['type'] == 'certificate':
            values[one['name']] = {
                part: f'{part}-of-{one["name"]}'
                for part in ('ca', 'certificate', 'private_key')}
    return variables.interpolate(doc, values | VARIABLES)


@ddt.ddt
class BoshDeploymentTest(rendering.RenderingTestCase):

    def load(self, properties: dict[str, Any]) -> config.Config:
        """What the CPI makes of a job with these properties."""
        text = self.renderer.render('cpi.json.erb', properties)
        path, = self.create_tempfiles([('cpi', text)])
        return config.load(path, {})

    @ddt.data(release.NAME, UPSTREAM)
    def test_references(self, name: str) -> None:
        doc = manifest(name)
        template = doc['cloud_provider']['template']
        used = [template, *(
            job for group in doc['instance_groups']
            for job in group['jobs'] if job['release'] == name)]
        self.assertEqual(2, len(used))
        for job in used:
            self.assertEqual(name, job['release'])
            self.assertIn(job['name'], jobs.NAMES)
        director = doc['instance_groups'][0]['properties']['director']
        self.assertEqual(template['name'], director['cpi_job'])

    def test_create_env(self) -> None:
        loaded = self.load(
            manifest(release.NAME)['cloud_provider']['properties'])
        self.assert_account(loaded)
        self.assertEqual(
            {'ntp': [], 'mbus': 'https://mbus:mbus-secret@0.0.0.0:6868'},
            loaded.agent)
        self.assertIs(False, loaded.boot_from_volume)

    def test_director(self) -> None:
        group = manifest(
            release.NAME, 'boot-from-volume.yml')['instance_groups'][0]
        loaded = self.load(group['properties'])
        self.assert_account(loaded)
        self.assertEqual(
            {'ntp': [], 'mbus': 'nats://10.0.0.6:4222'}, loaded.agent)
        self.assertIs(True, loaded.boot_from_volume)

    def test_custom_ca(self) -> None:
        doc = manifest(release.NAME, 'custom-ca.yml')
        for properties in (doc['instance_groups'][0]['properties'],
                           doc['cloud_provider']['properties']):
            loaded = self.load(properties)
            self.assertEqual(CERTIFICATE, loaded.ca_cert)
            self.assertIs(True, loaded.ca_from_job)
            self.assertEqual(CERTIFICATE + '\n', self.renderer.render(
                'cacert.pem.erb', properties))

    def assert_account(self, loaded: config.Config) -> None:
        settings = loaded.settings
        self.assertEqual(
            ['https://keystone.example.com:5000/v3', 'bosh',
             VARIABLES['openstack_password'], 'cf', 'Default', 'Default',
             'RegionOne', 'public', True],
            [settings.auth_url, settings.username, settings.password,
             settings.project_name, settings.project_domain_name,
             settings.user_domain_name, settings.region, settings.interface,
             settings.verify])
        self.assertEqual('bosh-key', loaded.default_key_name)
        self.assertEqual(('bosh',), loaded.default_security_groups)
        self.assertIs(True, loaded.human_readable_vm_names)


class ContentTest(rendering.RenderingTestCase):

    def test_other_json_readers_agree(self) -> None:
        properties = manifest(release.NAME)['cloud_provider']['properties']
        text = self.renderer.render('cpi.json.erb', properties)
        self.assertEqual(
            json.loads(text), document.load(text, 'cpi.json'))
