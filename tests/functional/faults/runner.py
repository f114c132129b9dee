# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of a method side by side."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Sequence
from concurrent import futures
import itertools
from typing import Any

from cf_openstack.leftovers import removal
from cf_openstack.leftovers import search
from cf_openstack.leftovers import things
from tests.functional.faults import cases
from tests.functional.faults import census
from tests.functional.faults import kinds
from tests.functional.faults import recording
from tests.functional.faults import scenarios


class Broken(Exception):
    """A method does not even work without a fault."""


class Runner:
    """Runs one scenario.

    :param scenario: the method.
    :param jobs: how many cases run at the same time.
    :param tell: is given each case that is through.
    """

    def __init__(
        self,
        scenario: scenarios.Scenario,
        jobs: int = 2,
        tell: Callable[[cases.Case], Any] = lambda case: None,
    ) -> None:
        self._scenario = scenario
        self._jobs = jobs
        self._tell = tell

    def learn(self) -> list[recording.Step]:
        """The steps of a clean run.

        :raises Broken: there is none.
        """
        case = cases.Case(self._scenario.site)
        try:
            outcome = case.call(
                self._scenario.method, self._scenario.arguments(case))
            reply = outcome.reply()
            if reply['error']:
                raise Broken(f"{self._scenario.name}: {reply['error']}\n"
                             f'{outcome.log}')
            self._check_success(case, reply['result'])
            if case.problems:
                raise Broken(f'{self._scenario.name}: {case.problems}\n'
                             f'{outcome.log}')
        finally:
            self._clean(case)
        return outcome.recording.steps()

    def run(
        self, plan: Sequence[tuple[recording.Step, kinds.Fault]]
    ) -> list[cases.Case]:
        """Run cases; returns them with their verdicts."""
        with futures.ThreadPoolExecutor(self._jobs) as pool:
            return list(pool.map(lambda pair: self._run(*pair), plan))

    def _run(
        self, step: recording.Step, fault: kinds.Fault
    ) -> cases.Case:
        case = cases.Case(self._scenario.site, step, fault)
        try:
            self._attempt(case)
        except Exception as exc:
            # One case that breaks must not take the others with it.
            case.problems.append(f'{type(exc).__name__}: {exc}')
        try:
            self._clean(case)
        except Exception as exc:
            case.problems.append(
                f'cleaning up: {type(exc).__name__}: {exc}')
        self._tell(case)
        return case

    def _attempt(self, case: cases.Case) -> None:
        scenario = self._scenario
        arguments = scenario.arguments(case)
        outcome = case.call(scenario.method, arguments, faulty=True)
        if not outcome.injected:
            case.problems.append('the step did not come')
            return
        if case.fault.kills:
            case.verdict = cases.KILLED
            case.expect(not outcome.output, 'a killed call replied')
        else:
            self._judge(case, outcome.reply())
        case.expect(
            case.verdict in cases.allowed(case),
            f'{case.verdict}: {outcome.output[:500]}')
        if scenario.repeats and case.verdict != cases.SURVIVED:
            reply = case.call(scenario.method, arguments).reply()
            case.expect(not reply['error'],
                        f"made again it fails: {reply['error']}")
            self._check_success(case, reply['result'])

    def _judge(self, case: cases.Case, reply: dict[str, Any]) -> None:
        if reply['error'] is None:
            case.verdict = cases.SURVIVED
            self._check_success(case, reply['result'])
            return
        case.verdict = cases.TOLD
        cases.judge_error(case, reply['error'], self._scenario.method)
        self._scenario.check_failure(case)
        if not self._scenario.repeats:
            self._expect_census(case, {})

    def _check_success(self, case: cases.Case, result: Any) -> None:
        self._scenario.check_success(case, result)
        self._expect_census(case, self._scenario.made(case, result))

    def _last_census(self, case: cases.Case) -> scenarios.Census:
        if case.census is None:
            self._census(case)
        return case.census

    def _census(self, case: cases.Case) -> scenarios.Census:
        case.census = census.take(
            self._scenario.site.cloud, case.director_uuid,
            case.recordings(), self._scenario.site.network_id, case.address,
            self._scenario.pools())
        return case.census

    def _expect_census(
        self, case: cases.Case, expected: scenarios.Census
    ) -> None:
        found = self._census(case)
        case.expect(found == expected,
                    f'there is {found}, there should be {expected}')

    def _clean(self, case: cases.Case) -> None:
        """Remove what the case has made."""
        self._scenario.tidy(case)
        if case.verdict == cases.KILLED or case.problems:
            self._sweep(case)
            return
        pool = next(iter(self._scenario.pools()), None)
        self._remove(case, [
            things.Thing(kind, one, '', '', None, case.director_uuid,
                         case.request_id, parent=pool)
            for kind, ids in self._last_census(case).items()
            for one in ids])

    def _sweep(self, case: cases.Case) -> None:
        """Sweep; after that nothing must be left, whatever happened."""
        found = search.find(self._scenario.site.cloud, search.Scope(
            director_uuid=case.director_uuid, request_id=(
                None if self._scenario.repeats else case.request_id),
            known_cids=frozenset() if self._scenario.repeats else None,
            older_than=0))
        if case.verdict == cases.KILLED:
            case.swept = sorted(one.kind for one in found)
        self._remove(case, found)
        left = self._census(case)
        case.expect(not left, f'after the sweep there is {left}')

    def _remove(
        self, case: cases.Case, found: Sequence[things.Thing]
    ) -> None:
        for done in removal.remove(
                self._scenario.site.cloud, found, timeout=60):
            case.expect(done.succeeded, f'the sweep: {done}')


def full(
    steps: Sequence[recording.Step], faults: Collection[kinds.Fault]
) -> list[tuple[recording.Step, kinds.Fault]]:
    """Each step with each fault."""
    return [(step, fault) for step in steps for fault in faults]


def part(
    steps: Sequence[recording.Step], faults: Sequence[kinds.Fault]
) -> list[tuple[recording.Step, kinds.Fault]]:
    """Each step with a fault at least, each fault with some step.

    What changes the cloud meets those that hurt most, effective faults,
    and one more.  The others are dealt out in turn, so that a run is like
    the one before.
    """
    worst = [fault for fault in faults
             if fault.effective and not fault.answered]
    others = itertools.cycle(
        [fault for fault in faults if fault not in worst] or faults)
    dealt = []
    for step in steps:
        if step.method == 'GET' or step.template.endswith('/auth/tokens'):
            chosen = [next(others)]
        else:
            chosen = [*worst, next(others)]
        dealt += [(step, fault) for fault in dict.fromkeys(chosen)]
    met = {fault for _step, fault in dealt}
    dealt += zip(
        itertools.cycle(steps),
        [fault for fault in faults if fault not in met])
    return dealt
