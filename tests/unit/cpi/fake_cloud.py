# SPDX-License-Identifier: Apache-2.0
"""A small cloud behind requests_mock, with the shapes of the real APIs.

It keeps servers, ports, volumes, images and floating IPs, and can make
single requests fail, before or after they took effect.
"""

import json
import re
from typing import Any
import urllib.parse

import requests
import requests_mock

from tests.unit.cpi import fake_catalog
from tests.unit.cpi import fake_cinder
from tests.unit.cpi import fake_glance
from tests.unit.cpi import fake_neutron
from tests.unit.cpi import fake_nova
from tests.unit.cpi import fake_octavia

NET_ID = fake_neutron.NET_ID
OTHER_NET_ID = fake_neutron.OTHER_NET_ID
IMAGE_ID = fake_glance.IMAGE_ID
GROUP_ID = fake_neutron.GROUP_ID


class Fault:
    """How one request fails.

    :param status: the answer's status; None: the connection breaks.
    :param effective: whether the request takes effect all the same.
    """

    def __init__(
        self, status: int | None, effective: bool = False,
        headers: dict[str, str] | None = None,
        error: type[Exception] = requests.ConnectionError,
    ) -> None:
        self.status = status
        self.effective = effective
        self.headers = headers or {}
        self.error = error


class FakeCloud(fake_nova.Nova, fake_neutron.Neutron, fake_glance.Glance,
                fake_cinder.Cinder, fake_octavia.Octavia):
    """Answers requests; use :meth:`serve` with a requests_mock mocker.

    :ivar calls: ``METHOD path`` of every request so far.
    :ivar bodies: the decoded bodies of POST and PUT requests.
    :ivar absent: types of services that the cloud lacks.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.absent: set[str] = set()
        self.bodies: list[tuple[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._faults: dict[int, Fault] = {}
        self._route_faults: list[tuple[str, Fault]] = []

    def serve(self, mocker: requests_mock.Mocker) -> None:
        """Answer every request that goes through the mocker."""
        mocker.add_matcher(self._match)

    def fail_call(self, index: int, fault: Fault) -> None:
        """Let the request of that number (from 0) fail, once."""
        self._faults[index] = fault

    def fail_route(self, pattern: str, fault: Fault) -> None:
        """Let each request fail whose ``METHOD path`` has the pattern."""
        self._route_faults.append((pattern, fault))

    def heal(self) -> None:
        """Forget all faults."""
        self._faults.clear()
        self._route_faults.clear()

    def body(self, call: str) -> Any:
        """The body of the last request ``METHOD path``."""
        return [body for name, body in self.bodies if name == call][-1]

    def leftovers(self) -> dict[str, list[str]]:
        """What was created and is still there."""
        return {
            'servers': list(self.servers),
            'ports': list(self.ports),
            'volumes': list(self.volumes),
            'images': [i for i in self.images if i != IMAGE_ID],
        }

    def _match(self, request: Any) -> requests.Response:
        path = urllib.parse.urlsplit(request.url).path
        call = f'{request.method} {fake_catalog.short(request.url)}'
        index = len(self.calls)
        self.calls.append(call)
        self.headers.append(dict(request.headers))
        if request.method in ('POST', 'PUT') and isinstance(
                request.body, str | bytes):
            self.bodies.append((call, json.loads(request.body)))
        fault = self._faults.pop(index, None) or next(
            (f for p, f in self._route_faults if re.search(p, call)), None)
        answer = None
        if fault is None or fault.effective:
            answer = self._answer(request, call, path)
        if fault is not None:
            if fault.status is None:
                raise fault.error('connection lost')
            answer = fault.status, {'error': {
                'code': fault.status, 'message': 'injected'}}
        status, body = answer
        return requests_mock.create_response(
            request, status_code=status,
            headers={
                'Content-Type': 'application/json',
                'x-openstack-request-id': f'req-{index}',
                'X-Subject-Token': 'tok-secret',
            } | (fault.headers if fault else {}),
            json=body if body is not None else None)

    def _answer(self, request: Any, call: str, path: str) -> Any:
        known = fake_catalog.answer(call, self.absent)
        if known is not None:
            return known
        for pattern, handler in self.routes():
            found = re.fullmatch(pattern, call)
            if found:
                return handler(request, *found.groups())
        return 404, {'itemNotFound': {'message': f'no route {call}'}}
