# SPDX-License-Identifier: Apache-2.0
"""A deployment's life on the fake CPI."""

from tests.unit.pocket_director import base


class DeployTest(base.DirectorTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.upload()

    def test_life(self) -> None:
        document = base.manifest(
            base.group('web', 2), base.group(
                'db', persistent_disk_type='1GB', networks=[
                    {'name': 'default', 'static_ips': ['10.0.1.100']}]))
        task = self.done(self.deploy(document))
        self.assertEqual('/deployments/dep', task['result'])
        vms = self.in_cloud('vms')
        self.assertEqual(
            {'10.0.1.10', '10.0.2.2', '10.0.1.100'},
            {vm['networks']['default']['ip'] for vm in vms.values()})
        (disk,) = self.in_cloud('disks').values()
        (database,) = self.instances('db')
        self.assertEqual(
            {'size': 1024, 'vm': database['cid']}, disk)
        self.done(self.http.delete('/deployments/dep'))
        self.assertEqual({}, self.in_cloud('vms'))
        self.assertEqual({}, self.in_cloud('disks'))
        self.assertEqual(404, self.http.get('/deployments/dep').status_code)
