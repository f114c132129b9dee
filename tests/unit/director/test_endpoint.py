# SPDX-License-Identifier: Apache-2.0

import ddt
from oslotest import base

from cf_openstack.director import endpoint
from cf_openstack.director import exceptions


@ddt.ddt
class ParseTest(base.BaseTestCase):

    @ddt.data(
        ('https://203.0.113.10:25555', 'https://203.0.113.10:25555'),
        ('https://203.0.113.10', 'https://203.0.113.10:25555'),
        ('203.0.113.10', 'https://203.0.113.10:25555'),
        ('bosh.example:8443', 'https://bosh.example:8443'),
        ('https://BOSH.Example.:25555/', 'https://bosh.example:25555'),
        (' HTTPS://bosh.example ', 'https://bosh.example:25555'),
        ('https://[2001:DB8:0::1]:443', 'https://[2001:db8::1]:443'),
        ('https://b\u00fcro.example', 'https://xn--bro-hoa.example:25555'))
    @ddt.unpack
    def test_one_form(self, text, url):
        parsed = endpoint.parse(text)
        self.assertEqual(url, parsed.url)
        self.assertEqual(parsed, endpoint.parse(parsed.url))

    @ddt.data(
        ('http://bosh.example', 'only https'),
        ('file:///etc/passwd', 'only https'),
        ('https://bosh.example/path', 'after host and port'),
        ('https://bosh.example?x=1', 'after host and port'),
        ('https://bosh.example#x', 'after host and port'),
        ('https://bosh.example:70000', 'port up to 65535'),
        ('https://bosh.example:0', 'port 0'),
        ('https://bosh.example:x', 'port up to 65535'),
        ('https://[fe80::1%25eth0]', 'IPv6 address'),
        ('https://[::1', 'not a URL'),
        ('https://', 'no host'),
        ('', 'no host'),
        ('https://bosh..example', 'host name'),
        ('https://-bosh.example', 'host name'),
        ('https://bo sh', 'host name'),
        ('https://bosh\\evil', 'host name'),
        ('https://bosh.example\r\nX: 1', 'not a URL'))
    @ddt.unpack
    def test_refused(self, text, reason):
        error = self.assertRaises(exceptions.InvalidEndpoint,
                                  endpoint.parse, text)
        self.assertRegex(str(error), reason)

    @ddt.data('https://user:hunter2@bosh.example',
              'http://user:hunter2@bosh.example',
              'https://user:hunter2@bosh.example:99999',
              'https://bosh.example/?token=hunter2')
    def test_credential_is_not_repeated(self, text):
        error = self.assertRaises(exceptions.InvalidEndpoint,
                                  endpoint.parse, text)
        self.assertNotIn('hunter2', str(error))
        self.assertIn('bosh.example', str(error))

    def test_service_below_a_path(self):
        parsed = endpoint.parse('https://uaa.example/uaa/', default_port=443,
                                allow_path=True)
        self.assertEqual('https://uaa.example:443/uaa', str(parsed))
