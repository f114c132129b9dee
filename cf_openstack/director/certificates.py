# SPDX-License-Identifier: Apache-2.0
"""Certificates, and when they expire."""

from collections.abc import Mapping
import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Certificate:
    """A certificate of the director or of a deployment.

    :ivar name: path in the director's manifest, or name in CredHub.
    :ivar expiry: when it expires, RFC 3339.
    :ivar days_left: days until then, negative afterwards.
    :ivar id: its id in CredHub, None for the director's own.
    """

    name: str
    expiry: str | None
    days_left: int | None
    id: str | None = None


CertificateList = list[Certificate]


def parse(document: Mapping[str, Any]) -> Certificate:
    """Read one entry of either ``certificate_expiry`` answer."""
    return Certificate(
        name=str(document.get('certificate_path') or document.get('name')),
        expiry=document.get('expiry') or document.get('expiry_date'),
        days_left=document.get('days_left'), id=document.get('id'))
