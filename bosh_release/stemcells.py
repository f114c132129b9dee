# SPDX-License-Identifier: Apache-2.0
"""Whether a tree of programs and libraries runs on a stemcell."""

from collections.abc import Mapping
import re
from typing import Any

from bosh_release import errors

#: Of Ubuntu Jammy; Noble has 2.39.
GLIBC = '2.35'
#: What comes with glibc, and so with every stemcell.
_GLIBC_FILES = re.compile(
    r'ld-linux-[\w.-]+\.so\.\d+|'
    r'lib(c|m|dl|rt|pthread|util|resolv|nsl|anl)\.so\.\d+')


def check(found: Mapping[str, Any], limit: str) -> str:
    """Check what :mod:`bosh_release.elf` has found in a tree.

    :param found: file -> its newest glibc and the libraries it needs.
    :param limit: the stemcells' glibc, such as "2.35".
    :returns: the newest glibc that is needed.
    :raises TooNew: a file needs a newer one.
    :raises Missing: a file needs a library that is neither in the tree nor
        part of glibc.
    """
    newest, allowed = (0,), _version(limit)
    new, missing = [], []
    here = {name.rpartition('/')[2] for name in found}
    for name, needs in sorted(found.items()):
        version = _version(needs['glibc'] or '0')
        newest = max(newest, version)
        if version > allowed:
            new.append(f'  {name} needs {needs["glibc"]}')
        for library in needs['needs']:
            if library not in here and not _GLIBC_FILES.fullmatch(library):
                missing.append(f'  {name} needs {library}')
    if new:
        raise errors.TooNew(limit=limit, files='\n'.join(new))
    if missing:
        raise errors.Missing(files='\n'.join(missing))
    return '.'.join(map(str, newest))


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split('.'))
