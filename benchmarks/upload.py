# SPDX-License-Identifier: Apache-2.0
"""Measure create_stemcell against an upload of the same bytes by the SDK.

Makes a stemcell's ``image`` of the wanted size, lets the CPI upload it,
lets openstacksdk upload the disk image that is in it, and prints seconds
and the most memory each of the two processes had.  What is made is removed
again.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from typing import BinaryIO

from benchmarks import runner
from cf_openstack.cloud import connection
from cf_openstack.cpi import config as cpi_config

MIB = 1024 * 1024


class RootImage:
    """The bytes of a disk, a sixteenth of which cannot be compressed.

    :param size: bytes.
    """

    def __init__(self, size: int) -> None:
        self._left = size
        self._block = os.urandom(MIB // 16) + bytes(MIB - MIB // 16)

    def read(self, size: int = -1, /) -> bytes:
        """At most size bytes."""
        size = min(self._left, len(self._block) if size < 0 else size)
        self._left -= size
        times = -(-size // len(self._block))
        return (self._block * times)[:size]


@dataclasses.dataclass(frozen=True)
class Upload:
    """One upload by one process.

    :ivar seconds: from start to end of the process.
    :ivar peak: the most resident memory, in MiB.
    :ivar output: of the process.
    """

    seconds: float
    peak: float
    output: bytes


def make(folder: str, size: int) -> tuple[str, str]:
    """Write a stemcell's ``image`` and the ``root.img`` that is in it.

    :param size: bytes of the disk.
    """
    root = os.path.join(folder, 'root.img')
    source = RootImage(size)
    with open(root, 'wb') as file:
        while block := source.read(MIB):
            file.write(block)
    image = os.path.join(folder, 'image')
    with tarfile.open(image, 'w:gz', compresslevel=1) as archive:
        archive.add(root, 'root.img')
    return image, root


def run(command: list[str], stdin: bytes, folder: str) -> Upload:
    """Run a process and measure it."""
    started = time.monotonic()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder,
        stderr=subprocess.DEVNULL, env={
            'PATH': runner.PATH, 'TMPDIR': folder, 'HOME': folder,
            'PYTHONPATH': os.pathsep.join(sys.path)})
    _write(process.stdin, stdin)
    with process.stdout:
        output = process.stdout.read()
    # Of this child alone, unlike resource.getrusage().
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Upload(time.monotonic() - started, usage.ru_maxrss / 1024, output)


def by_cpi(command: str, config: str, image: str, folder: str) -> Upload:
    """Upload with create_stemcell; the reply is the output."""
    return run([command, config], json.dumps({
        'method': 'create_stemcell', 'api_version': 2,
        'arguments': [image, {
            'name': 'benchmark', 'version': '1', 'disk_format': 'raw',
            'container_format': 'bare'}],
        'context': {'director_uuid': 'benchmark'}}).encode(), folder)


def by_sdk(config: str, root: str, folder: str) -> Upload:
    """Upload with openstacksdk; the id of the image is the output."""
    return run(
        [sys.executable, '-m', 'benchmarks.upload', '--sdk', root,
         '--config', config], b'', folder)


def _write(stdin: BinaryIO, data: bytes) -> None:
    with stdin:
        stdin.write(data)


def _upload_root(config: str, root: str) -> None:
    settings = cpi_config.load(config, {'token_cache': False}).settings
    conn = connection.connect(settings)
    print(conn.create_image(
        'benchmark', filename=root, disk_format='raw',
        container_format='bare', wait=True).id)


def _compare(args: argparse.Namespace) -> None:
    settings = cpi_config.load(args.config, {'token_cache': False}).settings
    conn = connection.connect(settings)
    with tempfile.TemporaryDirectory(prefix='benchmark-') as folder:
        image, root = make(folder, args.size * MIB)
        print(f'{args.size} MiB, compressed '
              f'{os.path.getsize(image) / MIB:.0f} MiB')
        ours = by_cpi(args.cpi, args.config, image, folder)
        reply = json.loads(ours.output)
        if reply['error']:
            sys.exit(str(reply['error']))
        conn.image.delete_image(reply['result'])
        theirs = by_sdk(args.config, root, folder)
        conn.image.delete_image(theirs.output.decode().strip())
    for name, found in (('CPI', ours), ('SDK', theirs)):
        print(f'{name}: {found.seconds:6.1f} s, {found.peak:4.0f} MiB')
    print(f'ratio of seconds: {ours.seconds / theirs.seconds:.2f}')


def main(arguments: list[str] | None = None) -> int:
    """Run as a command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog='python3 -m benchmarks.upload', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cpi', metavar='EXECUTABLE', default='openstack_cpi',
                        help='default: %(default)s')
    parser.add_argument('--config', required=True, metavar='FILE',
                        help='a CPI configuration (cpi.json) for the cloud')
    parser.add_argument('--size', type=int, default=2048, metavar='MIB',
                        help='of the disk image; default: %(default)s')
    parser.add_argument('--sdk', metavar='ROOT_IMG', help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.sdk:
        _upload_root(args.config, args.sdk)
    else:
        _compare(args)
    return 0


if __name__ == '__main__':
    sys.exit(main())
