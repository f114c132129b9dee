# SPDX-License-Identifier: Apache-2.0
"""How to reach a director: endpoint, CA and credentials, and their seal.

A sealed connection travels through attributes, properties and parameters
of stacks.  It opens only where it was sealed for: the key is derived from
the operator's key and the project id.
"""

import base64
import binascii
import dataclasses
import json
import re
from typing import Any
from typing import NoReturn

from cryptography import fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf import hkdf
from cryptography import x509

from cf_openstack.director import endpoint as director_endpoint
from cf_openstack.director import exceptions

SealError = exceptions.SealError

#: First characters of every sealed connection: project and format.
PREFIX = 'cfo1.'

_INFO = b'cf-openstack director connection 1'
_PEM_BLOCK = re.compile(
    '-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----', re.DOTALL)


def _certificates(text: str) -> str:
    """Take the certificates out of a PEM text.

    :raises InvalidCertificate: when it holds none, or something secret.
    """
    if 'PRIVATE KEY' in text:
        raise exceptions.InvalidCertificate(
            reason='it holds a private key, which belongs nowhere but on '
                   'the director')
    blocks = _PEM_BLOCK.findall(text)
    if not blocks:
        raise exceptions.InvalidCertificate(
            reason='there is no "-----BEGIN CERTIFICATE-----" block in it')
    lines = ['\n'.join(line.strip() for line in block.splitlines())
             for block in blocks]
    pem = '\n'.join(lines) + '\n'
    try:
        x509.load_pem_x509_certificates(pem.encode('ascii'))
    except (ValueError, UnicodeError):
        raise exceptions.InvalidCertificate(
            reason='the text between BEGIN and END is damaged')
    return pem


@dataclasses.dataclass(frozen=True, repr=False)
class Connection:
    """All that is needed to talk to one director.

    It shows its secret to nobody: not in its text, not to ``pickle``.

    :ivar endpoint: ``https://host:port`` (25555 when no port is given).
    :ivar ca_certificate: PEM text of the CA, or of several.  Empty: the CAs
        that the operating system trusts.
    :ivar client: name of the user or UAA client.
    :ivar client_secret: its password or secret.
    :raises InvalidEndpoint: when the address is not one of a director.
    :raises InvalidCertificate: when the CA is no PEM certificate.
    :raises InvalidConnection: when client or secret is missing.
    """

    endpoint: str
    ca_certificate: str
    client: str
    client_secret: str

    def __post_init__(self) -> None:
        parsed = director_endpoint.parse(self.endpoint)
        pem = self.ca_certificate or ''
        object.__setattr__(self, 'endpoint', parsed.url)
        object.__setattr__(self, 'ca_certificate',
                           _certificates(pem) if pem.strip() else '')
        for field in ('client', 'client_secret'):
            value = getattr(self, field)
            if not value or not isinstance(value, str):
                raise exceptions.InvalidConnection(
                    reason=f'{field} is empty')
        # RFC 7617: the first colon ends the user name.
        if ':' in self.client:
            raise exceptions.InvalidConnection(
                reason='client must not hold a colon')

    @property
    def address(self) -> director_endpoint.Endpoint:
        """Host and port of the director."""
        return director_endpoint.parse(self.endpoint)

    def __repr__(self) -> str:
        return (f'Connection(endpoint={self.endpoint!r}, '
                f'client={self.client!r}, client_secret=***)')

    def __copy__(self) -> 'Connection':
        return self

    def __deepcopy__(self, memo: Any) -> 'Connection':
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        message = ('a connection to a director is not pickled, since that '
                   'would write its secret: seal it')
        raise TypeError(message)


def _cipher(project_id: str, key: str) -> fernet.Fernet:
    if not project_id or not key:
        raise SealError(reason='project id and encryption key must be known')
    derived = hkdf.HKDF(
        algorithm=hashes.SHA256(), length=32,
        salt=project_id.encode('utf-8'), info=_INFO,
    ).derive(key.encode('utf-8'))
    return fernet.Fernet(base64.urlsafe_b64encode(derived))


def seal(connection: Connection, project_id: str, key: str) -> str:
    """Close a connection so that only its project can use it.

    :param connection: what to seal.
    :param project_id: the project that may open it.
    :param key: the operator's secret, Heat's ``auth_encryption_key``.
    :returns: URL safe text; each call gives another one.
    :raises SealError: when project or key is empty.
    """
    document = {field.name: getattr(connection, field.name)
                for field in dataclasses.fields(Connection)}
    token = _cipher(project_id, key).encrypt(
        json.dumps(document).encode('utf-8'))
    return PREFIX + token.decode('ascii')


def unseal(token: str, project_id: str, key: str) -> Connection:
    """Open a sealed connection.

    :param token: what :func:`seal` returned.
    :param project_id: the project that wants to use it.
    :param key: the operator's secret, Heat's ``auth_encryption_key``.
    :raises SealError: when it is none, was altered, or was sealed for
        another project or with another key.
    """
    if not isinstance(token, str) or not token.startswith(PREFIX):
        raise SealError(reason='the text given is no sealed connection')
    cipher = _cipher(project_id, key)
    try:
        document = json.loads(cipher.decrypt(
            token[len(PREFIX):].encode('ascii')))
        # A later release may seal more than this one knows.
        return Connection(**{field.name: document[field.name]
                             for field in dataclasses.fields(Connection)})
    except (fernet.InvalidToken, binascii.Error, UnicodeError):
        raise SealError(reason='it was made in another project or another '
                               'cloud, or was altered')
    except (ValueError, TypeError, KeyError, exceptions.DirectorError):
        raise SealError(reason='it holds no connection that this release '
                               'understands')
