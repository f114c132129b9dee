# SPDX-License-Identifier: Apache-2.0
"""A deployment's life, seen in Nova, Neutron, Cinder and Glance."""

from typing import Any

from cf_openstack.director import exceptions
from tests.functional.pocket_director import base


class DeploymentTest(base.DirectorTestCase):

    def groups(self, webs: int) -> list[dict[str, Any]]:
        return [
            self.group('web', webs, networks=[
                {'name': f'net1-{self.tag}', 'default': ['dns', 'gateway']},
                {'name': f'net2-{self.tag}'}]),
            self.group(
                'db', persistent_disk_type=f'disk-{self.tag}', networks=[
                    {'name': f'net1-{self.tag}',
                     'static_ips': [self.subnet % 1 + '.100']}])]

    def check_servers(self) -> dict[str, Any]:
        """Director and Nova tell the same; the servers by id."""
        servers = self.servers()
        known = {i.cid: i for i in self.director.deployments.instances(
            self.deployment)}
        self.assertEqual(set(servers), set(known))
        for cid, server in servers.items():
            self.assertEqual('ACTIVE', server.status)
            self.assertEqual(
                f'{known[cid].group}/{known[cid].id}', server.name)
        ports = self.ports()
        self.assertEqual(
            {ip: i.cid for i in known.values() for ip in i.ips},
            {ip: port.device_id for ip, port in ports.items()})
        return servers

    def check_disk(self) -> str:
        """The one volume is attached to the database; its id."""
        (database,) = self.instances('db')
        (volume,) = self.volumes().values()
        self.assertEqual(
            ('in-use', 1), (volume.status, volume.size))
        self.assertEqual(
            [database.cid], [a['server_id'] for a in volume.attachments])
        self.assertEqual(database.id, volume.metadata['instance_id'])
        self.assertEqual([self.subnet % 1 + '.100'], list(database.ips))
        return volume.id

    def test_life(self) -> None:
        self.deploy(*self.groups(2))
        first = self.check_servers()
        disk = self.check_disk()
        azs = [i.az for i in self.instances('web')]
        self.assertEqual([f'z1-{self.tag}', f'z2-{self.tag}'], sorted(azs))
        self.assertEqual({2}, {len(i.ips) for i in self.instances('web')})
        task = self.director.deployments.vitals(self.deployment)
        self.run_task(task)
        vitals = self.director.deployments.parse_vitals(
            self.director.tasks.output(task, 'result'))
        self.assertEqual({True}, {v.is_running for v in vitals})

        self.deploy(*self.groups(3))
        self.assertLess(set(first), set(self.check_servers()))
        self.deploy(*self.groups(1))
        self.assertEqual(2, len(self.check_servers()))
        self.assertEqual(disk, self.check_disk())

        (before,) = self.instances('db')
        self.run_task(self.director.deployments.change_state(
            self.deployment, 'recreate', 'db'))
        (after,) = self.instances('db')
        self.assertNotEqual(before.cid, after.cid)
        self.check_servers()
        self.assertEqual(disk, self.check_disk())

        self.run_task(self.director.deployments.change_state(
            self.deployment, 'detached'))
        self.assertEqual({}, self.servers())
        self.assertEqual({}, self.ports())
        self.assertEqual(
            ['available'], [v.status for v in self.volumes().values()])
        self.run_task(self.director.deployments.change_state(
            self.deployment, 'started'))
        self.check_servers()
        self.assertEqual(disk, self.check_disk())

        self.delete_deployment()
        self.assert_nothing_left()
        image = next(s.cid for s in self.director.stemcells.list()
                     if s.name == self.stemcell)
        self.assertEqual('active', self.cloud.image.get_image(image).status)
        self.delete_artifacts()
        self.assertIsNone(self.cloud.image.find_image(image))

    def test_vm_type_and_disk_change(self) -> None:
        group = self.group('db', persistent_disk=1024)
        self.deploy(group)
        (old,) = self.servers().values()
        (disk,) = self.volumes()
        self.deploy({**group, 'vm_type': f'large-{self.tag}'})
        (new,) = self.servers().values()
        self.assertNotEqual(old.flavor.name, new.flavor.name)
        (volume,) = self.volumes().values()
        self.assertEqual(
            (disk, new.id),
            (volume.id, volume.attachments[0]['server_id']))
        self.deploy({**group, 'vm_type': f'large-{self.tag}',
                     'persistent_disk': 2048})
        self.assertEqual(
            {('available', 1), ('in-use', 2)},
            {(v.status, v.size) for v in self.volumes().values()})
        self.delete_deployment()
        self.assert_nothing_left()

    def test_failed_deploy_is_deleted(self) -> None:
        config = self.director.configs.latest('cloud', self.name('config'))
        assert config is not None
        self.director.configs.put(
            'cloud', config.name, config.content.replace(
                self.flavors[1].name, 'no-such-flavor'))
        error = self.assertRaises(
            exceptions.TaskFailed, self.deploy, self.group('web'),
            self.group('db', vm_type=f'large-{self.tag}'))
        self.assertIn('no-such-flavor', str(error))
        self.assertIn("in 'create_vm' CPI method", str(error))
        self.assertIsNone(
            self.director.deployments.manifest(self.deployment))
        self.delete_deployment()
        self.assert_nothing_left()

    def assert_nothing_left(self) -> None:
        """No server, port or volume of the deployment is there."""
        self.assertEqual({}, self.servers())
        self.assertEqual({}, self.ports())
        self.assertEqual({}, self.volumes())
        self.assertIsNone(self.director.deployments.get(self.deployment))
