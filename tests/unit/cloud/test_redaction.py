# SPDX-License-Identifier: Apache-2.0

import json
import urllib.parse

import ddt
from hypothesis import assume
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from oslotest import base

from cf_openstack.cloud import redaction


PEM = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END KEY-----\n'

_SECRETS = st.text(min_size=3, max_size=30).filter(
    lambda text: text not in redaction.MASK)
_KEYS = st.sampled_from([
    'password', 'adminPass', 'api_key', 'secret', 'X-Subject-Token',
    'user_data', 'mbus', 'private_key', 'secret_access_key',
    'application_credential_secret', 'credentials', 'passphrase'])


def _around(children: st.SearchStrategy) -> st.SearchStrategy:
    """Something that holds it, in any place and depth."""
    other = st.none() | st.integers() | st.just('x')
    return st.tuples(other, children, other).map(list) | st.tuples(
        st.sampled_from(['server', 'password', 'auth', 'a', 'token']),
        children).map(lambda pair: {pair[0]: pair[1], 'b': 1})


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

    def test_folder_of_tokens_is_no_secret(self):
        self.assertEqual(
            set(), redaction.secret_strings({'token_cache': '/tmp/x'}))

    def test_lines_of_a_key(self):
        redactor = redaction.Redactor([PEM])
        self.assertEqual('line 2: <redacted>', redactor.text(
            'line 2: MIIEvQIBADANBgkqhkiG9w0'))
        self.assertEqual('-----END KEY-----', redactor.text(
            '-----END KEY-----'))


class TestAnySecret(base.BaseTestCase):
    """Whatever the secret is, and wherever."""

    @settings(deadline=None)
    @given(secret=_SECRETS, before=st.text(max_size=9),
           after=st.text(max_size=9))
    def test_by_value(self, secret, before, after):
        redactor = redaction.Redactor([secret])
        octets = secret.encode('utf-8', 'surrogatepass')
        for shown, quoted in (
                (secret, False), (repr(secret), True),
                (json.dumps(secret), True),
                (json.dumps(secret, ensure_ascii=False), True),
                (urllib.parse.quote(octets), False)):
            # What stands before it may make another secret of it.
            assume((before + shown + after).count(shown) == 1)
            self.assertEqual(
                f'{shown[0]}{redaction.MASK}{shown[-1]}' if quoted
                else redaction.MASK, redactor.text(shown))
            text = redactor.text(f'{before}{shown}{after}')
            self.assertNotIn(secret, text.replace(redaction.MASK, '\0'))

    @settings(deadline=None)
    @given(data=st.data(), secret=_SECRETS, key=_KEYS)
    def test_by_name(self, data, secret, key):
        assume(secret not in ('server', 'password', 'auth', 'token'))
        document = data.draw(st.recursive(
            st.just({key: secret}), _around, max_leaves=8))
        redactor = redaction.Redactor(redaction.secret_strings(document))
        shown = redaction.body(json.dumps(document))
        found = json.loads(shown)
        self.assertNotIn(secret, _strings(found))
        self.assertNotIn(secret, redactor.text(secret).replace(
            redaction.MASK, ''))


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [value] if isinstance(value, str) else []
