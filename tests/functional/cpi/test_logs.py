# SPDX-License-Identifier: Apache-2.0
"""What a person reads in a task's cpi log."""

import re

from cf_openstack.cpi import calls
from tests.functional.cpi import base

LINE = re.compile(
    r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z \d+ (INFO|WARNING|ERROR) '
    r'\[req_id cpi-123456\] \S.*')
REQUEST = re.compile(
    r'\] (GET|POST|PUT|DELETE) \S+ -> (\d{3}) \(\d+ ms\) (\S+)')


class LogTestCase(base.CpiTestCase):

    def test_a_heavy_stemcell(self) -> None:
        cid = self.call('create_stemcell', *self.stemcell())
        self.addCleanup(self.call, 'delete_stemcell', cid)
        lines = self.errors.splitlines()
        for line in lines:
            self.assertRegex(line, LINE)
        self.assertIn('Starting create_stemcell(', lines[0])
        self.assertRegex(
            lines[-1],
            rf'Finished create_stemcell in \d+\.\d\d seconds: {cid}$')
        requests = REQUEST.findall(self.errors)
        self.assertIn(('PUT', '204'), [found[:2] for found in requests])
        for method, status, request_id in requests:
            self.assertIn(status[0], '23')
            # Glance's list of versions has none.
            if status != '300':
                self.assertRegex(request_id, r'^req-[0-9a-f-]{36}$')
        self._is_traceable(requests[-1][2])
        self.assertNotIn('X-Subject-Token', self.errors)
        self.assertNotIn('gAAAA', self.errors)

    def _is_traceable(self, request_id: str) -> None:
        """The services' logs have both ids."""
        ours = calls.global_request_id(self.director_uuid, 'cpi-123456')
        self.assertIn(ours, self.errors)
        texts = [
            path.read_text(errors='replace')
            for path in self.state.path('log').glob('glance*')]
        self.assertTrue(any(ours in text for text in texts), ours)
        self.assertTrue(
            any(request_id in text for text in texts), request_id)
