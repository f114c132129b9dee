# SPDX-License-Identifier: Apache-2.0

import json
import os
from typing import Any

import ddt
import fixtures
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from oslotest import base as oslotest_base

from cf_openstack.cpi import cli
from cf_openstack.cpi import errors
from cf_openstack.cpi import protocol
from cf_openstack.cpi import registry
from tests.unit.cpi import base

CONTEXT = {'director_uuid': 'dir-1', 'request_id': 'cpi-1'}
NOT_IMPLEMENTED = 'Bosh::Clouds::NotImplemented'


def request(**overrides: Any) -> bytes:
    document = {'method': 'info', 'arguments': [], 'context': CONTEXT}
    document.update(overrides)
    return json.dumps({
        key: value for key, value in document.items()
        if value is not ...}).encode()


@ddt.ddt
class TestMalformedRequests(base.CpiTestCase):

    @ddt.data(
        (b'', 'Request cannot be deserialized, details: '),
        (b' \n', 'Request cannot be deserialized, details: '),
        (b'{', 'Request cannot be deserialized, details: '),
        (b'\xff\xfe', 'Request cannot be deserialized, details: '),
        (b'null', 'it must be a Hash, got: nil'),
        (b'[]', 'it must be a Hash, got: Array'),
        (b'"info"', 'it must be a Hash, got: String'),
        (b'{} {}', 'Request cannot be deserialized, details: '),
        (b'[' * 100000, 'Request cannot be deserialized, details: '),
        (b'{"method": NaN}', 'NaN is not allowed in JSON'),
        (b'{"method": -Infinity}', '-Infinity is not allowed in JSON'),
        (b'{"method": 1e999}', 'a number is too large'),
        (b'[' * 101 + b']' * 101, 'nested more than 100 levels deep'),
        (b'{"a":' * 101 + b'1' + b'}' * 101,
         'nested more than 100 levels deep'),
        (b'{"method": "\\ud800"}', 'half of a surrogate pair'),
        (b'{"\\uDFFF": 1}', 'half of a surrogate pair'),
        (b'\xef\xbb\xbf{}', 'Request cannot be deserialized, details: '),
        (b'1' * 5000, 'Request cannot be deserialized, details: '),
        (b'{}', 'Method must be a String, got: nil'),
        (request(method=7), 'Method must be a String, got: Integer'),
        (request(method=...), 'Method must be a String, got: nil'),
        (request(arguments=None), 'Arguments must be an Array'),
        (request(arguments={}), 'Arguments must be an Array'),
        (request(arguments=...), 'Arguments must be an Array'),
        (request(api_version='2'), 'must be an Integer, got: String'),
        (request(api_version=True), 'must be an Integer, got: Boolean'),
        (request(api_version=2.0), 'must be an Integer, got: Float'),
        (request(context=...), 'include context with director uuid'),
        (request(context=[]), 'include context with director uuid'),
        (request(context={}), 'include context with director uuid'),
        (request(context={'director_uuid': None}),
         'include context with director uuid'),
        (request(arguments=[1]),
         'wrong number of arguments (given 1, expected 0)'),
        (request(method='has_vm'),
         'wrong number of arguments (given 0, expected 1)'),
        (request(method='create_stemcell', arguments=[1] * 4),
         'wrong number of arguments (given 4, expected 2..3)'),
    )
    @ddt.unpack
    def test_invalid_call(self, raw, message):
        error = self.respond(raw)['error']
        self.assertEqual('InvalidCall', error['type'])
        self.assertFalse(error['ok_to_retry'])
        self.assertIn(message, error['message'])

    @ddt.data(
        ('configure_networks', "Method is not known, got: "),
        ('__init__', 'Method is not known, got: '),
        ('', 'Method is not known, got: '),
        *((name, 'is not implemented') for name in sorted(
            registry.UNIMPLEMENTED)),
    )
    @ddt.unpack
    def test_not_implemented(self, method, message):
        error = self.respond(request(method=method))['error']
        self.assertEqual(NOT_IMPLEMENTED, error['type'])
        self.assertIn(message, error['message'])

    def test_long_name_is_cut(self):
        error = self.respond(request(method='x' * 300000))['error']
        self.assertEqual(NOT_IMPLEMENTED, error['type'])
        self.assertLess(len(error['message']), 200)

    def test_ping_tells_nothing(self):
        # One of the upstream CPIs answers with all its credentials.
        config = self.write_config()
        for arguments in ([], ['x']):
            reply = self.respond(
                request(method='ping', arguments=arguments), config)
            self.assertEqual(NOT_IMPLEMENTED, reply['error']['type'])
            self.assertFalse(reply['error']['ok_to_retry'])
            for text in (json.dumps(reply), self.log()):
                self.assertNotIn('secret', text)

    def test_method_comes_before_arguments_and_context(self):
        error = self.respond(b'{"method": "nope"}')['error']
        self.assertEqual(NOT_IMPLEMENTED, error['type'])

    @ddt.data('has_vm', 'delete_vm', 'reboot_vm', 'has_disk', 'delete_disk',
              'get_disks', 'delete_stemcell')
    def test_cids_that_would_address_something_else(self, method):
        config = self.write_config()
        for cid in ('', '..', 'a/b', '../servers', 'a?b', 7, None, ['a']):
            reply = self.respond(
                request(method=method, arguments=[cid]), config)
            self.assertEqual('InvalidCall', reply['error']['type'])


@ddt.ddt
class TestWellFormedRequests(base.CpiTestCase):

    @ddt.data(
        b'{"method": "nope", "method": "info", "arguments": [7], '
        b'"arguments": [], "context": {"director_uuid": "d"}}',
        b'\n\t ' + request() + b' \r\n',
        request(api_version=99),
        request(api_version=None),
        request(context=CONTEXT | {'vm': None, 'request_id': None}),
        request(context=CONTEXT | {'note': 'x' * 300000}),
        request(context=CONTEXT | {'note': '\U0001f600'}),
        request(further='keys'),
        request(arguments=[], context=CONTEXT | {
            'a': [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}),
    )
    def test_info(self, raw):
        self.assertEqual(3, self.respond(raw)['result']['api_version'])


class TestInfo(base.CpiTestCase):

    def test_info(self):
        reply = self.respond(request())
        self.assertIsNone(reply['error'])
        self.assertEqual({
            'api_version': 3,
            'stemcell_formats': [
                'openstack-raw', 'openstack-qcow2', 'openstack-light'],
        }, reply['result'])

    def test_as_the_cli_asks(self):
        context = {'director_uuid': 'd', 'vm': {
            'stemcell': {'api_version': 3}}}
        reply = self.respond(request(context=context, api_version=1))
        self.assertEqual(3, reply['result']['api_version'])
        self.assertRegex(self.log(), r'\[req_id cpi-\d{6}\]')

    def test_needs_no_configuration(self):
        self.assertIsNone(
            self.respond(request(), '/does/not/exist')['error'])

    def test_log(self):
        self.respond(request())
        self.assertIn('[req_id cpi-1] Starting info()', self.log())
        self.assertRegex(self.log(), r'Finished info in \d\.\d\d seconds')


@ddt.ddt
class TestConfigurationFiles(base.CpiTestCase):
    """Every method but info needs one; without it there is a reply too."""

    def _error(self, *arguments: str) -> dict[str, Any]:
        return self.respond(
            request(method='has_vm', arguments=['x']), *arguments)['error']

    def _file(self, data: bytes) -> str:
        path = os.path.join(self.temp_dir, 'any')
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def test_none(self):
        error = self._error()
        self.assertEqual('InvalidCall', error['type'])
        self.assertIn('No configuration file was named', error['message'])

    def test_not_there(self):
        for path in ('/no/such/file', self.temp_dir, '', '\0'):
            error = self._error(path)
            self.assertEqual('InvalidCall', error['type'], path)
            self.assertIn('cannot be read', error['message'])

    @ddt.data(b'', b'[]', b'null', b'cloud:', b'cloud: {properties: 7}',
              b'just text')
    def test_no_cloud_properties(self, data):
        error = self._error(self._file(data))
        self.assertEqual('Unknown', error['type'])
        self.assertEqual(
            'Could not find cloud properties in the configuration',
            error['message'])

    @ddt.data(b'\xff', b'a: "x', b'cloud:\n\tproperties: very-secret',
              b'{"cloud": {"properties": {"openstack": {}}}}',
              b'{"cloud": {"properties": {"agent": "very-secret"}}}')
    def test_wrong(self, data):
        error = self._error(self._file(data))
        self.assertEqual('InvalidCall', error['type'])
        self.assertNotIn('very-secret', error['message'] + self.log())


@ddt.ddt
class TestCommandLine(base.CpiTestCase):

    @ddt.data(
        ([], (None, None)),
        (['a.json'], ('a.json', None)),
        (['a.json', 'ca.pem'], ('a.json', 'ca.pem')),
        (['-configFile=a.json', '-caCert=ca.pem'], ('a.json', 'ca.pem')),
        (['--configFile', 'a.json'], ('a.json', None)),
        (['-caCert=ca.pem', 'a.json'], ('a.json', 'ca.pem')),
    )
    @ddt.unpack
    def test_forms(self, arguments, expected):
        self.assertEqual(expected, cli.parse_arguments(arguments))

    @ddt.data(['a', 'b', 'c'], ['-x'], ['--config=a'], ['-configFile'])
    def test_mistakes_get_a_reply_too(self, arguments):
        error = self.respond(request(), *arguments)['error']
        self.assertEqual('InvalidCall', error['type'])
        self.assertIn('Command line: ', error['message'])


class TestCrash(base.CpiTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch(
            'cf_openstack.cpi.shortcut.reply_to', lambda raw: None))

    def _crash(self, exception: BaseException) -> dict[str, Any]:
        def load(name: str) -> Any:
            raise exception

        original = registry.load
        registry.load = load
        self.addCleanup(setattr, registry, 'load', original)
        return self.respond(request())

    def test_defect(self):
        reply = self._crash(KeyError('x'))
        self.assertEqual('Unknown', reply['error']['type'])
        self.assertEqual("KeyError: 'x'", reply['error']['message'])
        self.assertIn('backtrace: Traceback', reply['log'])

    def test_no_exception_but_the_end(self):
        for exception in (SystemExit(3), KeyboardInterrupt(),
                          MemoryError(), RecursionError()):
            reply = self._crash(exception)
            self.assertEqual('Unknown', reply['error']['type'])

    def test_signal(self):
        reply = self._crash(errors.Terminated('SIGTERM'))
        self.assertEqual('Bosh::Clouds::CloudError', reply['error']['type'])
        self.assertIn('SIGTERM', reply['error']['message'])

    def test_result_that_is_no_json(self):
        original = registry.load
        registry.load = lambda name: lambda call: float('nan')
        self.addCleanup(setattr, registry, 'load', original)
        self.assertEqual(
            'Unknown', self.respond(request())['error']['type'])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(
        st.text(max_size=8), children, max_size=4),
    max_leaves=8)


def _check(raw: bytes) -> None:
    text = cli.respond([], raw)
    reply = json.loads(text, parse_constant=_refuse)
    assert set(reply) == {'error', 'log', 'result'}, reply
    assert isinstance(reply['log'], str)
    if reply['error'] is not None:
        assert reply['result'] is None
        assert isinstance(reply['error']['type'], str)
        assert isinstance(reply['error']['message'], str)
        assert isinstance(reply['error']['ok_to_retry'], bool)
    assert text.isascii()


def _refuse(constant: str) -> None:
    raise AssertionError(constant)


class TestAnythingOnStdin(base.CpiTestCase):
    """Whatever comes in, one valid reply goes out."""

    def test_bytes(self):
        @settings(max_examples=60, deadline=None, database=None)
        @given(st.binary(max_size=200))
        def check(raw: bytes) -> None:
            _check(raw)

        check()

    def test_documents(self):
        @settings(max_examples=60, deadline=None, database=None)
        @given(
            method=st.sampled_from(sorted(registry.KNOWN)) | _JSON,
            arguments=st.lists(_JSON, max_size=6) | _JSON,
            context=_JSON | st.fixed_dictionaries(
                {'director_uuid': st.text(min_size=1)},
                optional={'request_id': _JSON, 'vm': _JSON}),
            version=_JSON)
        def check(
            method: Any, arguments: Any, context: Any, version: Any
        ) -> None:
            _check(json.dumps({
                'method': method, 'arguments': arguments,
                'context': context, 'api_version': version}).encode())

        check()


class TestRequest(oslotest_base.BaseTestCase):

    def test_request_id_of_its_own(self):
        for context in (None, {}, {'request_id': 7}, {'request_id': ''}):
            self.assertRegex(
                protocol.request_id_of(context), r'^cpi-\d{6}$')
