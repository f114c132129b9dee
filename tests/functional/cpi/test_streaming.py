# SPDX-License-Identifier: Apache-2.0
"""create_stemcell reads once, keeps nothing and leaves nothing."""

import hashlib
import json
import os
import pathlib
import signal
import threading
from typing import Any

from benchmarks import upload
from tests.functional.cpi import base

SIZE = 64 * upload.MIB
PROPERTIES = {'name': 'streamed', 'version': '1', 'disk_format': 'raw',
              'container_format': 'bare'}


class StreamingTestCase(base.CpiTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.place = os.path.join(self.folder, 'place')
        os.mkdir(self.place)

    def _images(self) -> list[Any]:
        return list(self.cloud.image.images(
            tag=f'bosh_director_uuid={self.director_uuid}'))

    def test_memory_is_flat(self) -> None:
        peaks = []
        executable = str(self.state.path('venv', 'bin', 'openstack_cpi'))
        for size in (upload.MIB, SIZE):
            image, root = upload.make(self.place, size)
            done = upload.by_cpi(
                executable, self.write_config(), image, self.place)
            cid = json.loads(done.output)['result']
            self.addCleanup(self.cloud.image.delete_image, cid)
            peaks.append(done.peak)
        found = self.cloud.image.get_image(cid)
        self.assertEqual('active', found.status)
        self.assertEqual(SIZE, found.size)
        with open(root, 'rb') as file:
            digest = hashlib.file_digest(file, 'sha512')
        self.assertEqual(digest.hexdigest(), found.hash_value)
        self.assertLess(peaks[1] - peaks[0], 12)

    def test_damaged(self) -> None:
        image, _root = upload.make(self.place, 4 * upload.MIB)
        whole = pathlib.Path(image).read_bytes()
        # In the very last bytes is the checksum of all before.
        for data in (whole[:-100], whole[:-6] + bytes(6),
                     whole[:len(whole) // 2]):
            pathlib.Path(image).write_bytes(data)
            error = self.refused('create_stemcell', image, PROPERTIES)
            self.assertEqual('Bosh::Clouds::CloudError', error['type'])
            self.assertEqual([], self._images())

    def test_interrupted(self) -> None:
        process = self._half_way()
        process.send_signal(signal.SIGTERM)
        reply = self.finish(process)
        self.assertIn('SIGTERM', reply['error']['message'])
        self.assertEqual([], self._images())
        # Nobody can clean up after this, but its tags tell whose it is.
        process = self._half_way()
        process.kill()
        process.communicate()
        left, = self._images()
        self.addCleanup(self.cloud.image.delete_image, left.id)
        self.assertIn(left.status, ('queued', 'saving'))
        self.assertIn('bosh_request_id=cpi-123456', left.tags)
        self.assertEqual(
            self.director_uuid, left.properties['bosh_director_uuid'])

    def _half_way(self) -> Any:
        """A call to which only half of the archive has been given."""
        image, _root = upload.make(self.place, 8 * upload.MIB)
        data = pathlib.Path(image).read_bytes()
        os.unlink(image)
        # It can be read once, from front to back.
        os.mkfifo(image)
        process = self.start('create_stemcell', image, PROPERTIES)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        pipe = open(image, 'wb', buffering=0)
        self.addCleanup(pipe.close)
        os.unlink(image)
        feeding = threading.Thread(
            target=pipe.write, args=(data[:len(data) // 2],), daemon=True)
        feeding.start()
        feeding.join(60)
        self.wait_for(self._images, 'the image that is uploaded')
        self._nothing_on_disk()
        return process

    def _nothing_on_disk(self) -> None:
        """$TMPDIR holds no copy of what is uploaded."""
        sizes = [
            path.stat().st_size for path in pathlib.Path(
                self.folder).rglob('*')
            if path.is_file() and path.name != 'root.img']
        self.assertLess(sum(sizes), 1024 * 1024)
