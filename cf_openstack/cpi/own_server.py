# SPDX-License-Identifier: Apache-2.0
"""Which server of the cloud this process runs on, as far as it can tell.

Nothing here needs root: a director runs its CPI as an ordinary user.
"""

from collections.abc import Callable
import json
import logging
import pathlib
import re

import requests

LOG = logging.getLogger(__name__)

#: Nova's metadata service, the same address in every cloud.
METADATA_URL = 'http://169.254.169.254/openstack/latest/meta_data.json'

#: Seconds to connect, and to wait for an answer.  It is near, or nowhere.
_TIMEOUTS = (1, 3)

_DRIVE_FILE = 'openstack/latest/meta_data.json'

_UUID = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')


def find(root: str = '/') -> str | None:
    """Return the id of the server this runs on, None if nothing tells.

    :param root: where the file system begins.
    """
    top = pathlib.Path(root)
    sources: list[tuple[str, Callable[[], str | None]]] = [
        ('the config drive', lambda: _config_drive(top)),
        ("cloud-init's files", lambda: _text(
            top / 'var/lib/cloud/data/instance-id')),
        ('the BIOS', lambda: _bios(top)),
        ('the metadata service', _service),
    ]
    for name, read in sources:
        found = (read() or '').strip().lower()
        if _UUID.fullmatch(found):
            LOG.info('%s says that this is server %s', name, found)
            return found
        LOG.debug('%s says nothing of this server', name)
    return None


def _text(path: pathlib.Path) -> str | None:
    try:
        return path.read_text(encoding='utf-8')
    except (OSError, ValueError):
        # Not there, not ours to read, or no text.
        return None


def _config_drive(top: pathlib.Path) -> str | None:
    """Read the config drive, if it is mounted anywhere."""
    for line in (_text(top / 'proc/self/mounts') or '').splitlines():
        fields = line.split()
        # Nova makes it in one of these formats.
        if len(fields) < 3 or fields[2] not in ('iso9660', 'vfat'):
            continue
        folder = top / fields[1].lstrip('/')
        found = _uuid_of(_text(folder / _DRIVE_FILE))
        if found:
            return found
    return None


def _bios(top: pathlib.Path) -> str | None:
    """Read what Nova writes into the guest's BIOS.

    ``product_uuid`` is for root in most systems, and for all in some.
    """
    folder = top / 'sys/class/dmi/id'
    if 'openstack' not in (_text(folder / 'product_name') or '').lower():
        return None
    return _text(folder / 'product_uuid')


def _service() -> str | None:
    with requests.Session() as session:
        # A proxy's metadata service would tell of the proxy.
        session.trust_env = False
        try:
            response = session.get(
                METADATA_URL, timeout=_TIMEOUTS, allow_redirects=False)
        except requests.RequestException as exc:
            LOG.info('The metadata service does not answer: %s', exc)
            return None
    return _uuid_of(response.text) if response.status_code == 200 else None


def _uuid_of(text: str | None) -> str | None:
    try:
        found = json.loads(text or '')
    except ValueError:
        return None
    value = found.get('uuid') if isinstance(found, dict) else None
    return value if isinstance(value, str) else None
