# SPDX-License-Identifier: Apache-2.0
"""Configs: versions, names, compare-and-swap."""

import json
from typing import Any

import ddt

from tests.unit.pocket_director import base


@ddt.ddt
class ConfigsTest(base.DirectorTestCase):

    def put(self, content: str, **more: Any) -> Any:
        return self.http.post('/configs', json={
            'type': 'cloud', 'name': 'one', 'content': content, **more})

    def test_versions(self) -> None:
        first = json.loads(self.put('a: 1').data)
        self.assertEqual(
            ('1', 'cloud', 'one', 'a: 1', True, None), tuple(
                first[k] for k in ('id', 'type', 'name', 'content',
                                   'current', 'team')))
        again = self.put('a: 1')
        self.assertEqual((201, first),
                         (again.status_code, json.loads(again.data)))
        second = json.loads(self.put('a: 2').data)
        self.put('b: 1', name='two')
        self.put('c: 1', type='runtime')
        self.assertEqual(
            ['2', '3', '4'], [c['id'] for c in self.get('/configs')])
        for query, wanted in (
                ('?type=cloud', ['2', '3']), ('?name=two', ['3']),
                ('?type=cloud&name=one&limit=5', ['2', '1']),
                ('?latest=false', ['2', '1', '3', '4']),
                ('?type=no', [])):
            self.assertEqual(
                wanted, [c['id'] for c in self.get(f'/configs{query}')])
        self.assertEqual(second, self.get('/configs/2'))
        self.assertFalse(self.get('/configs/1')['current'])

    def test_compare_and_swap(self) -> None:
        self.assertEqual(
            201, self.put('a: 1', expected_latest_id='0').status_code)
        stale = self.put('a: 2', expected_latest_id='0')
        self.assertEqual(412, stale.status_code)
        body = json.loads(stale.data)
        self.assertEqual(('1', '0'), (
            body['latest_id'], body['expected_latest_id']))
        self.assertIn('does not match', body['description'])
        self.assertEqual(
            201, self.put('a: 2', expected_latest_id='1').status_code)

    @ddt.data({'content': ''}, {'name': None}, {'content': '[]'},
              {'content': '{'}, {'type': 5})
    def test_bad(self, change: dict[str, Any]) -> None:
        answer = self.put(**{'content': 'a: 1', **change})
        self.assertEqual(
            (400, 440010),
            (answer.status_code, json.loads(answer.data)['code']))

    @ddt.data('?limit=x', '?limit=0')
    def test_bad_limit(self, query: str) -> None:
        answer = self.http.get(f'/configs{query}')
        self.assertEqual(440010, json.loads(answer.data)['code'])

    def test_delete(self) -> None:
        self.put('a: 1')
        self.put('a: 2')
        path = '/configs?type=cloud&name=one'
        self.assertEqual(204, self.http.delete(path).status_code)
        self.assertEqual(404, self.http.delete(path).status_code)
        self.assertEqual([], self.get('/configs'))
        self.put('a: 3')
        self.assertEqual(204, self.http.delete('/configs/3').status_code)
        self.assertEqual(404, self.http.delete('/configs/3').status_code)

    def test_diff(self) -> None:
        self.put('vm_types: [{name: a}]')
        answer = self.http.post('/configs/diff', json={
            'type': 'cloud', 'name': 'one',
            'content': 'vm_types: [{name: a}, {name: b}]'})
        self.assertEqual({'from': {'id': '1'}, 'diff': [
            ['vm_types:', None], ['- name: b', 'added']]},
            json.loads(answer.data))
        answer = self.http.post('/configs/diff', json={
            'from': {'id': '1'}, 'to': {'content': 'x: 1'}})
        self.assertEqual({'diff': [
            ['vm_types:', 'removed'], ['- name: a', 'removed'],
            ['', None], ['x: 1', 'added']]}, json.loads(answer.data))
        answer = self.http.post('/configs/diff', json={
            'from': {'id': '1'}, 'to': {'content': '{'}})
        self.assertEqual(400, answer.status_code)
        self.assertEqual([], json.loads(answer.data)['diff'])

    def test_legacy(self) -> None:
        for _ in range(2):
            answer = self.http.post(
                '/cloud_configs', data='a: 1', content_type='text/yaml')
            self.assertEqual((201, b''), (answer.status_code, answer.data))
        (shown,) = self.get('/cloud_configs?limit=9')
        self.assertEqual('a: 1', shown['properties'])
        self.assertEqual(400, self.http.get('/cloud_configs').status_code)
        answer = self.http.post('/runtime_configs/diff', data='b: 1',
                                content_type='text/yaml')
        self.assertEqual({'diff': [['b: 1', 'added']]},
                         json.loads(answer.data))

    def test_deployments_keep_what_they_use(self) -> None:
        self.upload()
        self.done(self.deploy(base.manifest()))
        self.assertEqual([{
            'id': 1, 'deployment': 'dep',
            'config': {'id': 1, 'type': 'cloud', 'name': 'default'}}],
            self.get('/deployment_configs?deployment[]=dep'))
        self.http.delete('/configs?type=cloud&name=default')
        self.done(self.http.put('/deployments/dep/jobs/*?state=started',
                                content_type='text/yaml'))
