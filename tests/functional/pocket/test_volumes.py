# SPDX-License-Identifier: Apache-2.0
"""Volumes and their snapshots."""

from tests.functional.pocket import resources


class VolumeTestCase(resources.ResourceTestCase):

    def test_attach_snapshot_detach_extend(self) -> None:
        storage = self.cloud.block_storage
        server = self.make_server()
        volume = self.make_volume(metadata={'director': self.tag})
        self.assertEqual({'director': self.tag}, volume.metadata)
        self.cloud.compute.create_volume_attachment(
            server, volume_id=volume.id)
        volume = self.wait_for_volume(volume.id, 'in-use')
        self.assertEqual(server.id, volume.attachments[0]['server_id'])
        self.assertTrue(volume.attachments[0]['device'])

        # of an attached volume, as BOSH takes them
        snapshot = storage.create_snapshot(
            volume_id=volume.id, name=self.name('snapshot'), is_forced=True)
        self.addCleanup(self.delete_snapshot, snapshot.id)
        self.wait_for_status(
            lambda: storage.get_snapshot(snapshot.id), 'available')
        self.make_volume(snapshot_id=snapshot.id, size=2)

        self.cloud.compute.delete_volume_attachment(server, volume.id)
        self.wait_for_volume(volume.id, 'available')
        storage.extend_volume(volume.id, 3)
        self.wait_for(
            lambda: storage.get_volume(volume.id).size == 3
            and storage.get_volume(volume.id).status == 'available',
            'the larger volume')

    def delete_snapshot(self, snapshot_id: str) -> None:
        storage = self.cloud.block_storage
        storage.delete_snapshot(snapshot_id)
        self.wait_gone(lambda: storage.get_snapshot(snapshot_id),
                       'snapshot ' + snapshot_id)
