# SPDX-License-Identifier: Apache-2.0
"""Every request of six methods is broken, each in some of the ways.

All of the ways would take half an hour: that is the command
``python3 -m tests.functional.faults``.
"""

from tests.functional import base
from tests.functional.faults import kinds
from tests.functional.faults import report
from tests.functional.faults import runner
from tests.functional.faults import scenarios
from tests.functional.faults import site as site_module

JOBS = 2


class FaultTestCase(base.FunctionalTestCase):
    """Each step of a method meets two faults, each fault some step."""

    def _check(self, name: str) -> None:
        with site_module.Site(self.state) as site:
            scenario = scenarios.ALL[name](site)
            try:
                one = runner.Runner(scenario, JOBS)
                done = one.run(runner.part(
                    one.learn(), list(kinds.ALL.values())))
            finally:
                scenario.close()
        text = report.save(self.state, name, done)
        faults = {case.fault.name for case in done}
        self.assertEqual(set(kinds.ALL), faults)
        if any(case.problems for case in done):
            self.fail(text)

    def test_create_stemcell(self) -> None:
        self._check('create_stemcell')

    def test_create_vm(self) -> None:
        self._check('create_vm')

    def test_create_disk(self) -> None:
        self._check('create_disk')

    def test_snapshot_disk(self) -> None:
        self._check('snapshot_disk')

    def test_attach_disk(self) -> None:
        self._check('attach_disk')

    def test_delete_vm(self) -> None:
        self._check('delete_vm')
