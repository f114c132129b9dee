# SPDX-License-Identifier: Apache-2.0
"""A director on the pocket cloud, asked through the project's client."""

import secrets
from typing import Any

from cf_openstack.director import instances
from cf_openstack.manifest import document
from devstack.demo import artifacts
from devstack.pocket import stemcell_builder
from tests.functional import base
from tests.functional import own_director

TASK_LIMIT_S = 600
DISK_MIB = 1024


class DirectorTestCase(base.FunctionalTestCase):
    """Has a director, networks, a stemcell and so on of its own.

    ``known`` tells how to reach the director: ``endpoint``, ``ca_file``,
    ``client``, ``client_secret``.  Everything bears the test's tag.
    """

    def setUp(self) -> None:
        super().setUp()
        own = own_director.OwnDirector(self.state, self.name('director'))
        self.addCleanup(own.close)
        self.known = own.known
        self.files = own.files
        self.director = own.client
        self.base_url = self.known['endpoint'] + '/files/'
        self.deployment = self.name('dep')
        self.stemcell = self.name('stemcell')
        self.release = self.name('release')
        self.subnet = f'10.{64 + secrets.randbelow(128)}.%d'
        self.network_ids = [self.make_network(n) for n in (1, 2)]
        self.flavors = sorted(
            self.cloud.compute.flavors(), key=lambda f: f.ram)[:2]
        self.configure()
        self.upload()
        self.addCleanup(self.delete_deployment)

    def make_network(self, number: int) -> str:
        """A network; its id."""
        network = self.cloud.network.create_network(
            name=self.name(f'net{number}'))
        self.addCleanup(
            self.cloud.network.delete_network, network.id)
        self.cloud.network.create_subnet(
            name=self.name(f'subnet{number}'), network_id=network.id,
            ip_version=4, cidr=self.subnet % number + '.0/24')
        return network.id

    def configure(self) -> None:
        """Give the director a cloud config, under a name of its own."""
        tag = self.tag
        content = document.dump({
            'azs': [{'name': f'{az}-{tag}', 'cloud_properties': {
                'availability_zone': 'nova'}} for az in ('z1', 'z2')],
            'vm_types': [
                {'name': f'{name}-{tag}', 'cloud_properties': {
                    'instance_type': flavor.name}}
                for name, flavor in zip(('small', 'large'), self.flavors)],
            'disk_types': [{'name': f'disk-{tag}', 'disk_size': DISK_MIB}],
            'networks': [{'name': f'net{n}-{tag}', 'type': 'manual',
                          'subnets': [{
                              'azs': [f'z1-{tag}', f'z2-{tag}'],
                              'range': self.subnet % n + '.0/24',
                              'gateway': self.subnet % n + '.1',
                              'reserved': [self.subnet % n + '.2'],
                              'static': [self.subnet % n + '.100'],
                              'cloud_properties': {'net_id': network_id}}]}
                         for n, network_id in enumerate(
                             self.network_ids, 1)]})
        self.director.configs.put('cloud', self.name('config'), content)
        self.addCleanup(
            self.director.configs.delete, 'cloud', self.name('config'))

    def upload(self) -> None:
        """Upload a stemcell and a release, by URL."""
        stemcell = self.files / f'{self.stemcell}.tgz'
        checksum = stemcell_builder.build(
            stemcell, name=self.stemcell, version='1',
            operating_system=self.stemcell)
        self.addCleanup(stemcell.unlink)
        self.run_task(self.director.stemcells.upload_url(
            self.base_url + stemcell.name, checksum))
        self.addCleanup(self.delete_artifacts)
        release = artifacts.make_release(
            self.files, self.release, '1', ['job'])
        self.addCleanup(release.path.unlink)
        self.run_task(self.director.releases.upload_url(
            self.base_url + release.path.name, release.checksum))

    def delete_artifacts(self) -> None:
        """Delete the stemcell and the release."""
        for task in (self.director.stemcells.delete(self.stemcell, '1'),
                     self.director.releases.delete(self.release)):
            if task is not None:
                self.run_task(task)

    def delete_deployment(self) -> None:
        """Delete the deployment, if it is there."""
        task = self.director.deployments.delete(self.deployment)
        if task is not None:
            self.run_task(task)

    def run_task(self, task_id: int) -> None:
        """Wait for a task; its failure is the test's."""
        self.director.tasks.monitor(task_id).wait(
            timeout=TASK_LIMIT_S, interval=base.PAUSE_S)

    def group(self, name: str, instances: int = 1,
              **more: Any) -> dict[str, Any]:
        """An instance group."""
        return {
            'name': name, 'instances': instances, 'stemcell': 'default',
            'azs': [f'z1-{self.tag}', f'z2-{self.tag}'],
            'vm_type': f'small-{self.tag}',
            'networks': [{'name': f'net1-{self.tag}'}],
            'jobs': [{'name': 'job', 'release': self.release}], **more}

    def deploy(self, *groups: dict[str, Any], **more: Any) -> None:
        """Deploy a manifest of these groups."""
        self.run_task(self.start_deploy(*groups, **more))

    def start_deploy(self, *groups: dict[str, Any], **more: Any) -> int:
        """Begin to deploy a manifest of these groups; the task."""
        return self.director.deployments.create(document.dump({
            'name': self.deployment,
            'releases': [{'name': self.release, 'version': '1'}],
            'stemcells': [{'alias': 'default', 'os': self.stemcell,
                           'version': '1'}],
            'update': {'canaries': 1, 'max_in_flight': 4,
                       'canary_watch_time': 1000,
                       'update_watch_time': 1000},
            'instance_groups': list(groups), **more}))

    def instances(self, group: str) -> list[instances.Instance]:
        """The instances of a group, as the director tells."""
        return [i for i in self.director.deployments.instances(
            self.deployment) if i.group == group]

    def servers(self) -> dict[str, Any]:
        """The deployment's servers in Nova, by id."""
        return {server.id: server for server in self.cloud.compute.servers()
                if server.metadata.get('deployment') == self.deployment}

    def volumes(self) -> dict[str, Any]:
        """The deployment's volumes in Cinder, by id."""
        return {volume.id: volume
                for volume in self.cloud.block_storage.volumes()
                if volume.metadata.get('deployment') == self.deployment}

    def ports(self) -> dict[str, Any]:
        """The ports of servers on the test's networks, by address."""
        return {
            port.fixed_ips[0]['ip_address']: port
            for network_id in self.network_ids
            for port in self.cloud.network.ports(network_id=network_id)
            if not port.device_owner.startswith('network:')}
