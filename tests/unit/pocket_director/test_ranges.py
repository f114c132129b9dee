# SPDX-License-Identifier: Apache-2.0
"""IP ranges and the update block: small languages of their own."""

import ipaddress

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base

from devstack.pocket_director import errors
from devstack.pocket_director.plan import ranges
from devstack.pocket_director.plan import update_block

ADDRESSES = strategies.integers(0, 2 ** 32 - 1).map(ipaddress.IPv4Address)


class RangesTest(base.BaseTestCase):

    @hypothesis.given(ADDRESSES, ADDRESSES, ADDRESSES)
    def test_range(self, one: ipaddress.IPv4Address,
                   two: ipaddress.IPv4Address,
                   other: ipaddress.IPv4Address) -> None:
        first, last = sorted((one, two))
        found = ranges.Ranges([f'{first} - {last}'])
        self.assertEqual(first <= other <= last, other in found)
        self.assertEqual([first, last], list(found.ends()))

    @hypothesis.given(ADDRESSES, strategies.integers(24, 32))
    def test_cidr(self, address: ipaddress.IPv4Address,
                  prefix: int) -> None:
        network = ipaddress.ip_network(f'{address}/{prefix}', strict=False)
        self.assertEqual(
            list(network), list(ranges.Ranges(f'{address}/{prefix}')))

    @hypothesis.given(strategies.text(max_size=20))
    def test_anything_else_is_refused_by_name(self, text: str) -> None:
        try:
            found = ranges.Ranges([text])
        except errors.DirectorError as error:
            self.assertEqual(160010, error.code)
            self.assertIn(text, error.message)
        else:
            self.assertTrue(all(end in found for end in found.ends()))

    def test_ends_in_wrong_order(self) -> None:
        self.assertRaises(
            errors.DirectorError, ranges.Ranges, ['10.0.0.9-10.0.0.1'])


@ddt.ddt
class UpdateBlockTest(base.BaseTestCase):

    @ddt.data((1, 5, 1), (9, 5, 5), ('50%', 5, 2), ('1%', 5, 1),
              ('100%', 5, 5), (0, 5, 1))
    @ddt.unpack
    def test_batch(self, value: int | str, total: int, wanted: int) -> None:
        block = update_block.UpdateBlock(max_in_flight=value)
        self.assertEqual(wanted, min(block.batch(total), total))

    @ddt.data((0, 5, 0), (9, 5, 5), ('50%', 5, 2), ('1%', 5, 0))
    @ddt.unpack
    def test_canaries(self, value: int | str, total: int,
                      wanted: int) -> None:
        block = update_block.UpdateBlock(canaries=value)
        self.assertEqual(wanted, block.canary_count(total))

    def test_the_request_wins_over_the_group_over_the_deployment(
            self) -> None:
        base_block = update_block.UpdateBlock(1, 2, serial=False)
        block = update_block.parse(
            {'canaries': 3, 'max_in_flight': 4}, base_block,
            {'max_in_flight': '5'})
        self.assertEqual(update_block.UpdateBlock(3, '5', False), block)
