# SPDX-License-Identifier: Apache-2.0
"""The lines of a diff."""

import json
from typing import Any

import ddt
from oslotest import base as test_base
import yaml

from devstack.pocket_director import differ
from tests.unit.pocket_director import base


@ddt.ddt
class DifferTest(test_base.BaseTestCase):

    @ddt.data(
        ('{a: 1}', '{a: 1}', []),
        ('{}', '{name: x}', [['name: x', 'added']]),
        ('{a: 1}', '{a: 2}', [['a: 1', 'removed'], ['a: 2', 'added']]),
        ('{a: {b: 1, c: 2}}', '{a: {b: 1, c: 3}}', [
            ['a:', None], ['  c: 2', 'removed'], ['  c: 3', 'added']]),
        ('{a: [{name: x, s: 1}, {name: y}]}', '{a: [{name: x, s: 2}]}', [
            ['a:', None], ['- name: x', None], ['  s: 1', 'removed'],
            ['  s: 2', 'added'], ['- name: y', 'removed']]),
        ('{a: [{range: r, s: 1}]}', '{a: [{range: r, s: 2}]}', [
            ['a:', None], ['- range: r', None], ['  s: 1', 'removed'],
            ['  s: 2', 'added']]),
        ('{a: [1, 2]}', '{a: [2, 3]}', [
            ['a:', None], ['- 3', 'added'], ['- 1', 'removed']]),
        ('{update: 1}', '{azs: 2}', [
            ['azs: 2', 'added'], ['', None], ['update: 1', 'removed']]))
    @ddt.unpack
    def test_lines(self, before: str, after: str, wanted: Any) -> None:
        self.assertEqual(wanted, differ.diff(
            yaml.safe_load(before), yaml.safe_load(after)))

    def test_redaction(self) -> None:
        old = {'g': [{'name': 'x', 'properties': {'p': 'secret'}}]}
        new = {'g': [{'name': 'x', 'properties': {'p': 'other'}},
                     {'name': 'y', 'properties': {'q': ['third']}}]}
        text = json.dumps(differ.diff(old, new))
        self.assertIn('p: <redacted>', text)
        for secret in ('secret', 'other', 'third'):
            self.assertNotIn(secret, text)
        self.assertIn('third', json.dumps(differ.diff(old, new, False)))


class DeploymentDiffTest(base.DirectorTestCase):

    def diff(self, document: Any, query: str = '') -> Any:
        answer = self.http.post(
            f'/deployments/dep/diff{query}',
            data=document if isinstance(document, str)
            else yaml.safe_dump(document), content_type='text/yaml')
        self.assertEqual(200, answer.status_code)
        return json.loads(answer.data)

    def test_diff(self) -> None:
        self.upload()
        new = self.diff(base.manifest())
        self.assertEqual({'cloud_config_ids': [1], 'runtime_config_ids': []},
                         new['context'])
        self.assertEqual({'added', None}, {s for _, s in new['diff']})
        self.done(self.deploy(base.manifest(base.group('web'))))
        self.assertEqual(
            [], self.diff(base.manifest(base.group('web')))['diff'])
        self.assertEqual(
            [['instance_groups:', None], ['- name: web', None],
             ['  instances: 1', 'removed'], ['  instances: 2', 'added']],
            self.diff(base.manifest(base.group('web', 2)))['diff'])

    def test_failure(self) -> None:
        self.configure({'compilation': {'a': 1}}, 'one')
        self.configure({'compilation': {'a': 1}}, 'two')
        failed = self.diff('name: dep')
        self.assertEqual([], failed['diff'])
        self.assertRegex(failed['error'], '^Unable to diff manifest: ')
