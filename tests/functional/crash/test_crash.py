# SPDX-License-Identifier: Apache-2.0
"""Engines that die at the requests that change something."""

from tests.functional import base
from tests.functional.crash import runner
from tests.functional.crash import site as crash_site
from tests.functional.crash import table


class CrashTest(base.FunctionalTestCase):

    def test_engines_die_at_requests(self):
        plans = list(runner.part())
        with crash_site.Site(self.state) as site:
            done = runner.run(site, plans, len(plans), lambda case: None,
                              instances=0)
        text = table.render(done)
        table.save(self.state.root, text)
        self.assertEqual(
            [], [str(case.plan) for case in done
                 if case.problems or not case.reached], text)
