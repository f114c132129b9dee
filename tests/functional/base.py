# SPDX-License-Identifier: Apache-2.0
"""What functional tests share: a real cloud, and patience with limits."""

from collections.abc import Callable
from collections.abc import Collection
import logging
import time
from typing import Any
from typing import TypeVar
import uuid

from openstack import connection
from openstack import exceptions
from oslotest import base

from devstack.pocket import errors
from devstack.pocket import health
from devstack.pocket.seed import connection as seed_connection
from devstack.pocket import service
from devstack.pocket import state as pocket_state

Result = TypeVar('Result')
PAUSE_S = 0.3
LIMIT_S = 120
# Every request, at DEBUG: with secrets in some of the bodies.
CHATTY = (
    'cf_openstack', 'keystoneauth', 'openstack', 'stevedore', 'urllib3')
FAILED = ('ERROR', 'error', 'killed', 'error_deleting', 'error_extending')


class FunctionalTestCase(base.BaseTestCase):
    """A test that runs against the pocket cloud.

    The cloud is the one of $POCKET_STATE, or of ``.pocket`` in the
    repository.  A test fails, and never skips, if it is not up.

    ``state`` is the cloud's state, ``cloud`` an openstacksdk connection of
    the tenant, ``admin`` one of the administrator; ``tag`` is a text that no
    other test has, for names.
    """

    def setUp(self) -> None:
        super().setUp()
        for name in CHATTY:
            logging.getLogger(name).setLevel(logging.ERROR)
        self.state = self.load_state()
        self.tag = uuid.uuid4().hex[:12]
        self.cloud = self.connect('pocket')
        self.admin = self.connect('pocket-admin')

    def load_state(self) -> pocket_state.State:
        """The state of the cloud, which is seen to be up."""
        state = pocket_state.State()
        problem = None
        try:
            state.load()
        except errors.PocketError as exc:
            problem = str(exc)
        if problem:
            self.fail(problem)
        keystone = service.ALL[0]
        if not health.answers(state, keystone):
            self.fail('The pocket cloud in %s is not up. Run "python3 -m '
                      'devstack.pocket --state %s up".'
                      % (state.root, state.root))
        return state

    def connect(self, cloud: str) -> connection.Connection:
        """A connection that is closed when the test ends.

        :param cloud: "pocket" or "pocket-admin".
        """
        connected = seed_connection.connect(self.state, cloud)
        self.addCleanup(connected.close)
        return connected

    def name(self, kind: str) -> str:
        """A name for something that this test makes."""
        return '%s-%s' % (kind, self.tag)

    def wait_for(self, probe: Callable[[], Result], what: str,
                 limit: float = LIMIT_S) -> Result:
        """Poll until something is true; returns what it is.

        :param probe: called until its result is true.
        :param what: what is waited for, as the failure names it.
        :param limit: seconds; the test fails after them.
        """
        end = time.monotonic() + limit
        while True:
            found = probe()
            if found:
                return found
            if time.monotonic() > end:
                self.fail('Waited %d s for %s; the last look gave %r'
                          % (limit, what, found))
            time.sleep(PAUSE_S)

    def wait_for_status(self, get: Callable[[], Any], wanted: str,
                        limit: float = LIMIT_S,
                        failed: Collection[str] = FAILED) -> Any:
        """Poll until something has a status; returns it.

        :param get: fetches it anew.
        :param failed: states of no return; the test fails at once.
        """
        last: list[Any] = []

        def reached() -> Any:
            found = get()
            last[:] = [found.status]
            if found.status in failed and found.status != wanted:
                self.fail('%s %s is %s, not %s: %s' % (
                    type(found).__name__, found.id, found.status, wanted,
                    getattr(found, 'fault', None)
                    or getattr(found, 'status_reason', None)
                    or 'no reason given'))
            return found if found.status == wanted else None

        return self.wait_for(reached, 'status %s' % wanted, limit)

    def wait_gone(self, get: Callable[[], Any], what: str,
                  limit: float = LIMIT_S) -> None:
        """Poll until something is not found any more."""

        def gone() -> bool:
            try:
                get()
            except exceptions.NotFoundException:
                return True
            return False

        self.wait_for(gone, 'the end of ' + what, limit)
