# SPDX-License-Identifier: Apache-2.0

import copy
import pickle

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base

from cf_openstack.director import connection
from cf_openstack.director import exceptions
from tests.unit.director import tls

KEY = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6'
PROJECT = '0123456789abcdef0123456789abcdef'
SECRET = 'correct-horse-battery'


def _connection(**kwargs):
    values = {'endpoint': 'https://203.0.113.10:25555', 'ca_certificate': '',
              'client': 'admin', 'client_secret': SECRET, **kwargs}
    return connection.Connection(**values)


@ddt.ddt
class ConnectionTest(base.BaseTestCase):

    def test_endpoint_is_normalised(self):
        self.assertEqual('https://bosh.example:25555',
                         _connection(endpoint='bosh.example').endpoint)

    @ddt.data(repr, str, '{}'.format, '%s'.__mod__, '%r'.__mod__)
    def test_secret_is_not_shown(self, show):
        text = show(_connection())
        self.assertNotIn(SECRET, text)
        self.assertIn('203.0.113.10', text)
        self.assertIn('admin', text)

    def test_is_not_pickled(self):
        error = self.assertRaises(TypeError, pickle.dumps, _connection())
        self.assertNotIn(SECRET, str(error))

    def test_copies_are_the_same(self):
        one = _connection()
        self.assertIs(one, copy.copy(one))
        self.assertIs(one, copy.deepcopy({'x': one})['x'])

    @ddt.data(('client', ''), ('client', None), ('client_secret', ''),
              ('client_secret', None), ('client', 'ad:min'))
    @ddt.unpack
    def test_incomplete(self, field, value):
        error = self.assertRaises(exceptions.InvalidConnection, _connection,
                                  **{field: value})
        self.assertIn(field, str(error))
        self.assertNotIn(SECRET, str(error))

    def test_certificates_are_kept_and_text_around_them_is_not(self):
        first, second = tls.Authority('a').pem, tls.Authority('b').pem
        given = '\r\n'.join(['subject=CN = a',
                             *(f'  {line}' for line in first.splitlines()),
                             '', *second.splitlines()])
        self.assertEqual(first + second,
                         _connection(ca_certificate=given).ca_certificate)

    @ddt.data(
        ('not a certificate', 'no "-----BEGIN CERTIFICATE'),
        ('/etc/ssl/ca.pem', 'no "-----BEGIN CERTIFICATE'),
        ('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
         'damaged'),
        ('-----BEGIN CERTIFICATE-----\n\u00e9\n-----END CERTIFICATE-----',
         'damaged'),
        ('-----BEGIN RSA PRIVATE KEY-----\nMIIB\n'
         '-----END RSA PRIVATE KEY-----', 'private key'))
    @ddt.unpack
    def test_no_certificate(self, pem, reason):
        error = self.assertRaises(exceptions.InvalidCertificate, _connection,
                                  ca_certificate=pem)
        self.assertIn('ca_certificate is not a PEM certificate', str(error))
        self.assertIn(reason, str(error))
        self.assertNotIn('MIIB', str(error))


_printable = strategies.text(min_size=1).filter(
    lambda text: text.isprintable() and ':' not in text)


@ddt.ddt
class SealTest(base.BaseTestCase):

    @hypothesis.settings(deadline=None, max_examples=50)
    @hypothesis.given(client=_printable, secret=strategies.text(
        strategies.characters(codec='utf-8'), min_size=1),
        project=strategies.text(strategies.characters(codec='utf-8'),
                                min_size=1))
    def test_opens_where_it_was_sealed_for(self, client, secret, project):
        one = _connection(client=client, client_secret=secret)
        token = connection.seal(one, project, KEY)
        self.assertEqual(one, connection.unseal(token, project, KEY))
        self.assertRaises(connection.SealError, connection.unseal, token,
                          project + 'x', KEY)

    def test_carries_the_certificate(self):
        one = _connection(ca_certificate=tls.Authority().pem)
        token = connection.seal(one, PROJECT, KEY)
        self.assertEqual(one, connection.unseal(token, PROJECT, KEY))

    def test_shows_nothing(self):
        token = connection.seal(_connection(), PROJECT, KEY)
        self.assertTrue(token.startswith('cfo1.'))
        for clear in (SECRET, 'admin', '203.0.113.10', PROJECT):
            self.assertNotIn(clear, token)
        self.assertRegex(token, r'\A[A-Za-z0-9_.=-]+\Z')

    def test_two_seals_differ(self):
        self.assertNotEqual(connection.seal(_connection(), PROJECT, KEY),
                            connection.seal(_connection(), PROJECT, KEY))

    def test_other_project(self):
        token = connection.seal(_connection(), PROJECT, KEY)
        error = self.assertRaises(
            connection.SealError, connection.unseal, token,
            'fedcba9876543210fedcba9876543210', KEY)
        self.assertIn('another project', str(error))
        self.assertIn('CloudFoundry::BOSH::Director', str(error))
        self.assertNotIn(token, str(error))

    def test_other_key(self):
        token = connection.seal(_connection(), PROJECT, KEY)
        self.assertRaises(connection.SealError, connection.unseal, token,
                          PROJECT, KEY[::-1])

    @hypothesis.settings(deadline=None, max_examples=50)
    @hypothesis.given(strategies.data())
    def test_altered(self, data):
        token = connection.seal(_connection(), PROJECT, KEY)
        # The last characters before the padding hold unused bits.
        place = data.draw(strategies.integers(0, len(token) - 5))
        other = data.draw(strategies.sampled_from('AZaz09-_').filter(
            lambda character: character != token[place]))
        altered = token[:place] + other + token[place + 1:]
        self.assertRaises(connection.SealError, connection.unseal, altered,
                          PROJECT, KEY)

    @ddt.data('', 'cfo1.', 'cfo2.gAAAA', 'gAAAAA', 'cfo1.\u00e9', None, 7,
              'https://203.0.113.10:25555')
    def test_no_sealed_connection(self, token):
        self.assertRaises(connection.SealError, connection.unseal, token,
                          PROJECT, KEY)

    @ddt.data(('', KEY), (PROJECT, ''), (None, KEY), (PROJECT, None))
    @ddt.unpack
    def test_key_and_project_are_needed(self, project, key):
        self.assertRaises(connection.SealError, connection.seal,
                          _connection(), project, key)
