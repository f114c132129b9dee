# SPDX-License-Identifier: Apache-2.0
"""Runs the CPI's executable on the pocket cloud as a director does."""

import json
import os
import pathlib
import subprocess
from typing import Any

import fixtures

from devstack.pocket.seed import tenant
from devstack.pocket import state as pocket_state
from devstack.pocket import stemcell_builder
from tests.functional import base

FLAVOR = 'm1.tiny'
CIDR = '10.77.0.0/24'
GATEWAY = '10.77.0.1'
#: What the director leaves of the environment.
ENVIRONMENT = {
    'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/nonexistent'}


class CpiTestCase(base.FunctionalTestCase):
    """Calls methods; everything made bears a director UUID of its own.

    :ivar director_uuid: the UUID of this test's director.
    :ivar network_id: a network of this test, 10.77.0.0/24.
    """

    def setUp(self) -> None:
        super().setUp()
        self.director_uuid = f'director-{self.tag}'
        self.folder = self.useFixture(fixtures.TempDir()).path
        self.environment = ENVIRONMENT | {'TMPDIR': self.folder}
        self.network_id = self.make_network(CIDR)
        self.openstack = {
            'auth_url': self.state.url('keystone'),
            'username': pocket_state.USER,
            'api_key': self.state.passwords[pocket_state.USER],
            'project': pocket_state.PROJECT,
            'domain': pocket_state.DOMAIN,
            'region': pocket_state.REGION,
            'default_key_name': tenant.BOSH,
            'default_security_groups': [tenant.BOSH],
            'human_readable_vm_names': True,
            'state_timeout': 120,
            'wait_resource_poll_interval': 2,
        }
        self.agent = {
            'mbus': f'nats://nats:mbus-{self.tag}@10.77.0.6:4222',
            'ntp': ['0.pool.ntp.org']}
        self.errors = ''

    def make_network(self, cidr: str) -> str:
        """A network with a subnet, gone when the test ends."""
        network = self.cloud.network.create_network(name=self.name('net'))
        self.addCleanup(self.cloud.network.delete_network, network)
        subnet = self.cloud.network.create_subnet(
            network_id=network.id, ip_version=4, cidr=cidr,
            enable_dhcp=False, name=self.name('subnet'))
        self.addCleanup(self.cloud.network.delete_subnet, subnet)
        return network.id

    def write_config(self) -> str:
        """The job's configuration file."""
        path = os.path.join(self.folder, 'cpi.json')
        pathlib.Path(path).write_text(json.dumps({'cloud': {
            'plugin': 'openstack',
            'properties': {
                'openstack': self.openstack, 'agent': self.agent}}}))
        return path

    def command(self) -> list[str]:
        """The executable and its arguments."""
        return [str(self.state.path('venv', 'bin', 'openstack_cpi')),
                self.write_config()]

    def start(
        self, method: str, *arguments: Any, **context: Any
    ) -> subprocess.Popen:
        """Start a call; its stdin is closed."""
        process = subprocess.Popen(
            self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.folder, env=self.environment)
        process.stdin.write(json.dumps({
            'method': method, 'arguments': list(arguments),
            'context': {
                'director_uuid': self.director_uuid,
                'request_id': 'cpi-123456'} | context,
            'api_version': 3}).encode())
        process.stdin.close()
        process.stdin = None
        return process

    def finish(self, process: subprocess.Popen) -> dict[str, Any]:
        """Wait for the end of a call; returns the reply."""
        output, errors = process.communicate(timeout=300)
        self.errors = errors.decode()
        self.assertEqual(0, process.returncode)
        reply = json.loads(output)
        self.assertEqual({'error', 'log', 'result'}, set(reply))
        self.assertIsInstance(reply['log'], str)
        text = self.errors + output.decode()
        for secret in (self.openstack.get('api_key'), self.agent['mbus'],
                       f'env-{self.tag}'):
            if secret:
                self.assertNotIn(secret, text)
        return reply

    def call(self, method: str, *arguments: Any, **context: Any) -> Any:
        """Call a method that must succeed; returns its result."""
        reply = self.finish(self.start(method, *arguments, **context))
        if reply['error']:
            self.fail('%s: %s\n%s' % (method, reply['error'], self.errors))
        return reply['result']

    def refused(
        self, method: str, *arguments: Any, **context: Any
    ) -> dict[str, Any]:
        """Call a method that must fail; returns the error."""
        reply = self.finish(self.start(method, *arguments, **context))
        if not reply['error']:
            self.fail('%s should fail: %s' % (method, reply['result']))
        return reply['error']

    def make_stemcell(self) -> str:
        """The cid of a heavy stemcell, gone when the test ends."""
        cid = self.call('create_stemcell', *self.stemcell())
        self.addCleanup(self.call, 'delete_stemcell', cid)
        return cid

    def stemcell(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """The arguments of create_stemcell: a small real stemcell."""
        return stemcell_builder.build_image(self.folder), {
            'name': 'bosh-openstack-kvm', 'version': '1.1',
            'infrastructure': 'openstack', 'hypervisor': 'kvm',
            'disk': 64, 'disk_format': 'qcow2', 'container_format': 'bare',
            'os_type': 'linux', 'os_distro': 'ubuntu',
            'architecture': 'x86_64', 'auto_disk_config': True,
        }, {'tags': {'team': self.tag}}

    def manual(self, ip: str, network_id: str | None = None) -> dict[
            str, Any]:
        """The spec of a manual network."""
        return {
            'type': 'manual', 'ip': ip, 'prefix': '32',
            'netmask': '255.255.255.0', 'gateway': GATEWAY,
            'dns': ['8.8.8.8'], 'default': ['dns', 'gateway'],
            'cloud_properties': {'net_id': network_id or self.network_id}}

    def vm_arguments(
        self, stemcell: str, networks: dict[str, Any],
        disks: tuple[str, ...] = (), **properties: Any
    ) -> list[Any]:
        """The arguments of create_vm."""
        return [
            f'agent-{self.tag}', stemcell,
            {'instance_type': FLAVOR} | properties, networks, list(disks),
            {'bosh': {
                'password': f'env-{self.tag}', 'tags': {'team': self.tag},
                'group': 'd-cf-api',
                'groups': ['d', 'cf', 'api', 'd-cf', 'cf-api',
                           'd-cf-api']}}]

    def make_vm(self, *arguments: Any) -> tuple[str, dict[str, Any]]:
        """Create a VM, gone when the test ends; returns the result."""
        cid, networks = self.call(
            'create_vm', *self.vm_arguments(*arguments))
        self.addCleanup(self.call, 'delete_vm', cid)
        return cid, networks

    def leftovers(self) -> dict[str, list[str]]:
        """What in the cloud bears the mark of this test's director."""
        cloud, mark = self.cloud, self.director_uuid
        return {
            'servers': [
                found.id for found in cloud.compute.servers()
                if found.metadata.get('bosh_director_uuid') == mark],
            'ports': [found.id for found in cloud.network.ports(
                tags=f'bosh_director_uuid={mark}')],
            'ports in the network': [
                found.id for found in cloud.network.ports(
                    network_id=self.network_id)],
            'volumes': [
                found.id for found in cloud.block_storage.volumes()
                if found.metadata.get('bosh_director_uuid') == mark],
            'images': [found.id for found in cloud.image.images(
                tag=f'bosh_director_uuid={mark}')],
        }

    def assert_nothing_left(self, *but: str) -> None:
        """Nothing is left, except for these kinds."""
        self.assertEqual({}, {
            kind: found for kind, found in self.leftovers().items()
            if found and kind not in but})
