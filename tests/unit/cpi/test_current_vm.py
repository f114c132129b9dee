# SPDX-License-Identifier: Apache-2.0
"""current_vm_id."""

import json
import os
import pathlib

import ddt
import fixtures
import requests
from requests_mock.contrib import fixture as requests_mock_fixture

from cf_openstack.cpi import own_server
from tests.unit.cpi import base

UUID = '0f9c4ad6-0d3a-4a0e-8f5e-2f1a3f4b5c6d'
OTHER = '99999999-0d3a-4a0e-8f5e-2f1a3f4b5c6d'
DRIVE = 'openstack/latest/meta_data.json'
MOUNTS = '/dev/vda1 / ext4 rw 0 0\n/dev/sr0 /mnt/config iso9660 ro 0 0\n'


@ddt.ddt
class TestOwnServer(base.CpiTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.service = self.useFixture(requests_mock_fixture.Fixture())
        self.service.get(own_server.METADATA_URL, status_code=404)

    def _write(self, path: str, text: str) -> pathlib.Path:
        file = pathlib.Path(self.temp_dir, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def _found(self) -> str | None:
        return own_server.find(self.temp_dir)

    def test_nothing_tells(self):
        self.assertIsNone(self._found())
        self.assertEqual(1, self.service.call_count)

    def test_config_drive(self):
        self._write('proc/self/mounts', MOUNTS)
        self._write(f'mnt/config/{DRIVE}', json.dumps({'uuid': UUID}))
        self._write('var/lib/cloud/data/instance-id', OTHER)
        self.assertEqual(UUID, self._found())
        self.assertEqual(0, self.service.call_count)

    @ddt.data('', 'no JSON', '[]', '{}', '{"uuid": 7}', '{"uuid": "x"}')
    def test_drive_of_something_else(self, text):
        self._write('proc/self/mounts', MOUNTS + 'broken\n')
        self._write(f'mnt/config/{DRIVE}', text)
        self.assertIsNone(self._found())

    def test_cloud_init(self):
        self._write('var/lib/cloud/data/instance-id', f'{UUID}\n')
        self.assertEqual(UUID, self._found())

    def test_cloud_init_of_another_source(self):
        self._write('var/lib/cloud/data/instance-id', 'i-0000abcd\n')
        self.assertIsNone(self._found())

    def test_bios(self):
        self._write('sys/class/dmi/id/product_name', 'OpenStack Nova\n')
        self._write('sys/class/dmi/id/product_uuid', UUID.upper() + '\n')
        self.assertEqual(UUID, self._found())

    def test_bios_of_another_machine(self):
        self._write('sys/class/dmi/id/product_name', 'PowerEdge\n')
        self._write('sys/class/dmi/id/product_uuid', UUID)
        self.assertIsNone(self._found())

    def test_bios_for_root_alone(self):
        self._write('sys/class/dmi/id/product_name', 'OpenStack Nova\n')
        # What cannot be read, whoever runs the test.
        os.mkdir(os.path.join(
            self.temp_dir, 'sys/class/dmi/id/product_uuid'))
        self.assertIsNone(self._found())

    def test_service(self):
        self.useFixture(fixtures.EnvironmentVariable(
            'http_proxy', 'http://proxy.test:3128'))
        self.service.get(own_server.METADATA_URL, json={'uuid': UUID})
        self.assertEqual(UUID, self._found())
        self.assertEqual({}, self.service.last_request.proxies)
        self.assertEqual((1, 3), self.service.last_request.timeout)

    @ddt.data(requests.ConnectTimeout, requests.ConnectionError)
    def test_service_that_is_not_there(self, error):
        self.service.get(own_server.METADATA_URL, exc=error)
        self.assertIsNone(self._found())


class TestCurrentVmId(base.MethodTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.found: str | None = UUID
        self.useFixture(fixtures.MonkeyPatch(
            'cf_openstack.cpi.own_server.find', lambda: self.found))

    def test_found(self):
        self.cloud.servers[UUID] = {
            'id': UUID, 'name': 'director', 'status': 'ACTIVE'}
        self.assertEqual(UUID, self.call('current_vm_id'))

    def test_server_of_another_project(self):
        error = self.refused('current_vm_id')
        self.assertEqual('Bosh::Clouds::NotImplemented', error['type'])
        self.assertIn(f"runs on server `{UUID}'", error['message'])

    def test_not_to_be_known(self):
        self.found = None
        error = self.refused('current_vm_id')
        # A director expects this very type, and goes on.
        self.assertEqual('Bosh::Clouds::NotImplemented', error['type'])
        self.assertIn('cannot tell which VM it runs on', error['message'])
