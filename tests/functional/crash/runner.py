# SPDX-License-Identifier: Apache-2.0
"""Kills engines in the middle of many stacks at once.

Cases are run in batches: each stack of a batch is taken to the request at
which its engine is to die, and held there; then all engines that hold one
are killed at the same moment and brought back.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent import futures
import itertools
import time

from tests.functional.crash import calls
from tests.functional.crash import case as crash_case
from tests.functional.crash import engines
from tests.functional.crash import site as crash_site

#: Seconds that a request is held for the rest of its batch: an engine waits
#: one minute for an answer.
HOLD_LIMIT_S = 45
#: Seconds that a batch has to come to its first request.
BATCH_LIMIT_S = 240
_TRIES = 2
_PAUSE_S = 0.5


def learn(site: crash_site.Site, actions: Iterable[str],
          instances: int = 1) -> dict[str, list[calls.Call]]:
    """Run each action undisturbed; the requests it makes.

    :raises Broken: when one does not end well without any crash.
    """
    cases = [crash_case.Case(site, crash_case.Plan(action), instances)
             for action in actions]
    found: dict[str, list[calls.Call]] = {}

    def one(case: crash_case.Case) -> None:
        case.begin()
        found[case.plan.action] = case.undisturbed()

    _together(cases, lambda case: crash_case.step(case, case.prepare)
              and crash_case.step(case, lambda: one(case)))
    _together(cases, lambda case: crash_case.step(case, case.close))
    for case in cases:
        if case.problems:
            raise Broken(f'{case.plan}: {case.problems}')
    return found


def full(learned: dict[str, list[calls.Call]],
         every: bool = False) -> Iterator[crash_case.Plan]:
    """Each request at each moment.

    :param every: with everything that a person may do then, and each look
        at a task.  Otherwise these steps take turns, but what changes
        something meets all of them; and of many looks at one task the
        first two and the last count.
    """
    for action, requests in learned.items():
        turns = itertools.cycle(crash_case.FOLLOWUPS[action])
        last = {(call.method, call.route): call for call in requests}
        for call in requests:
            if not every and call.number > 2 and (
                    last[call.method, call.route] != call):
                continue
            for moment in call.moments():
                thens: Sequence[str] = crash_case.FOLLOWUPS[action]
                if not (every or call.changes or call.downloads):
                    thens = [next(turns)]
                for then in thens:
                    yield crash_case.Plan(action, call, moment, then)


def part() -> Iterator[crash_case.Plan]:
    """What changes something, killed afterwards; one batch."""
    for action, method, route, moment, then in (
            ('create', 'GET', '/files/stemcell.tgz', calls.AMID, 'update'),
            ('create', 'POST', '/configs', calls.AFTER, 'update'),
            ('create', 'POST', '/releases (named)', calls.AFTER, 'delete'),
            ('create', 'POST', '/stemcells', calls.AFTER, 'cancel'),
            ('create', 'POST', '/deployments', calls.BEFORE, 'update'),
            ('create', 'POST', '/deployments', calls.AFTER, 'update'),
            ('create', 'POST', '/deployments', calls.AFTER, 'delete'),
            ('update', 'POST', '/deployments', calls.AFTER, 'update'),
            ('update', 'POST', '/deployments', calls.AFTER, 'rollback'),
            ('delete', 'DELETE', '/deployments/crash', calls.AFTER,
             'delete')):
        yield crash_case.Plan(action, calls.Call(method, route, 1), moment,
                              then)


def run(site: crash_site.Site, plans: Iterable[crash_case.Plan],
        size: int, tell: Callable[[crash_case.Case], None],
        instances: int = 1) -> list[crash_case.Case]:
    """Run plans in batches; those whose request did not come again.

    :param size: of a batch.
    :param tell: called with each case that is done.
    """
    done: list[crash_case.Case] = []
    left = list(plans)
    for last in itertools.chain(itertools.repeat(False, _TRIES - 1),
                                [True]):
        again = []
        while left:
            plans, left = left[:size], left[size:]
            cases = batch(site, plans, instances)
            for case in cases:
                if not (case.reached or case.problems or last):
                    again.append(case.plan)
                    continue
                tell(case)
                done.append(case)
        left = again
    return done


def batch(site: crash_site.Site, plans: Sequence[crash_case.Plan],
          instances: int = 1) -> list[crash_case.Case]:
    """Run some plans whose engines die at one moment."""
    cases = [crash_case.Case(site, plan, instances) for plan in plans]
    _together(cases, lambda case: crash_case.step(case, case.prepare))
    ready = [case for case in cases if not case.problems]
    _together(ready, lambda case: crash_case.step(case, case.begin))
    _wait_held(ready)
    victims = {engines.holder(site.state, case.proxy.peer)
               for case in ready if case.reached and case.proxy.peer}
    for pid in victims - {None}:
        engines.kill(pid)
    for case in ready:
        case.proxy.release()
    if victims:
        engines.revive(site.state)
    _together(ready, lambda case: crash_case.step(case, case.follow))
    _together(cases, lambda case: crash_case.step(case, case.close))
    return cases


def _wait_held(cases: Sequence[crash_case.Case]) -> None:
    """Wait until each case is held, or has ended, or it takes too long."""
    end = time.monotonic() + BATCH_LIMIT_S
    first: float | None = None
    waiting = [case for case in cases if not case.problems]
    while waiting and time.monotonic() < end:
        waiting = [case for case in waiting if not case.is_held()]
        if first is None and any(case.reached for case in cases):
            first = time.monotonic()
            end = min(end, first + HOLD_LIMIT_S)
        time.sleep(_PAUSE_S)


class Broken(Exception):
    """An action does not end well even without a crash."""


def _together(cases: Sequence[crash_case.Case],
              action: Callable[[crash_case.Case], object]) -> None:
    with futures.ThreadPoolExecutor(max(1, len(cases))) as pool:
        list(pool.map(action, cases))
