# SPDX-License-Identifier: Apache-2.0

import datetime
import os
from typing import Any

from cf_openstack.cpi import calls
from cf_openstack.cpi import dispatch
from cf_openstack.cpi import errors
from cf_openstack.cpi import journal
from cf_openstack.cpi import protocol
from tests.unit.cpi import base
from tests.unit.cpi import fake_catalog

PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'


class TestCertificates(base.CpiTestCase):

    def _verify(
        self, ca_text: str | None = None, context: dict[str, Any]
        | None = None, **overrides: Any
    ) -> tuple[Any, str | None]:
        """What requests are verified by, and the text of that file."""
        ca_path = None
        if ca_text is not None:
            ca_path = os.path.join(self.temp_dir, 'cacert.pem')
            with open(ca_path, 'w', encoding='utf-8') as file:
                file.write(ca_text)
        files = dispatch.ConfigFiles(self.write_config(**overrides), ca_path)
        request = protocol.Request(
            'has_vm', [], {'director_uuid': 'd'} | (context or {}))
        log = journal.Journal('cpi-1')
        with calls.Call(request, files, log) as call:
            verify = call.cloud.session.verify
            text = None
            if isinstance(verify, str):
                with open(verify, encoding='utf-8') as file:
                    text = file.read()
        if isinstance(verify, str) and verify != ca_path:
            self.assertFalse(os.path.exists(verify))
        return verify, text

    def test_none(self):
        self.assertEqual((True, None), self._verify())

    def test_empty_file_of_the_job(self):
        self.assertEqual((True, None), self._verify('\n'))

    def test_file_of_the_job(self):
        verify, text = self._verify(
            PEM, connection_options={'ca_cert': PEM})
        self.assertTrue(verify.endswith('/cacert.pem'))
        self.assertEqual(PEM, text)

    def test_configuration_alone(self):
        _verify, text = self._verify(connection_options={'ca_cert': PEM})
        self.assertEqual(PEM, text)

    def test_context_wins_over_the_job(self):
        other = PEM.replace('x', 'y')
        verify, text = self._verify(
            PEM, {'connection_options': {'ca_cert': other}},
            connection_options={'ca_cert': PEM})
        self.assertFalse(verify.endswith('/cacert.pem'))
        self.assertEqual(other, text)

    def test_no_verification(self):
        verify, _text = self._verify(
            PEM, connection_options={'ssl_verify_peer': False})
        self.assertIs(False, verify)

    def test_file_that_cannot_be_read(self):
        files = dispatch.ConfigFiles(self.write_config(), '/no/file')
        request = protocol.Request('has_vm', [], {'director_uuid': 'd'})
        log = journal.Journal('cpi-1')
        log.capture_logging()
        with calls.Call(request, files, log) as call:
            self.assertIs(True, call.cloud.session.verify)
        self.assertIn("'/no/file' cannot be read", self.log())


class TestSecrets(base.CpiTestCase):

    def test_of_file_context_and_arguments(self):
        files = dispatch.ConfigFiles(self.write_config())
        request = protocol.Request(
            'create_vm', [{'bosh': {'password': 'from-env'}}], {
                'director_uuid': 'd', 'api_key': 'from-context'})
        log = journal.Journal('cpi-1')
        with calls.Call(request, files, log):
            self.assertEqual(
                '<redacted> <redacted> <redacted>',
                log.clean('from-env from-context '
                          + base.AGENT['mbus']))

    def test_of_a_configuration_that_is_wrong(self):
        files = dispatch.ConfigFiles(self.write_config(state_timeout='x'))
        request = protocol.Request(
            'has_vm', [], {'director_uuid': 'd', 'api_key': 'abc-secret'})
        log = journal.Journal('cpi-1')
        self.assertRaises(
            errors.InvalidCall, calls.Call, request, files, log)
        self.assertEqual('<redacted>', log.clean('abc-secret'))


class TestGlobalRequestId(base.MethodTestCase):

    def test_follows_from_the_directors(self):
        ids = []
        for request_id in ('cpi-000001', 'cpi-000002', 'cpi-000001'):
            self.call('has_disk', 'd', request_id=request_id)
            ids.append(self.cloud.headers[-1]['X-Openstack-Request-Id'])
        self.assertRegex(ids[0], '^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-')
        self.assertNotEqual(ids[0], ids[1])
        self.assertEqual(ids[0], ids[2])
        self.assertIn(ids[0], self.log())
        self.assertNotEqual(
            ids[0], calls.global_request_id('dir-2', 'cpi-000001'))


class TestTokenCache(base.MethodTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.folder = os.path.join(self.temp_dir, 'tokens')
        self.config = self.write_config(token_cache=self.folder)

    def _requests(self, method: str, *arguments: Any) -> list[str]:
        before = len(self.cloud.calls)
        self.call(method, *arguments)
        return self.cloud.calls[before:]

    def test_calls_after_the_first(self):
        self.assertEqual(
            ['POST identity/auth/tokens', 'GET volume/volumes/d'],
            self._requests('has_disk', 'd'))
        self.assertEqual(
            ['GET volume/volumes/d'], self._requests('has_disk', 'd'))
        # Another service, the same token.
        self.assertEqual(
            ['GET compute', 'GET compute/servers/s'],
            self._requests('has_vm', 's'))
        self.assertEqual(
            ['GET compute/servers/s'], self._requests('has_vm', 's'))

    def test_of_another_context(self):
        self.call('has_disk', 'd')
        before = len(self.cloud.calls)
        self.call('has_disk', 'd', project='other')
        self.assertEqual(
            'POST identity/auth/tokens', self.cloud.calls[before])

    def test_default_is_on(self):
        config = dict(base.OPENSTACK)
        del config['token_cache']
        self.config = self.write_config(config)
        self.useFixture(base.fixtures.EnvironmentVariable(
            'TMPDIR', self.temp_dir))
        self.call('has_disk', 'd')
        self.assertEqual(
            ['GET volume/volumes/d'], self._requests('has_disk', 'd'))

    def test_tokens_are_not_shown(self):
        for _round in range(2):
            self.call('has_disk', 'd')
        self.assertNotIn('tok-secret', self.log())

    def test_wrong_value(self):
        for value in ('relative', 3, []):
            self.config = self.write_config(token_cache=value)
            error = self.refused('has_disk', 'd')
            self.assertEqual('InvalidCall', error['type'])
            self.assertIn("'token_cache' must be", error['message'])

    def test_long_calls_want_a_token_that_lasts(self):
        soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(
            minutes=20)
        token = fake_catalog.token()
        token['token']['expires_at'] = soon.isoformat()
        self.useFixture(base.fixtures.MonkeyPatch(
            'tests.unit.cpi.fake_catalog.token', lambda **kwargs: token))
        self.call('has_disk', 'd')
        self.assertNotIn('POST identity/auth/tokens',
                         self._requests('has_disk', 'd'))
        properties = {'image_id': base.fake_cloud.IMAGE_ID}
        self.assertIn('POST identity/auth/tokens', self._requests(
            'create_stemcell', '', properties))
