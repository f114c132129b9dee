# SPDX-License-Identifier: Apache-2.0
"""Cinder driver whose volumes are sparse files in one folder.

It needs no root, no device mapper, no loop device and no qemu-img, and
works in a container that has none of them.
"""

from collections.abc import Iterator
import os
import pathlib
from typing import Any
from typing import BinaryIO

from cinder import interface
from cinder.volume import configuration
from cinder.volume import driver
from oslo_config import cfg

OPTS = [cfg.StrOpt('pocket_volumes_dir',
                   help='Folder that the volumes are kept in.')]
cfg.CONF.register_opts(OPTS, group=configuration.SHARED_CONF_GROUP)
GIB = 1024 ** 3
CHUNK = 1024 ** 2
CAPACITY_GB = 100000


@interface.volumedriver
class SparseFileDriver(driver.VolumeDriver):
    """A volume is a file, and so is a snapshot."""

    VERSION = '1.0'
    CI_WIKI_NAME = 'none'

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.configuration.append_config_values(OPTS)

    @staticmethod
    def get_driver_options() -> list[cfg.Opt]:
        """The options of a back end's section."""
        return OPTS

    def do_setup(self, context: Any) -> None:
        """Make the folder."""
        self._folder = pathlib.Path(self.configuration.pocket_volumes_dir)
        self._folder.mkdir(parents=True, exist_ok=True)

    def check_for_setup_error(self) -> None:
        """Nothing can be wrong."""

    def create_volume(self, volume: Any) -> None:
        """An empty file."""
        _grow(self._path(volume), volume.size)

    def delete_volume(self, volume: Any) -> None:
        """Idempotent, as Cinder wants it."""
        self._path(volume).unlink(missing_ok=True)

    def extend_volume(self, volume: Any, new_size: int) -> None:
        """Longer by a hole."""
        _grow(self._path(volume), new_size)

    def create_snapshot(self, snapshot: Any) -> None:
        """A copy; only what is written takes room."""
        _copy(self._path(snapshot.volume), self._path(snapshot))

    def delete_snapshot(self, snapshot: Any) -> None:
        """Idempotent, as Cinder wants it."""
        self._path(snapshot).unlink(missing_ok=True)

    def create_volume_from_snapshot(self, volume: Any,
                                    snapshot: Any) -> None:
        """A copy, which may be larger."""
        _copy(self._path(snapshot), self._path(volume))
        _grow(self._path(volume), volume.size)

    def create_cloned_volume(self, volume: Any, src_vref: Any) -> None:
        """A copy, which may be larger."""
        _copy(self._path(src_vref), self._path(volume))
        _grow(self._path(volume), volume.size)

    def revert_to_snapshot(self, context: Any, volume: Any,
                           snapshot: Any) -> None:
        """The copy, copied back."""
        _copy(self._path(snapshot), self._path(volume))

    def clone_image(self, context: Any, volume: Any, image_location: Any,
                    image_meta: dict[str, Any],
                    image_service: Any) -> tuple[dict[str, Any], bool]:
        """The image's bytes, whatever its format: nothing boots from it."""
        with open(self._path(volume), 'wb') as target:
            image_service.download(context, image_meta['id'], target)
        _grow(self._path(volume), volume.size)
        return {}, True

    def copy_volume_to_image(self, context: Any, volume: Any,
                             image_service: Any,
                             image_meta: dict[str, Any]) -> None:
        """Upload the file."""
        with open(self._path(volume), 'rb') as source:
            image_service.update(context, image_meta['id'], {}, source)

    def ensure_export(self, context: Any, volume: Any) -> None:
        """A file needs no export."""

    def create_export(self, context: Any, volume: Any,
                      connector: Any) -> None:
        """A file needs no export."""

    def remove_export(self, context: Any, volume: Any) -> None:
        """A file needs no export."""

    def initialize_connection(self, volume: Any,
                              connector: Any) -> dict[str, Any]:
        """Where the file is."""
        return {'driver_volume_type': 'local',
                'data': {'device_path': str(self._path(volume))}}

    def terminate_connection(self, volume: Any, connector: Any,
                             **kwargs: Any) -> None:
        """A file needs no connection."""

    def _update_volume_stats(self) -> None:
        name = self.configuration.safe_get('volume_backend_name')
        self._stats = {
            'volume_backend_name': name,
            'vendor_name': 'cf-openstack',
            'driver_version': self.VERSION,
            'storage_protocol': 'file',
            'pools': [{
                'pool_name': name,
                # sparse files: what is promised is never really taken
                'total_capacity_gb': CAPACITY_GB,
                'free_capacity_gb': CAPACITY_GB,
                'provisioned_capacity_gb': 0,
                'reserved_percentage': 0,
                'max_over_subscription_ratio': '100.0',
                'thin_provisioning_support': True,
                'multiattach': True,
                'QoS_support': False}]}

    def _path(self, item: Any) -> pathlib.Path:
        return self._folder / item.name


def _grow(path: pathlib.Path, gib: int) -> None:
    with open(path, 'ab') as file:
        file.truncate(gib * GIB)


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    """Copy a sparse file; its holes stay holes."""
    with open(source, 'rb') as reader, open(target, 'wb') as writer:
        size = os.fstat(reader.fileno()).st_size
        writer.truncate(size)
        for start, end in _written(reader, size):
            reader.seek(start)
            writer.seek(start)
            left = end - start
            while left and (data := reader.read(min(left, CHUNK))):
                writer.write(data)
                left -= len(data)


def _written(file: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    """The parts of a file that are no holes, as (start, end)."""
    end = 0
    while end < size:
        try:
            start = os.lseek(file.fileno(), end, os.SEEK_DATA)
        except OSError:  # ENXIO: nothing but a hole is left
            return
        end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
        yield start, end
