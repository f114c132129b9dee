# SPDX-License-Identifier: Apache-2.0
"""A stack of the examples' template, on the pocket cloud."""

import io
import pathlib
from typing import Any
import uuid

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import endpoint_policy
from devstack.demo import run as demo
from devstack.demo import stack as demo_stack
from tests.functional import base
from tests.functional.stack import census


class StackTestCase(base.FunctionalTestCase):
    """Has a stack of its own, which is deleted when the test ends."""

    def setUp(self) -> None:
        super().setUp()
        self.reached = demo.director_up(self.state)
        self.director = client.Director(
            connection.Connection(
                endpoint=self.reached['endpoint'],
                ca_certificate=pathlib.Path(
                    self.reached['ca_file']).read_text(),
                client=self.reached['client'],
                client_secret=self.reached['client_secret']),
            policy=endpoint_policy.EndpointPolicy(
                allowed_ports=(self.state.ports['director'],),
                allowed_networks=('127.0.0.0/8',)))
        self.events = io.StringIO()
        self.stack = demo_stack.Stack(
            self.cloud, 'cf-' + uuid.uuid4().hex[:8], out=self.events)
        self.before = self.census()
        self.addCleanup(self.stack.delete)

    def census(self) -> census.Census:
        """All that the tenant and the director have now."""
        return {**census.of_project(self.cloud),
                **census.of_director(self.director)}

    def parameters(self, **more: Any) -> dict[str, Any]:
        """The template's parameters, with artifacts made for them."""
        return demo.parameters(self.state, self.reached, **more)

    def assert_nothing_added(self) -> None:
        """Nothing is there that was not before the test."""
        self.assertEqual({}, census.added(self.before, self.census()))
