# SPDX-License-Identifier: Apache-2.0

import os
from typing import Any

from cf_openstack.cpi import calls
from cf_openstack.cpi import dispatch
from cf_openstack.cpi import errors
from cf_openstack.cpi import journal
from cf_openstack.cpi import protocol
from tests.unit.cpi import base

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
