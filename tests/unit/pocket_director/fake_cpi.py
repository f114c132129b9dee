# SPDX-License-Identifier: Apache-2.0
"""A CPI whose cloud is a folder; the director runs it as a program.

Each VM, disk and stemcell is a file there, and every call is a line of
``calls``, so that a test sees what a director asked, and how.
"""

# A process per call: what is imported here is paid for each time.
import json
import os
import sys


class Cloud:
    """The folder, and the CPI's methods."""

    def __init__(self, root: str) -> None:
        self._root = root

    def create_stemcell(self, image: str, properties: dict[str, object],
                        tags: dict[str, object]) -> str:
        if properties.get('image_id'):
            return f"{properties['image_id']} light"
        return self._make('stemcells', {
            'size': os.path.getsize(image), 'tags': tags})

    def delete_stemcell(self, cid: str) -> None:
        self._remove('stemcells', cid)

    def create_vm(self, agent: str, stemcell: str, properties: object,
                  networks: object, disks: object, env: object,
                  ) -> list[object]:
        return [self._make('vms', {
            'stemcell': stemcell, 'cloud_properties': properties,
            'networks': networks, 'metadata': {}}), networks]

    def delete_vm(self, cid: str) -> None:
        for disk in self.get_disks(cid):
            self.detach_disk(cid, disk)
        self._remove('vms', cid)

    def has_vm(self, cid: str) -> bool:
        return os.path.exists(self._path('vms', cid))

    def reboot_vm(self, cid: str) -> None:
        self._read('vms', cid)

    def set_vm_metadata(self, cid: str, metadata: dict[str, str]) -> None:
        self._write('vms', cid, {
            **self._read('vms', cid), 'metadata': metadata})

    def create_disk(self, size: int, properties: object, vm: str) -> str:
        return self._make('disks', {'size': size, 'vm': None})

    def delete_disk(self, cid: str) -> None:
        if self._read('disks', cid)['vm']:
            raise ValueError(f'disk {cid} is in use')
        self._remove('disks', cid)

    def has_disk(self, cid: str) -> bool:
        return os.path.exists(self._path('disks', cid))

    def get_disks(self, vm: str) -> list[str]:
        return [disk for disk in os.listdir(self._path('disks'))
                if self._read('disks', disk)['vm'] == vm]

    def attach_disk(self, vm: str, disk: str) -> str:
        self._read('vms', vm)
        content = self._read('disks', disk)
        if content['vm']:
            raise ValueError(f'disk {disk} is attached already')
        self._write('disks', disk, {**content, 'vm': vm})
        return '/dev/sdc'

    def detach_disk(self, vm: str, disk: str) -> None:
        self._write('disks', disk, {**self._read('disks', disk), 'vm': None})

    def set_disk_metadata(self, cid: str, metadata: object) -> None:
        self._read('disks', cid)

    def resize_disk(self, cid: str, size: int) -> None:
        self._write('disks', cid, {**self._read('disks', cid), 'size': size})

    def snapshot_disk(self, disk: str, metadata: object) -> str:
        self._read('disks', disk)
        return self._make('snapshots', {'disk': disk, **metadata})

    def delete_snapshot(self, cid: str) -> None:
        self._remove('snapshots', cid)

    def calculate_vm_cloud_properties(
            self, needs: dict[str, int]) -> dict[str, object]:
        return {'instance_type': f"cpu{needs['cpu']}"}

    def _make(self, kind: str, content: object) -> str:
        cid = f'{kind[:-1]}-{os.urandom(4).hex()}'
        self._write(kind, cid, content)
        return cid

    def _path(self, *parts: str) -> str:
        return os.path.join(self._root, *parts)

    def _read(self, kind: str, cid: str) -> dict[str, object]:
        with open(self._path(kind, cid)) as file:
            content: dict[str, object] = json.load(file)
            return content

    def _write(self, kind: str, cid: str, content: object) -> None:
        # Whole or not at all: other calls look on.
        partial = self._path(f'{cid}.partial')
        with open(partial, 'w') as file:
            json.dump(content, file)
        os.replace(partial, self._path(kind, cid))

    def _remove(self, kind: str, cid: str) -> None:
        try:
            os.unlink(self._path(kind, cid))
        except FileNotFoundError:
            # What is gone is deleted, as far as a CPI is concerned.
            return


def main() -> None:
    """Answer the request on stdin."""
    root = sys.argv[1]
    request = json.load(sys.stdin)
    line = json.dumps({**request, 'env': sorted(os.environ)}) + '\n'
    with open(os.path.join(root, 'calls'), 'a') as calls:
        calls.write(line)
    print(f"Starting {request['method']}", file=sys.stderr)
    result, error = None, None
    try:
        result = getattr(Cloud(root), request['method'])(
            *request['arguments'])
    except AttributeError as cause:
        error = {'type': 'Bosh::Clouds::NotImplemented',
                 'message': str(cause), 'ok_to_retry': False}
    except (OSError, ValueError) as cause:
        error = {'type': 'Bosh::Clouds::CloudError',
                 'message': str(cause), 'ok_to_retry': False}
    json.dump({'result': result, 'error': error, 'log': ''}, sys.stdout)


if __name__ == '__main__':
    main()
