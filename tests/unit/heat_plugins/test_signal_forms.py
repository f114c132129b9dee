# SPDX-License-Identifier: Apache-2.0
"""Reading signals, without any Heat or director."""

import threading
import types

import ddt
from heat.engine import properties
import hypothesis
from hypothesis import strategies
from oslotest import base

from heat_plugins.signals import action
from heat_plugins.signals import errand_output
from heat_plugins.signals import errors
from heat_plugins.signals import fields
from heat_plugins.signals import follower
from heat_plugins.signals import registry

JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers()
    | strategies.floats(allow_nan=False) | strategies.text(),
    lambda inner: strategies.lists(inner, max_size=3)
    | strategies.dictionaries(strategies.text(), inner, max_size=3),
    max_leaves=8)
NAMES = sorted({name for cls in registry.ACTIONS.values()
                for name in cls.accepts} | {'manifest', 'id', 'other'})
RESOURCE = types.SimpleNamespace(properties_schema={
    'manifest': properties.Schema(properties.Schema.MAP,
                                  update_allowed=True),
    'director': properties.Schema(properties.Schema.STRING,
                                  update_allowed=True),
    'name': properties.Schema(properties.Schema.STRING)})


@ddt.ddt
class ParseTest(base.BaseTestCase):

    @hypothesis.given(JSON)
    def test_any_body(self, details):
        self.parse(details)

    @hypothesis.given(
        strategies.sampled_from(sorted(registry.ACTIONS)),
        strategies.dictionaries(strategies.sampled_from(NAMES), JSON,
                                max_size=4))
    def test_any_fields(self, name, details):
        request = self.parse({**details, 'action': name})
        if request is not None:
            self.assertEqual(name, request.action.name)
            self.assertTrue(str(request.action).startswith(name))

    def parse(self, details):
        """A request, or an error that is short and ends well."""
        try:
            return registry.parse(RESOURCE, details)
        except errors.BadSignal as error:
            self.assertTrue(str(error).startswith('The signal is not valid'))
            return None

    def test_only_properties_that_can_be_updated_are_proposed(self):
        self.assertEqual(['manifest'], list(
            registry.ACTIONS['diff'].fields_for(RESOURCE)))

    @ddt.data((fields.Share(), ['1', 7, '99%', '100%'],
               [0, '0%', '101%', 1.5, True, '', '٣']),
              (fields.Key(), [0, 'a', '0'], [-1, True, '', 'x' * 256, 1.0]),
              (fields.Names(), [['a'], []], ['a', [''], [1], None]),
              (fields.Flag(), [True, False], [0, 'true', None]),
              (fields.Map(), [{'a': 1}], [{}, [], 'a']))
    @ddt.unpack
    def test_values(self, field, good, bad):
        for value in good:
            self.assertIsNotNone(field.parse('x', value))
        for value in bad:
            self.assertRaises(errors.BadSignal, field.parse, 'x', value)


class ErrandOutputTest(base.BaseTestCase):

    @hypothesis.given(strategies.text() | JSON.map(str))
    def test_any_output(self, text):
        errand_output.failure(errand_output.parse(text))

    def test_without_exit_code_it_is_a_failure(self):
        [run] = errand_output.parse('{"instance": 7, "exit_code": "0"}\n')
        self.assertIn('exit code None', errand_output.failure([run]))


class FollowerTest(base.BaseTestCase):

    def follower(self, number):
        record = types.SimpleNamespace(task=number)
        return follower.Follower(None, action.Action, record)

    def test_an_engine_that_ends_does_not_wait_for_it(self):
        begun, end = threading.Event(), threading.Event()
        found = []

        def run():
            found.append(threading.current_thread())
            begun.set()
            end.wait(5)

        one = self.follower(7)
        one.run = run
        one.start()
        self.assertTrue(begun.wait(5))
        self.assertTrue(found[0].daemon)
        end.set()
        found[0].join(5)

    def test_not_too_many_at_once(self):
        end = threading.Event()
        begun = []

        def run():
            begun.append(threading.current_thread())
            end.wait(5)

        for number in range(follower.MOST + 3):
            one = self.follower(number)
            one.run = run
            one.start()
        end.set()
        for thread in begun:
            thread.join(5)
        self.assertEqual(follower.MOST, len(begun))
