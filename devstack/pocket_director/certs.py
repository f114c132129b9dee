# SPDX-License-Identifier: Apache-2.0
"""The director's own certificate authority."""

import datetime
import ipaddress
import os
import pathlib

import certifi
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography import x509
from cryptography.x509 import oid

_LIFETIME = datetime.timedelta(days=3650)


class Authority:
    """A CA and what it signs, made once per state folder.

    :param folder: where keys and certificates lie; created when absent.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.ca_file = folder / 'ca.pem'
        self.bundle_file = folder / 'bundle.pem'
        self.certificate_file = folder / 'server.pem'
        self.key_file = folder / 'server.key'
        if not self.certificate_file.exists():
            self._make()

    def issue(self, common_name: str, hosts: tuple[str, ...] = (),
              ) -> tuple[str, str]:
        """A new certificate and its key, both in PEM.

        :param common_name: the subject, such as an agent's id.
        :param hosts: names and addresses that the certificate is for.
        """
        ca = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
        ca_key = serialization.load_pem_private_key(
            (self._folder / 'ca.key').read_bytes(), None)
        assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(common_name), ca.subject, key.public_key())
        builder = builder.add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                ca_key.public_key()), critical=False)
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_host(h) for h in hosts]),
                critical=False)
        certificate = builder.sign(ca_key, hashes.SHA256())
        return (certificate.public_bytes(
            serialization.Encoding.PEM).decode(), _private(key).decode())

    def files(self, name: str) -> tuple[pathlib.Path, pathlib.Path]:
        """The files of certificate and key of a listener beside it.

        :param name: its name; they are made when it is new.
        """
        certificate = self._folder / f'{name}.pem'
        key = self._folder / f'{name}.key'
        if not certificate.exists():
            text, secret = self.issue(
                f'pocket {name}', ('127.0.0.1', 'localhost'))
            _write(key, secret.encode())
            _write(certificate, text.encode())
        return certificate, key

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name('pocket director CA')
        builder = _builder(name, name, key.public_key())
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(
            x509.KeyUsage(
                digital_signature=False, content_commitment=False,
                key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True,
                encipher_only=False, decipher_only=False), critical=True)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
            critical=False)
        ca = builder.sign(key, hashes.SHA256()).public_bytes(
            serialization.Encoding.PEM)
        _write(self._folder / 'ca.key', _private(key))
        _write(self.ca_file, ca)
        # Downloads trust the public authorities and this director's own.
        _write(self.bundle_file,
               pathlib.Path(certifi.where()).read_bytes() + b'\n' + ca)
        certificate, server_key = self.issue(
            'pocket director', ('127.0.0.1', 'localhost'))
        _write(self.key_file, server_key.encode())
        _write(self.certificate_file, certificate.encode())


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(oid.NameOID.COMMON_NAME, common_name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(subject: x509.Name, issuer: x509.Name,
             key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder()
            .subject_name(subject).issuer_name(issuer).public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + _LIFETIME))


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption())


def _write(path: pathlib.Path, content: bytes) -> None:
    partial = path.with_name(path.name + '.partial')
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                         0o600)
    with os.fdopen(descriptor, 'wb') as file:
        file.write(content)
    os.replace(partial, path)
