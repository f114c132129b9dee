# SPDX-License-Identifier: Apache-2.0
"""What a person reads when a stack fails, and what is left of it."""

import yaml

from devstack.demo import run as demo
from devstack.demo import stack as demo_stack
from tests.functional.stack import base


class FailedStackTest(base.StackTestCase):

    def fail_to_create(self, **changes):
        values = {**self.parameters(), **changes}
        error = self.assertRaises(demo_stack.StackFailed, self.stack.apply,
                                  demo.TEMPLATE, values)
        self.assertEqual('CREATE_FAILED', self.stack.get().stack_status)
        return str(error)

    def delete_leaves_nothing(self):
        self.stack.delete()
        self.assertIsNone(self.stack.get())
        self.assert_nothing_added()

    def test_wrong_password(self):
        message = self.fail_to_create(director_client_secret='not-the-one')
        self.assertIn('director (CloudFoundry::BOSH::Director)', message)
        self.assertIn(self.reached['endpoint'], message)
        self.assertIn('admin', message)
        self.assertNotIn('not-the-one', message)
        self.delete_leaves_nothing()

    def test_director_that_is_down(self):
        # The pocket director listens on 127.0.0.1 alone
        endpoint = self.reached['endpoint'].replace('127.0.0.1', '127.0.0.2')
        message = self.fail_to_create(director_endpoint=endpoint)
        self.assertIn('director (CloudFoundry::BOSH::Director)', message)
        self.assertIn(endpoint, message)
        self.assertIn('refused', message)
        self.delete_leaves_nothing()

    def test_unknown_vm_type(self):
        message = self.fail_to_create(operations=[yaml.safe_dump([{
            'type': 'replace', 'value': 'enormous',
            'path': '/instance_groups/name=api/vm_type'}])])
        self.assertIn('cloud_foundry (CloudFoundry::BOSH::Deployment)',
                      message)
        self.assertIn('enormous', message)
        self.assertIn('api', message)
        self.delete_leaves_nothing()

    def test_stemcell_whose_checksum_differs(self):
        wanted = 'sha256:' + 64 * '0'
        right = self.parameters()['stemcell_checksum']
        message = self.fail_to_create(stemcell_checksum=wanted)
        self.assertIn('stemcell (CloudFoundry::BOSH::Stemcell)', message)
        self.assertIn('checksum', message)
        self.assertIn(right[:20], message)
        self.delete_leaves_nothing()
