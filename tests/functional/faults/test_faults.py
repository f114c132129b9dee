# SPDX-License-Identifier: Apache-2.0
"""Every request of six methods is broken, each in some of the ways.

All of the ways would take half an hour: that is the command
``python3 -m tests.functional.faults``.
"""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

from tests.functional import base
from tests.functional.faults import cases
from tests.functional.faults import census
from tests.functional.faults import kinds
from tests.functional.faults import recording
from tests.functional.faults import report
from tests.functional.faults import runner
from tests.functional.faults import scenarios
from tests.functional.faults import site as site_module

JOBS = 2


class FaultTestCase(base.FunctionalTestCase):
    """Each step of a method meets a fault, each fault some step."""

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


class SweepTestCase(base.FunctionalTestCase):
    """The command that sweeps, after a kill -9."""

    def _sweep(self, site: site_module.Site, *arguments: str) -> list[Any]:
        config = os.path.join(site.folder, 'cpi.json')
        pathlib.Path(config).write_text(json.dumps({'cloud': {
            'plugin': 'openstack', 'properties': {
                'openstack': site.config(self.state.url('keystone'))}}}))
        done = subprocess.run(
            [sys.executable, '-m', 'cf_openstack.leftovers.command', config,
             *arguments], capture_output=True, text=True, timeout=120)
        return [done.returncode, done.stdout]

    def test_disk_of_a_killed_call(self) -> None:
        with site_module.Site(self.state) as site:
            case = cases.Case(
                site, recording.Step('POST', 'cinder', '/v3/volumes'),
                kinds.ALL['kill-after'])
            outcome = case.call('create_disk', [1024, {}], faulty=True)
            self.assertTrue(outcome.injected)
            volume, = self._census(case)['volume']
            call = ['--director', case.director_uuid,
                    '--request', case.request_id]
            # In the making, for all that it knows.
            self.assertEqual(
                [0, 'Nothing is left over\n'], self._sweep(site, *call))
            call += ['--older-than', '0s']
            code, shown = self._sweep(site, *call)
            self.assertEqual(1, code)
            self.assertIn(f'volume {volume} (', shown)
            self.assertIn(case.request_id, shown)
            code, shown = self._sweep(site, *call, '--delete')
            self.assertEqual(0, code, shown)
            self.assertIn(': removed', shown)
            self.assertEqual({}, self._census(case))
            self.assertEqual(
                0, self._sweep(site, *call, '--delete')[0])

    def _census(self, case: cases.Case) -> dict[str, list[str]]:
        return census.take(
            self.cloud, case.director_uuid, case.recordings())
