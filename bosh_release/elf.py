# SPDX-License-Identifier: Apache-2.0
"""What the ELF files of a tree need of the machine that they run on.

Run by the Python of the builder's venv, which has pyelftools::

    python -m bosh_release.elf FOLDER

prints a JSON object: file -> {"glibc": "2.35" or null, "needs": [library]}.
"""

import json
import pathlib
import sys
from typing import Any
from typing import BinaryIO

from elftools.common import exceptions
from elftools.elf import dynamic
from elftools.elf import elffile
from elftools.elf import gnuversions

_MAGIC = b'\x7fELF'
_PREFIX = 'GLIBC_'


def read(file: BinaryIO) -> dict[str, Any]:
    """Return the newest glibc and the libraries that an ELF file needs.

    The versions are those of its section ``.gnu.version_r``, "Version
    Requirements" in the Linux Standard Base.
    """
    versions: list[tuple[int, ...]] = []
    needs: set[str] = set()
    for section in elffile.ELFFile(file).iter_sections():
        if isinstance(section, gnuversions.GNUVerNeedSection):
            versions += [
                parse(aux.name) for _, auxiliaries in section.iter_versions()
                for aux in auxiliaries if aux.name.startswith(_PREFIX)]
        elif isinstance(section, dynamic.DynamicSection):
            needs.update(
                tag.needed for tag in section.iter_tags('DT_NEEDED'))
    newest = max(versions, default=None)
    return {
        'glibc': '.'.join(map(str, newest)) if newest else None,
        'needs': sorted(needs)}


def parse(name: str) -> tuple[int, ...]:
    """The numbers of a version such as ``GLIBC_2.35``.

    Zero for those that have none, such as ``GLIBC_PRIVATE``.
    """
    text = name.removeprefix(_PREFIX)
    if not text.replace('.', '').isdigit():
        return (0,)
    return tuple(map(int, text.split('.')))


def scan(folder: pathlib.Path) -> dict[str, Any]:
    """Read all ELF files below a folder."""
    found = {}
    for path in sorted(folder.rglob('*')):
        if not path.is_file():
            continue
        with open(path, 'rb') as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                continue
            file.seek(0)
            try:
                found[str(path.relative_to(folder))] = read(file)
            except exceptions.ELFError as exc:
                raise ValueError(f'{path} is damaged: {exc}') from exc
    return found


if __name__ == '__main__':
    print(json.dumps(scan(pathlib.Path(sys.argv[1]))))
