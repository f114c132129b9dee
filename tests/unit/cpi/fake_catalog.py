# SPDX-License-Identifier: Apache-2.0
"""Keystone's answers and the version documents of the fake cloud."""

from collections.abc import Collection
from typing import Any
import urllib.parse

AUTH_URL = 'http://keystone.test:5000/v3'

_ENDPOINTS = {
    'compute': ('compute', 'http://nova.test:8774/v2.1'),
    'image': ('image', 'http://glance.test:9292'),
    'load-balancer': ('load-balancer', 'http://octavia.test:9876'),
    'network': ('network', 'http://neutron.test:9696'),
    'volume': ('block-storage', 'http://cinder.test:8776/v3'),
}

_PREFIXES = {
    'cinder.test': ('volume', '/v3'),
    'glance.test': ('image', '/v2'),
    'keystone.test': ('identity', '/v3'),
    'neutron.test': ('network', '/v2.0'),
    'nova.test': ('compute', '/v2.1'),
    'octavia.test': ('load-balancer', '/v2.0'),
}


def short(url: str) -> str:
    """``compute/servers`` for ``http://nova.test:8774/v2.1/servers``."""
    parts = urllib.parse.urlsplit(url)
    service, prefix = _PREFIXES[parts.hostname]
    return service + parts.path.removeprefix(prefix).rstrip('/')


def token(
    volume_type: str = 'block-storage', absent: Collection[str] = ()
) -> dict[str, Any]:
    """Keystone's answer to a request for a token.

    :param absent: services that the catalog lacks.
    """
    catalog = []
    for service_type, url in _ENDPOINTS.values():
        if service_type in absent:
            continue
        if service_type == 'block-storage':
            service_type = volume_type
        catalog.append({
            'type': service_type, 'name': service_type,
            'endpoints': [
                {'interface': interface, 'region': 'r1', 'region_id': 'r1',
                 'url': url, 'id': f'{service_type}-{interface}'}
                for interface in ('public', 'internal', 'admin')]})
    return {'token': {
        'methods': ['password'],
        'expires_at': '2099-01-01T00:00:00.000000Z',
        'issued_at': '2026-01-01T00:00:00.000000Z',
        'project': {'id': 'p1', 'name': 'demo',
                    'domain': {'id': 'default', 'name': 'Default'}},
        'user': {'id': 'u1', 'name': 'demo',
                 'domain': {'id': 'default', 'name': 'Default'}},
        'roles': [{'id': 'r', 'name': 'member'}],
        'catalog': catalog,
    }}


def answer(
    call: str, absent: Collection[str] = ()
) -> tuple[int, Any] | None:
    """Answer requests for tokens and versions, None for all others."""
    if call == 'POST identity/auth/tokens':
        return 201, token(absent=absent)
    if call == 'GET compute':
        return 200, {'version': {
            'id': 'v2.1', 'status': 'CURRENT', 'version': '2.100',
            'min_version': '2.1',
            'links': [{'rel': 'self', 'href': _ENDPOINTS['compute'][1]}]}}
    if call == 'GET image':
        return 300, {'versions': [{
            'id': 'v2.16', 'status': 'CURRENT', 'links': [
                {'rel': 'self', 'href': 'http://glance.test:9292/v2/'}]}]}
    if call == 'GET volume':
        return 200, {'versions': [{
            'id': 'v3.0', 'status': 'CURRENT', 'version': '3.71',
            'min_version': '3.0', 'links': [
                {'rel': 'self', 'href': 'http://cinder.test:8776/v3/'}]}]}
    return None
