# SPDX-License-Identifier: Apache-2.0
"""Who asks a director, and what for: credentials and scopes."""

from collections.abc import Collection
import dataclasses
import hmac
from typing import Protocol

from devstack.pocket_director import faults as fault_files
from devstack.pocket_director import uaa as uaas

# Routes that a reader may not even look at.
_ADMIN_ONLY = ('/disks', '/orphan_disks', '/orphaned_vms', '/networks',
               '/resurrection')
_UPLOADS = {'/stemcells': 'bosh.stemcells.upload',
            '/stemcell_uploads': 'bosh.stemcells.upload',
            '/releases': 'bosh.releases.upload'}


class Given(Protocol):
    """The Authorization header of a request, as werkzeug reads it."""

    type: str
    token: str | None
    username: str | None
    password: str | None


@dataclasses.dataclass(frozen=True)
class Identity:
    """Somebody whose credentials are right.

    :ivar user: the name that tasks and the audit trail show.
    :ivar scopes: what the credentials are good for.
    """

    user: str
    scopes: tuple[str, ...]


class Access:
    """Reads credentials: of HTTP Basic, or tokens of the UAA.

    The switch ``scopes`` takes the place of everybody's scopes.

    :param user: the one user.
    :param password: the user's.
    :param director_uuid: part of some scopes' names.
    :param uaa: where tokens come from; None for HTTP Basic.
    :param faults: where the switch is.
    """

    def __init__(self, user: str, password: str, director_uuid: str,
                 uaa: uaas.Uaa | None, faults: fault_files.Faults) -> None:
        self._pair = f'{user}:{password}'.encode()
        self._user = user
        self._uuid = director_uuid
        self._uaa = uaa
        self._faults = faults

    def identify(self, given: Given | None) -> Identity | None:
        """Who gave these credentials, None when they are wrong."""
        if given is None:
            return None
        scopes = tuple(self._faults.value('scopes', ('bosh.admin',)))
        if self._uaa is None:
            right = given.type == 'basic' and hmac.compare_digest(
                f'{given.username}:{given.password}'.encode(), self._pair)
            return Identity(self._user, scopes) if right else None
        if given.type != 'bearer':
            return None
        claims = self._uaa.access(given.token or '')
        if claims is None:
            return None
        return Identity(claims.get('user_name') or claims['client_id'],
                        scopes)

    def missing(self, identity: Identity, method: str,
                path: str) -> Collection[str]:
        """The scopes one of which a request needs, none when it has it.

        It is a part of the director's table: that of those who may do
        everything, who may read, and who may upload.
        """
        wanted = ['bosh.admin', f'bosh.{self._uuid}.admin']
        if method == 'GET' and not path.startswith(_ADMIN_ONLY):
            wanted += ['bosh.read', f'bosh.{self._uuid}.read']
        if method == 'POST' and path in _UPLOADS:
            wanted.append(_UPLOADS[path])
        return () if set(wanted) & set(identity.scopes) else wanted
