# SPDX-License-Identifier: Apache-2.0
"""A file with the token and the catalog, for the processes that follow.

A director starts a process for each call.  What Keystone and the version
documents of the services told one of them serves the next, until the token
expires.  The file holds a token, which is as good as a password for that
long: it is read and written only in a folder that nobody else may enter,
and a file or folder that is somebody else's, or open to others, or a link,
is left alone.  A file that cannot be used is as good as none.
"""

import contextlib
import dataclasses
import hashlib
import hmac
import json
import logging
import os
import stat
from typing import Any

LOG = logging.getLogger(__name__)

#: Of what is written; what another version wrote is not read.
VERSION = 1

#: Bytes; a catalog has some 20 000.
_LARGEST = 4 * 1024 * 1024

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def default_folder() -> str | None:
    """Where the cache is unless the configuration says otherwise.

    Below $TMPDIR, or else below $HOME: of these two a director leaves at
    least one.  None: neither is there.
    """
    for variable, name in (
            ('TMPDIR', f'openstack_cpi-{os.geteuid()}'),
            ('HOME', os.path.join('.cache', 'openstack_cpi'))):
        parent = os.environ.get(variable)
        if parent and os.path.isabs(parent) and os.path.isdir(parent):
            return os.path.join(parent, name)
    return None


def name_of(settings: Any) -> str:
    """The name of the file that belongs to settings of a connection.

    It depends on all that a token and a catalog depend on, on the secret
    too: who does not know it gets no token.  The secret is the key of a
    digest and cannot be read from the name.  How certificates are checked
    is part of it, so that a catalog from a server that nobody checked
    does not serve where they are checked.

    :param settings: a dataclass, :class:`connection.Settings`.
    """
    told = dataclasses.asdict(settings)
    secret = ''.join(
        told.pop(key) or ''
        for key in ('password', 'application_credential_secret'))
    for key in ('connect_timeout', 'read_timeout', 'write_timeout',
                'token_cache'):
        told.pop(key, None)
    if isinstance(settings.verify, str):
        # The file may be a temporary one; what counts is what is in it.
        told['verify'] = _digest_of(settings.verify)
    return hmac.new(
        secret.encode('utf-8', 'surrogatepass'),
        json.dumps(told, sort_keys=True).encode(), hashlib.sha256
    ).hexdigest()


def _digest_of(path: str) -> str:
    try:
        with open(path, 'rb') as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return path


class TokenFile:
    """One such file; reading and writing never fail, they only do nothing.

    :param folder: made if it is missing.
    :param name: the file's name in it.
    """

    def __init__(self, folder: str, name: str) -> None:
        self._folder = folder
        self._name = name

    def read(self) -> dict[str, Any]:
        """What :meth:`write` was given last; empty if there is nothing."""
        with self._failures('read'), self._opened() as folder:
            descriptor = os.open(
                self._name,
                os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
                dir_fd=folder)
            with open(descriptor, 'rb') as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise ValueError(f'{self._name} is no regular file')
                _check_owner(self._name, status)
                document = json.loads(file.read(_LARGEST))
            if (isinstance(document, dict)
                    and document.get('version') == VERSION):
                return document
        return {}

    def write(self, document: dict[str, Any]) -> None:
        """Put a new file in the old one's place, in one step.

        Of several processes that write at once, the last one's file stays.
        """
        data = json.dumps({'version': VERSION, **document}).encode()
        fresh = f'.{self._name[:16]}-{os.urandom(8).hex()}'
        with self._failures('written'), self._opened(True) as folder:
            descriptor = os.open(
                fresh,
                os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                | os.O_CLOEXEC, mode=0o600, dir_fd=folder)
            try:
                with open(descriptor, 'wb') as file:
                    file.write(data)
                os.replace(
                    fresh, self._name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                os.unlink(fresh, dir_fd=folder)
                raise

    def remove(self) -> None:
        """Make sure that nobody reads it any more."""
        with self._failures('removed'), self._opened() as folder:
            os.unlink(self._name, dir_fd=folder)

    @contextlib.contextmanager
    def _failures(self, what: str) -> Any:
        try:
            yield
        except FileNotFoundError:
            # Nobody has written it yet, or somebody has removed it.
            pass
        except (OSError, ValueError, RecursionError) as exc:
            # Not the text of what is in it: that is secret.
            reason = type(exc).__name__ if isinstance(
                exc, json.JSONDecodeError | UnicodeDecodeError) else exc
            LOG.warning('The token cache %s could not be %s: %s',
                        self._folder, what, reason)

    @contextlib.contextmanager
    def _opened(self, create: bool = False) -> Any:
        """The folder as a descriptor, so that nobody can exchange it."""
        if create:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
        folder = os.open(
            self._folder,
            os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _check_owner(self._folder, os.fstat(folder))
            yield folder
        finally:
            os.close(folder)


def _check_owner(path: str, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid():
        raise ValueError(f'{path} belongs to another user')
    if status.st_mode & _OTHERS:
        raise ValueError(
            f'{path} is open to others (mode '
            f'{stat.S_IMODE(status.st_mode):04o}); make it 0700')
