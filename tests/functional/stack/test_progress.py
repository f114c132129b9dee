# SPDX-License-Identifier: Apache-2.0
"""What a person reads of a deploy that fails."""

import json

from devstack.demo import run as demo
from devstack.demo import stack as demo_stack
from tests.functional.stack import base


class ProgressTest(base.StackTestCase):

    def test_reason_of_a_failing_cpi_call(self):
        faults = self.state.path('director', 'faults.json')
        self.addCleanup(faults.unlink, missing_ok=True)
        faults.write_text(json.dumps({'cpi': [{
            'method': 'create_vm', 'match': 'database',
            'type': 'Bosh::Clouds::VMCreationFailed',
            'message': 'No valid host was found', 'ok_to_retry': False}]}))
        self.assertRaises(demo_stack.StackFailed, self.stack.apply,
                          demo.TEMPLATE, self.parameters())
        reason = self.stack.heat.resources.get(
            self.stack.name, 'cloud_foundry').resource_status_reason
        events = self.events.getvalue()
        for text in (reason, events):
            self.assertRegex(
                text, r"database/0: Error 100: CPI error "
                r"'Bosh::Clouds::VMCreationFailed' with message 'No valid "
                r"host was found' in 'create_vm' CPI method \(CPI request "
                r"ID: 'cpi-\d+'\)")
        self.assertIn('Last events: ', reason)
        self.assertRegex(events, r'Task \d+: ')
