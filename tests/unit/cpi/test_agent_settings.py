# SPDX-License-Identifier: Apache-2.0

import base64
import json
from typing import Any

import ddt
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from cf_openstack.cpi import agent_settings
from cf_openstack.cpi import errors

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5), inner, max_size=3))
_HASH = st.dictionaries(st.text(max_size=5), _JSON, max_size=4)
_NETWORKS = st.dictionaries(
    st.text(max_size=3),
    st.fixed_dictionaries({}, optional={
        'type': st.sampled_from(['manual', 'vip']),
        'dns': st.lists(st.ip_addresses().map(str), max_size=2)
        | st.none()}), max_size=4)


def build(**values: Any) -> dict[str, Any]:
    return agent_settings.build(**{
        'vm_name': 'vm-1', 'agent_id': 'agent-1',
        'networks': {'a': {'type': 'manual', 'mac': 'fa:16'}},
        'env': None, 'has_ephemeral_disk': False, 'agent': {}} | values)


@ddt.ddt
class TestBuild(base.BaseTestCase):

    def test_least(self):
        self.assertEqual({
            'server': {'name': 'vm-1'},
            'networks': {'a': {'type': 'manual', 'mac': 'fa:16'}},
            'vm': {'name': 'vm-1'},
            'agent_id': 'agent-1',
            'disks': {
                'system': '/dev/sda', 'persistent': {}, 'ephemeral': None},
        }, build())

    def test_env_is_passed_on_even_if_empty(self):
        self.assertEqual({}, build(env={})['env'])
        self.assertNotIn('env', build(env=None))

    def test_ephemeral_disk(self):
        self.assertEqual(
            '/dev/sdb', build(has_ephemeral_disk=True)['disks']['ephemeral'])

    @ddt.data(
        ({'a': {'dns': ['1']}, 'b': {'dns': ['2', '3']}}, ['2', '3']),
        ({'a': {'dns': ['1']}, 'b': {}}, ['1']),
        ({'a': {'dns': ['1']}, 'b': {'dns': None}}, ['1']),
        ({'a': {'dns': ['1']}, 'b': {'dns': []}}, ['1']),
        ({'a': {'dns': ['1']}, 'v': {'type': 'vip'}}, ['1']),
    )
    @ddt.unpack
    def test_last_network_with_dns(self, networks, expected):
        self.assertEqual(
            {'nameserver': expected}, build(networks=networks)['dns'])

    @ddt.data({}, {'a': {'dns': []}}, {'a': {'dns': None}})
    def test_no_dns(self, networks):
        self.assertNotIn('dns', build(networks=networks))

    def test_agent_properties_win(self):
        agent = {'mbus': 'nats://', 'ntp': ['t'], 'blobstore': {'a': 1},
                 'agent_id': 'other', 'disks': 'mine'}
        found = build(agent=agent)
        self.assertEqual(found | agent, found)

    @given(_NETWORKS, st.none() | _HASH, st.booleans(), _HASH)
    def test_anything(self, networks, env, ephemeral, agent):
        found = build(networks=networks, env=env, agent=agent,
                      has_ephemeral_disk=ephemeral)
        decoded = json.loads(base64.b64decode(agent_settings.encode(found)))
        self.assertEqual(found, decoded)
        self.assertEqual(decoded, decoded | agent)
        left = {key: value for key, value in decoded.items()
                if key not in agent}
        self.assertLessEqual(set(left), {
            'server', 'networks', 'dns', 'vm', 'agent_id', 'disks', 'env'})
        if 'networks' not in agent:
            self.assertEqual(networks, left['networks'])
        if 'env' not in agent:
            self.assertEqual(env, left.get('env'))


class TestEncode(base.BaseTestCase):

    def _with(self, size: int) -> dict[str, Any]:
        # 3 bytes become 4 in base64.
        settings = build(env={'bosh': {'blob': ''}})
        empty = len(json.dumps(settings, separators=(',', ':')))
        settings['env']['bosh']['blob'] = 'x' * (size // 4 * 3 - empty)
        return settings

    def test_longest(self):
        data = agent_settings.encode(self._with(65532))
        self.assertEqual(65532, len(data))

    def test_too_long(self):
        settings = self._with(65536)
        settings['env']['bosh'] |= {
            'mbus': {'cert': 'secret' * 100}, 'tags': {'a': 'b'}}
        settings['mbus'] = 'nats://u:secret@h'
        error = self.assertRaises(
            errors.CloudError, agent_settings.encode, settings)
        self.assertRegex(
            error.message,
            r'need 66\d{3} bytes of user data, Nova takes 65535 .* '
            r'env\.bosh\.blob 6\d{4}, env\.bosh\.mbus 8\d\d, ')
        self.assertNotIn('secret', error.message)
