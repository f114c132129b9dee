# SPDX-License-Identifier: Apache-2.0

import ipaddress

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from cf_openstack.manifest import addresses

NUMBERS = st.integers(0, 255)
SETS = st.frozensets(NUMBERS, max_size=40)


def of(numbers):
    """The addresses 10.0.0.<number>, each written alone."""
    return addresses.parse(['10.0.0.%d' % number for number in numbers])


def numbers_of(found):
    return {int(address) & 255 for address in found}


@ddt.ddt
class TestAddressSet(base.BaseTestCase):

    @hypothesis.given(SETS, SETS)
    def test_it_is_a_set(self, one, other):
        left, right = of(one), of(other)
        self.assertEqual(one | other, numbers_of(left | right))
        self.assertEqual(one & other, numbers_of(left & right))
        self.assertEqual(one - other, numbers_of(left - right))
        self.assertEqual(len(one), left.count)
        self.assertEqual(bool(one), bool(left))
        self.assertEqual(one == other, left == right)

    @hypothesis.given(SETS)
    def test_texts_can_be_read(self, numbers):
        found = of(numbers)
        self.assertEqual(found, addresses.parse(found.texts()))
        self.assertEqual(hash(found), hash(addresses.parse(found.texts())))

    @ddt.data(
        ('10.0.0.7', ['10.0.0.7']),
        ('10.0.0.2-10.0.0.9', ['10.0.0.2-10.0.0.9']),
        ('10.0.0.2 - 10.0.0.3', ['10.0.0.2-10.0.0.3']),
        ('10.0.0.5-10.0.0.5', ['10.0.0.5']),
        ('10.0.0.8/30', ['10.0.0.8-10.0.0.11']),
        (['10.0.0.4', '10.0.0.3', '10.0.0.9'],
         ['10.0.0.3-10.0.0.4', '10.0.0.9']),
        (None, []),
        ([], []),
        ('fd00::1-fd00::ff', ['fd00::1-fd00::ff']),
        (['fd00::1', '10.0.0.1'], ['10.0.0.1', 'fd00::1']),
    )
    @ddt.unpack
    def test_parse(self, value, texts):
        self.assertEqual(texts, addresses.parse(value).texts())

    @ddt.data('10.0.0', '10.0.0.300', '10.0.0.9-10.0.0.2', '10.0.0.1-',
              '10.0.0.1-fd00::1', 'vm', '((ip))', 7, '')
    def test_refused(self, value):
        error = self.assertRaises(addresses.AddressError, addresses.parse,
                                  value)
        self.assertIn('10.0.0.0/28', str(error))
        self.assertIn(str(value), str(error))

    def test_a_large_subnet_costs_nothing(self):
        whole = addresses.whole(addresses.network('fd00::/64'))
        rest = whole - addresses.parse('fd00::')
        self.assertEqual(2 ** 64 - 1, rest.count)
        self.assertIn(ipaddress.ip_address('fd00::1'), rest)
        self.assertNotIn(ipaddress.ip_address('fd00::'), rest)
        self.assertNotIn(ipaddress.ip_address('10.0.0.1'), rest)
        self.assertTrue(rest)
