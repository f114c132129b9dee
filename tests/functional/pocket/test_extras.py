# SPDX-License-Identifier: Apache-2.0
"""Octavia and Barbican, on a cloud that was brought up with them."""

from typing import Any
import unittest

from devstack.pocket import state as pocket_state
from tests.functional.pocket import resources

STACK = '''
heat_template_version: 2021-04-16
resources:
  balancer:
    type: OS::Octavia::LoadBalancer
    properties: {vip_subnet: private-subnet}
  listener:
    type: OS::Octavia::Listener
    properties:
      loadbalancer: {get_resource: balancer}
      protocol: HTTP
      protocol_port: 80
  pool:
    type: OS::Octavia::Pool
    properties:
      listener: {get_resource: listener}
      protocol: HTTP
      lb_algorithm: ROUND_ROBIN
  member:
    type: OS::Octavia::PoolMember
    properties:
      pool: {get_resource: pool}
      address: 10.100.1.1
      protocol_port: 80
'''


class LoadBalancerTestCase(resources.ResourceTestCase):

    def test_load_balancer_with_floating_ip(self) -> None:
        octavia = self.cloud.load_balancer
        subnet = self.cloud.network.find_subnet('private-subnet')
        balancer = octavia.create_load_balancer(
            name=self.name('lb'), vip_subnet_id=subnet.id)
        self.addCleanup(self.delete_balancer, balancer.id)

        def settled() -> Any:
            return self.wait_for(
                lambda: self._active(balancer.id), 'the load balancer')

        settled()
        listener = octavia.create_listener(
            load_balancer_id=balancer.id, protocol='TCP', protocol_port=443)
        settled()
        pool = octavia.create_pool(listener_id=listener.id, protocol='TCP',
                                   lb_algorithm='ROUND_ROBIN')
        settled()
        member = octavia.create_member(pool, address='10.100.1.4',
                                       protocol_port=443,
                                       subnet_id=subnet.id)
        settled()
        octavia.create_health_monitor(pool_id=pool.id, type='TCP', delay=5,
                                      timeout=2, max_retries=2)
        found = settled()
        self.assertEqual('ONLINE', found.operating_status)
        self.assertEqual(
            ['10.100.1.4'], [one.address for one in octavia.members(pool)])
        octavia.delete_member(member, pool)
        settled()
        self.assertEqual([], list(octavia.members(pool)))
        public = self.cloud.network.find_network('public')
        floating = self.cloud.network.create_ip(
            floating_network_id=public.id, port_id=found.vip_port_id)
        self.addCleanup(self.cloud.network.delete_ip, floating.id)
        self.assertEqual(found.vip_address, floating.fixed_ip_address)

    def _active(self, balancer_id: str) -> Any:
        found = self.cloud.load_balancer.get_load_balancer(balancer_id)
        return found if found.provisioning_status == 'ACTIVE' else None

    def delete_balancer(self, balancer_id: str) -> None:
        octavia = self.cloud.load_balancer
        octavia.delete_load_balancer(balancer_id, cascade=True)
        self.wait_gone(lambda: octavia.get_load_balancer(balancer_id),
                       'the load balancer')

    def test_stack_with_load_balancer(self) -> None:
        stack = self.make_stack(STACK)
        self.delete_stack(stack.id)


class SecretTestCase(resources.ResourceTestCase):

    def test_store_and_read_back(self) -> None:
        manager = self.cloud.key_manager
        made = manager.post('/secrets', json={
            'name': self.name('secret'), 'payload': 'hush',
            'payload_content_type': 'text/plain'})
        self.assertEqual(201, made.status_code, made.text)
        reference = made.json()['secret_ref']
        self.addCleanup(manager.delete, reference)
        self.assertTrue(reference.startswith(self.state.url('barbican')))
        payload = self.cloud.session.get(
            reference + '/payload', headers={'Accept': 'text/plain'})
        self.assertEqual('hush', payload.text)

    def test_stack_with_secret(self) -> None:
        stack = self.make_stack('''
heat_template_version: 2021-04-16
resources:
  secret:
    type: OS::Barbican::Secret
    properties: {payload: hush, payload_content_type: text/plain}
outputs:
  status: {value: {get_attr: [secret, status]}}
''')
        found = self.cloud.orchestration.get_stack(stack.id)
        self.assertEqual('ACTIVE', found.outputs[0]['output_value'])


CASES = {'octavia': LoadBalancerTestCase, 'barbican': SecretTestCase}


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite,
               pattern: str | None) -> unittest.TestSuite:
    """Only the tests of services that the cloud has.

    Without a cloud there are none; every other test says so.
    """
    state = pocket_state.State()
    features = state.load().features if state.exists else []
    return unittest.TestSuite(
        loader.loadTestsFromTestCase(case)
        for feature, case in CASES.items() if feature in features)
