# SPDX-License-Identifier: Apache-2.0

import ddt
from oslotest import base

from cf_openstack.manifest import fields


@ddt.ddt
class TestFields(base.BaseTestCase):

    @ddt.data(
        (fields.mapping, None, {}), (fields.mapping, {'a': 1}, {'a': 1}),
        (fields.items, None, []), (fields.items, ('a', 1), ['a', 1]),
        (fields.mappings, None, []), (fields.mappings, [{}], [{}]),
        (fields.text, None, ''), (fields.text, 1.5, '1.5'),
        (fields.texts, None, ()), (fields.texts, ['a', 2], ('a', '2')),
        (fields.number, None, 0), (fields.number, 0.5, 0.5),
    )
    @ddt.unpack
    def test_value(self, read, value, expected):
        self.assertEqual(expected, read(value, 'it'))

    @ddt.data(
        (fields.mapping, [], 'it is list, but has to be a mapping'),
        (fields.items, 'ab', 'it is str, but has to be a list'),
        (fields.mappings, {}, 'it is dict, but has to be a list'),
        (fields.mappings, [{}, 'pw'],
         'an item of it is str, but has to be a mapping'),
        (fields.text, True, 'it is bool, but has to be text'),
        (fields.text, ['pw'], 'it is list, but has to be text'),
        (fields.texts, [None, {}],
         'an item of it is dict, but has to be text'),
        (fields.number, 'pw', 'it is str, but has to be a number of 0 or '
                              'more'),
        (fields.number, True, 'it is bool, but has to be a number of 0 or '
                              'more'),
        (fields.number, -1, 'it is int, but has to be a number of 0 or '
                            'more'),
        (fields.number, float('nan'), 'it is float, but has to be a number '
                                      'of 0 or more'),
    )
    @ddt.unpack
    def test_refused(self, read, value, message):
        error = self.assertRaises(fields.FieldError, read, value, 'it')
        self.assertEqual(message, str(error))
