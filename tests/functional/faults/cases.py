# SPDX-License-Identifier: Apache-2.0
"""One call with one fault, and the judgement on it."""

import dataclasses
import random
from typing import Any
import uuid

from tests.functional.faults import kinds
from tests.functional.faults import recording
from tests.functional.faults import site as site_module

CLOUD_ERROR = 'Bosh::Clouds::CloudError'
CREATION_FAILED = 'Bosh::Clouds::VMCreationFailed'

SURVIVED = 'survived'
TOLD = 'told'
KILLED = 'killed'
MISSED = 'missed'


@dataclasses.dataclass
class Case:
    """One call with one fault.

    :ivar step: the request that the fault hits; None for a clean run.
    :ivar fault: the fault; None for a clean run.
    :ivar director_uuid: no other case has it.
    :ivar address: of the network, no other case has it.
    :ivar kept: what a scenario wants to remember.
    :ivar verdict: in the end, what came of it.
    :ivar swept: what a kill had left and the sweep removed.
    :ivar problems: in the end, what is wrong with that.
    :ivar census: what was there when it was last looked for.
    :ivar outcomes: the calls that were made, the first with the fault.
    """

    site: site_module.Site
    step: recording.Step | None = None
    fault: kinds.Fault | None = None
    director_uuid: str = ''
    request_id: str = ''
    address: str = ''
    kept: dict[str, Any] = dataclasses.field(default_factory=dict)
    verdict: str = MISSED
    swept: list[str] = dataclasses.field(default_factory=list)
    problems: list[str] = dataclasses.field(default_factory=list)
    census: dict[str, list[str]] | None = None
    outcomes: list[site_module.Outcome] = dataclasses.field(
        default_factory=list)

    def __post_init__(self) -> None:
        self.director_uuid = f'faults-{uuid.uuid4()}'
        self.request_id = f'cpi-{random.randrange(10 ** 6):06d}'
        self.address = self.site.address()

    def __str__(self) -> str:
        return f'{self.fault.name if self.fault else "clean"}: {self.step}'

    def call(
        self, method: str, arguments: list[Any], faulty: bool = False
    ) -> site_module.Outcome:
        """Call the CPI in the name of this case's director.

        :param faulty: whether to inject the fault.
        """
        trigger = site_module.Trigger(self.step, self.fault)
        outcome = self.site.call(
            method, arguments, self.director_uuid, self.request_id,
            trigger if faulty else None)
        self.outcomes.append(outcome)
        return outcome

    def recordings(self) -> list[recording.Recording]:
        """The requests of all its calls."""
        return [outcome.recording for outcome in self.outcomes]

    def expect(self, truth: bool, problem: str) -> None:
        """Note a problem unless something is true."""
        if not truth:
            self.problems.append(problem)


def allowed(case: Case) -> set[str]:
    """Which verdicts are right."""
    fault, step = case.fault, case.step
    if fault.kills:
        return {KILLED}
    if fault.stops:
        return {TOLD}
    authenticates = step.template.endswith('/auth/tokens')
    if fault.status == 401 and authenticates:
        # A wrong password does not get right.
        return {TOLD}
    if fault.status == 500 and step.method == 'POST' and (
            not authenticates and step.service != 'glance'):
        # The service failed; that it did nothing is not certain enough to
        # ask for a second one.  An image has an id of our own, so that it
        # is removed in any case before the upload is begun anew.
        return {TOLD}
    return {SURVIVED}


def judge_error(case: Case, error: dict[str, Any], method: str) -> None:
    """Check that type and ok_to_retry tell the truth."""
    kind, again = error['type'], error['ok_to_retry']
    if case.fault.stops:
        case.expect('SIGTERM' in error['message'],
                    f'the reply does not name the signal: {error}')
        case.expect(kind == CLOUD_ERROR and not again,
                    f'a stopped call is told as {error}')
    elif method == 'create_vm' and case.fault.status != 401:
        case.expect(kind == CREATION_FAILED and again,
                    f'what passes is told as {error}')
    else:
        case.expect(kind == CLOUD_ERROR and not again,
                    f'a failed request is told as {error}')
