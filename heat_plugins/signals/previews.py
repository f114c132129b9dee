# SPDX-License-Identifier: Apache-2.0
"""The answer to the last diff signal, which may be large."""

import base64
import hashlib
import json
from typing import Any
import zlib

from heat.common import exception
from heat.objects import resource_data as resource_data_objects

from heat_plugins.resources import base

#: Lines of a diff, and characters in all of them, that are kept.
LINES = 20000
CHARACTERS = 1024 * 1024

_KEY = 'preview'
_OWNER = 'owner'
# Heat's database keeps 64 KiB of a value, and encryption adds a third.
_CHUNK = 40 * 1024
_CHUNKS = 12


def _packed(document: Any) -> str:
    data = json.dumps(document, separators=(',', ':')).encode('utf-8')
    return base64.b64encode(zlib.compress(data, 9)).decode('ascii')


def _fit(document: dict[str, Any]) -> str:
    """Pack a preview; lines at the end of a diff that is too long go."""
    lines = document.get('diff') or []
    keep = min(len(lines), LINES)
    size = 0
    for number, line in enumerate(lines[:keep]):
        size += len(line[0])
        if size > CHARACTERS:
            keep = number
            break
    while True:
        cut = len(lines) - keep
        text = _packed({**document, 'diff': lines[:keep],
                        'lines_left_out': cut} if lines else document)
        if len(text) <= _CHUNK * _CHUNKS or not keep:
            return text
        keep //= 2


def write(rsrc: base.DirectorUser, document: dict[str, Any]) -> None:
    """Keep a preview in place of the one before.

    :param document: ``diff`` is a list of pairs; what of it does not fit
        into Heat's database is left out and counted.
    """
    text = _fit(document)
    chunks = [text[at:at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    for number, chunk in enumerate(chunks):
        rsrc.data_set(f'{_KEY}-{number}', chunk, redact=True)
    # Last, so that a reader never takes a half for the whole.
    rsrc.data_set(_KEY, json.dumps({
        _OWNER: rsrc.uuid, 'chunks': len(chunks),
        'digest': hashlib.sha256(text.encode('ascii')).hexdigest()}),
        redact=True)
    for number in range(len(chunks), _CHUNKS):
        if f'{_KEY}-{number}' in rsrc.data():
            rsrc.data_delete(f'{_KEY}-{number}')


def read(rsrc: base.DirectorUser) -> dict[str, Any] | None:
    """The last preview; None when there is none, or while it changes."""
    try:
        data = resource_data_objects.ResourceData.get_all(rsrc)
    except exception.NotFound:
        return None
    header = json.loads(data.get(_KEY) or '{}')
    if header.get(_OWNER) != rsrc.uuid:
        return None
    text = ''.join(data.get(f'{_KEY}-{number}', '')
                   for number in range(header['chunks']))
    if hashlib.sha256(text.encode('utf-8')).hexdigest() != header['digest']:
        return None
    return json.loads(zlib.decompress(base64.b64decode(text)))
