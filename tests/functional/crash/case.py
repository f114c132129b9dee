# SPDX-License-Identifier: Apache-2.0
"""One stack whose engine is killed at one moment, and what came of it."""

from collections.abc import Callable
import dataclasses
import pathlib
import time
from typing import Any
import uuid

from heatclient.common import template_utils
from heatclient import exc as heat_exc

from tests.functional.crash import calls
from tests.functional.crash import judge
from tests.functional.crash import proxy as crash_proxy
from tests.functional.crash import site as crash_site

CREATE, UPDATE, DELETE = ACTIONS = ('create', 'update', 'delete')
#: What a person may do when the engine has died.
THEN_UPDATE, THEN_CANCEL, THEN_ROLLBACK, THEN_DELETE = (
    'update', 'cancel', 'rollback', 'delete')
FOLLOWUPS = {
    CREATE: (THEN_UPDATE, THEN_CANCEL, THEN_DELETE),
    UPDATE: (THEN_UPDATE, THEN_CANCEL, THEN_ROLLBACK, THEN_DELETE),
    DELETE: (THEN_DELETE,),
}
LIMIT_S = 240
GONE = 'gone'
_PAUSE_S = 0.5
_BEGIN_LIMIT_S = 5
_TEMPLATE = pathlib.Path(__file__).with_name('stack.yaml')


@dataclasses.dataclass(frozen=True)
class Plan:
    """When to kill, and what to do then; without a call, not at all."""

    action: str
    call: calls.Call | None = None
    moment: str = ''
    then: str = THEN_UPDATE

    def __str__(self) -> str:
        if self.call is None:
            return f'{self.action}, undisturbed'
        return f'{self.action}, {self.moment} {self.call}, then {self.then}'


class Case:
    """Runs one plan, in steps, so that many can die at one time.

    :param site: the cloud.
    :param plan: what to do.
    :ivar problems: in the end, what is wrong.
    :ivar reached: whether the chosen request came.
    :ivar story: what was done and how long it took.
    """

    def __init__(self, site: crash_site.Site, plan: Plan,
                 instances: int = 1) -> None:
        self.plan = plan
        self.site = site
        self.tag = uuid.uuid4().hex[:10]
        self.name = f'crash-{self.tag}'
        self.problems: list[str] = []
        self.story: list[str] = []
        self.reached = False
        self.instances = instances
        self._cloud = site.connect()
        self.heat = site.heat(self._cloud)
        self._generation = '1'
        self._network: str | None = None
        self._parameters: dict[str, Any] = {}
        self._began = time.monotonic()
        self.proxy = crash_proxy.Proxy(
            site.folder, site.upstream, site.authority,
            calls.Namer(self.tag), self._watch)

    # -- the steps

    def prepare(self) -> None:
        """Make what the action needs."""
        self.proxy.__enter__()
        checksum = self.site.make_files(self.tag)
        net = self._cloud.network.create_network(name=self.name)
        self._network = net.id
        self._cloud.network.create_subnet(
            network_id=net.id, ip_version=4, cidr='10.0.0.0/24',
            allocation_pools=[{'start': '10.0.0.2', 'end': '10.0.0.50'}])
        self._parameters = {
            'tag': self.tag, 'endpoint': self.proxy.endpoint,
            'ca_certificate': self.proxy.ca_certificate,
            'client': self.site.access['client'],
            'client_secret': self.site.access['client_secret'],
            'network': net.id, 'flavor': self.site.flavor(self._cloud),
            'files': self.site.files, 'stemcell_checksum': checksum}
        if self.plan.action != CREATE:
            self._do(CREATE)
            self._wait('CREATE_COMPLETE')

    def begin(self) -> None:
        """Begin the action in which the engine will die."""
        self.proxy.begin()
        if self.plan.call is not None:
            self.proxy.choose(self.plan.call, self.plan.moment)
        if self.plan.action == UPDATE:
            self._generation = '2'
        self._do(self.plan.action)

    def is_held(self) -> bool:
        """Whether the chosen request has come, or never will."""
        if self.proxy.held.is_set():
            self.reached = True
            return True
        # What was asked for is not begun at once.
        return (time.monotonic() - self._began > _BEGIN_LIMIT_S
                and not self._status().endswith('IN_PROGRESS'))

    def undisturbed(self) -> list[calls.Call]:
        """See the action end; the requests it made."""
        self._wait({CREATE: 'CREATE_COMPLETE', UPDATE: 'UPDATE_COMPLETE',
                    DELETE: GONE}[self.plan.action])
        return list(self.proxy.sent)

    def follow(self) -> None:
        """Do what a person does then, and judge."""
        before = self._status()
        self.story.append(f'left {before}')
        if before == GONE:
            return
        then = self.plan.then
        if before.endswith('IN_PROGRESS'):
            self._cancel(then)
        if then == THEN_DELETE or self.plan.action == DELETE:
            self._remove()
            return
        self._do(UPDATE)
        self._wait('UPDATE_COMPLETE')
        self._judge()

    def close(self) -> None:
        """Delete what is there, and see that nothing is left."""
        try:
            if self._network is not None:
                if self._status() != GONE:
                    self._remove()
                most = 1 if self.plan.action != UPDATE else (
                    4 if self.plan.then == THEN_ROLLBACK else 2)
                self.problems += judge.end(self.site, self._cloud, self.tag,
                                           most)
                self._cloud.network.delete_network(self._network)
        finally:
            self.proxy.__exit__(None, None, None)

    # -- what they are made of

    def _do(self, action: str) -> None:
        self._began = time.monotonic()
        if action == DELETE:
            self.heat.stacks.delete(self.name)
            return
        _files, template = template_utils.get_template_contents(
            str(_TEMPLATE))
        request = {'template': template, 'parameters': {
            **self._parameters, 'generation': self._generation,
            'instances': self._wanted_instances()}}
        if action == CREATE:
            self.heat.stacks.create(stack_name=self.name,
                                    disable_rollback=True, **request)
        else:
            self.heat.stacks.update(self.name, **request)

    def _cancel(self, then: str) -> None:
        """Cancel the action that the dead engine has left."""
        if then not in (THEN_CANCEL, THEN_ROLLBACK):
            return
        if then == THEN_ROLLBACK:
            self.heat.actions.cancel_update(self.name)
            self._began = time.monotonic()
            self._wait('ROLLBACK_COMPLETE')
            return
        self.heat.actions.cancel_without_rollback(self.name)
        self._began = time.monotonic()
        self._wait(self.plan.action.upper() + '_FAILED')

    def _remove(self) -> None:
        self._do(DELETE)
        self._wait(GONE)

    def _status(self) -> str:
        try:
            found = str(self.heat.stacks.get(
                self.name, resolve_outputs=False).stack_status)
        except heat_exc.HTTPNotFound:
            return GONE
        # For a moment it can still be seen.
        return GONE if found == 'DELETE_COMPLETE' else found

    def _wait(self, wanted: str) -> None:
        """Wait until the stack has a status.

        :raises Wrong: when it gets another one.
        """
        end = time.monotonic() + LIMIT_S
        # A request that was taken is not begun yet.
        begun = False
        while True:
            status = self._status()
            begun = begun or status.endswith('IN_PROGRESS')
            if status == wanted:
                break
            ended = begun and not status.endswith('IN_PROGRESS')
            if status == GONE or ended or time.monotonic() > end:
                raise Wrong(f'{status} instead of {wanted} after '
                            f'{time.monotonic() - self._began:.0f} s: '
                            f'{self._reasons()}')
            time.sleep(_PAUSE_S)
        self.story.append(
            f'{wanted} {time.monotonic() - self._began:.0f} s')

    def _reasons(self) -> str:
        try:
            return '; '.join(
                f'{r.resource_name}: {r.resource_status} '
                f'{r.resource_status_reason}'
                for r in self.heat.resources.list(self.name)
                if not r.resource_status.endswith('COMPLETE'))
        except heat_exc.HTTPNotFound:
            return 'there is no stack'

    def _watch(self, call: calls.Call) -> None:
        """See that no deploy is started while another one runs."""
        if (call.method, call.route) == ('POST', '/deployments'):
            running = [task for task in self.site.director.tasks.list(
                deployment=self.name, state='queued,processing,cancelling')
                if task.description.startswith('create deployment')]
            if running:
                self.problems.append(
                    f'deployed again while task {running[0].id} runs')

    def _wanted_instances(self) -> int:
        return self.instances + int(self._generation) - 1

    def _judge(self) -> None:
        """The stack is as if nothing had happened."""
        self.problems += judge.stack(
            self.site, self._cloud, self.tag, self._generation,
            self._wanted_instances())


class Wrong(Exception):
    """A stack came to another state than it should."""


def step(case: Case, action: Callable[[], None]) -> bool:
    """Run a step of a case; what goes wrong is its problem.

    :returns: whether it went well.
    """
    try:
        action()
    except Exception as error:
        case.problems.append(f'{type(error).__name__}: {error}')
        return False
    return True
