# SPDX-License-Identifier: Apache-2.0

import json

import ddt
from oslotest import base

from cf_openstack.cloud import redaction


@ddt.ddt
class TestRedaction(base.BaseTestCase):

    @ddt.data(
        {'auth': {'identity': {'password': {'user': {
            'name': 'u', 'password': 'hide-me'}}}}},
        {'auth': {'identity': {'application_credential': {
            'id': 'i', 'secret': 'hide-me'}}}},
        {'server': {'user_data': 'hide-me', 'name': 'x'}},
        {'server': {'adminPass': 'hide-me'}},
        {'list': [{'api_key': 'hide-me'}]},
        {'keypair': {'private_key': 'hide-me'}},
        {'agent': {'mbus': 'hide-me'}},
        {'X-Auth-Token': 'hide-me', 'X-Subject-Token': 'hide-me'},
        {'password': {'a': [{'b': {'secret': {'c': 'hide-me'}}}]}},
    )
    def test_bodies(self, document):
        text = redaction.body(json.dumps(document))
        self.assertNotIn('hide-me', text)
        self.assertIn(redaction.MASK, text)
        self.assertEqual(
            {'hide-me'}, redaction.secret_strings(document))

    def test_what_is_no_secret(self):
        document = {'server': {'name': 'x', 'key_name': 'k', 'size': 1}}
        self.assertEqual(
            document, json.loads(redaction.body(json.dumps(document))))

    def test_bodies_that_are_no_json(self):
        self.assertEqual('<7 bytes>', redaction.body(b'\xffsecret'))
        self.assertEqual('', redaction.body(None))

    def test_long_bodies_are_cut(self):
        text = redaction.body(json.dumps(['x' * 5000]), limit=100)
        self.assertEqual(109, len(text))

    def test_values(self):
        redactor = redaction.Redactor(['abc', 'abc"def', '', 'xy'])
        self.assertEqual('<redacted> xy <redacted>',
                         redactor.text('abc xy abc"def'))
        self.assertEqual('"<redacted>"',
                         redactor.text(json.dumps('abc"def')))

    def test_passwords_in_urls(self):
        text = redaction.Redactor().text('at nats://nats:pw@10.0.0.6:4222')
        self.assertEqual('at nats://nats:<redacted>@10.0.0.6:4222', text)
        plain = 'GET http://nova:8774/v2.1/a@b'
        self.assertEqual(plain, redaction.Redactor().text(plain))
