# SPDX-License-Identifier: Apache-2.0
"""How the director answers over HTTP: the traps for its clients."""

import json
from typing import Any

import ddt

from devstack.pocket_director import tasks
from tests.unit.pocket_director import base


@ddt.ddt
class HttpTest(base.DirectorTestCase):

    def queue(self, text: str = '', **kwargs: Any) -> int:
        """A task that has written an output; its number."""
        task_id = self.director.tasks.start(tasks.Request(
            'update_deployment', 'x', lambda task: task.result(text),
            **kwargs))
        while self.director.tasks.get(task_id)['state'] != 'done':
            continue
        return task_id

    def test_info_is_open(self) -> None:
        info = self.get('/info')
        self.assertEqual(
            ('pocket', 'admin', 'openstack_cpi', {
                'type': 'basic', 'options': {}}),
            (info['name'], info['user'], info['cpi'],
             info['user_authentication']))
        for header in ('', 'Basic YWRtaW46d3Jvbmc=', 'bearer x'):
            info = self.get('/info', headers={'Authorization': header})
            self.assertIsNone(info['user'])

    def test_wrong_password_is_a_text(self) -> None:
        answer = self.http.get(
            '/tasks', headers={'Authorization': 'Basic YWRtaW46d3Jvbmc='})
        self.assertEqual(
            (401, "Not authorized: '/tasks'\n"),
            (answer.status_code, answer.text))
        self.assertEqual('Basic realm="BOSH Director"',
                         answer.headers['WWW-Authenticate'])

    @ddt.data(('GET', '/no'), ('GET', '/task/1'), ('DELETE', '/tasks/1'),
              ('POST', '/deployments'), ('PUT', '/deployments/x/jobs/*'),
              ('GET', '/vms'), ('POST', '/stemcells'))
    @ddt.unpack
    def test_no_such_endpoint(self, method: str, path: str) -> None:
        self.director.store.insert('deployments', name='x')
        answer = self.http.open(
            path, method=method, content_type='text/plain', data='x')
        self.assertEqual(
            (404, f"Endpoint '{path}' not found.\n"),
            (answer.status_code, answer.text))

    @ddt.data(('/deployments/x', 70000, "Deployment 'x' doesn't exist"),
              ('/tasks/9', 10000, 'Task 9 not found'),
              ('/releases/x', 30005, "Release 'x' doesn't exist"),
              ('/configs/9', 440012, 'Config 9 not found'))
    @ddt.unpack
    def test_missing(self, path: str, code: int, text: str) -> None:
        answer = self.http.get(path)
        self.assertEqual(404, answer.status_code)
        self.assertEqual({'code': code, 'description': text},
                         json.loads(answer.data))

    def test_content_type_says_nothing(self) -> None:
        self.assertEqual('text/html;charset=utf-8',
                         self.http.get('/info').headers['Content-Type'])

    def test_ranges(self) -> None:
        number = self.queue('aä\nb')
        path = f'/tasks/{number}/output?type=result'
        for wanted, status, content, shown in (
                (None, 200, 'aä\nb'.encode(), None),
                ('bytes=2-', 206, b'\xa4\nb', 'bytes 2-4/5'),
                ('bytes=0-1', 206, b'a\xc3', 'bytes 0-1/5'),
                ('bytes=5-', 416, b'Byte range unsatisfiable',
                 'bytes */5')):
            answer = self.http.get(
                path, headers={'Range': wanted} if wanted else {})
            self.assertEqual(
                (status, content, shown),
                (answer.status_code, answer.data,
                 answer.headers.get('Content-Range')))
        answer = self.http.get(
            f'/tasks/{self.queue()}/output?type=result',
            headers={'Range': 'bytes=0-'})
        self.assertEqual((200, b''), (answer.status_code, answer.data))

    def test_chunks(self) -> None:
        self.order_faults(output_chunk=2)
        path = f"/tasks/{self.queue('aäb')}/output?type=result"
        answer = self.http.get(path, headers={'Range': 'bytes=0-'})
        self.assertEqual(
            (206, b'a\xc3', 'bytes 0-1/4'),
            (answer.status_code, answer.data,
             answer.headers['Content-Range']))

    def test_outputs(self) -> None:
        number = self.queue()
        self.assertEqual(204, self.http.get(
            f'/tasks/{number}/output?type=none').status_code)
        answer = self.http.get(f'/tasks/{number}/output?type=x')
        self.assertEqual(401, answer.status_code)
        self.assertEqual(600000, json.loads(answer.data)['code'])

    def test_task(self) -> None:
        number = self.queue(deployment='d', context_id='c')
        task = self.get(f'/tasks/{number}')
        self.assertIsInstance(task.pop('started_at'), int)
        self.assertIsInstance(task.pop('timestamp'), int)
        self.assertEqual(
            {'id': number, 'state': 'done', 'description': 'x',
             'result': None, 'user': 'admin', 'deployment': 'd',
             'context_id': 'c'}, task)

    def test_task_lists(self) -> None:
        one = self.queue(deployment='d')
        two = self.queue(deployment='e', context_id='c')
        hidden = self.director.tasks.start(tasks.Request(
            'vms', 'x', lambda task: None, urgent=True))
        for query, wanted in (
                ('', {one, two}), ('?deployment=d', {one}),
                ('?context_id=c', {two}), ('?verbose=2', {one, two, hidden}),
                ('?state=done', {one, two}), ('?state=error,queued', set())):
            self.assertEqual(
                wanted, {t['id'] for t in self.get(f'/tasks{query}')})
        self.assertEqual(
            [two], [t['id'] for t in self.get('/tasks?limit=1')])

    def test_cancel(self) -> None:
        number = self.queue()
        answer = self.http.delete(f'/task/{number}')
        self.assertEqual(
            (400, f'Cannot cancel task {number}: invalid state (done)'),
            (answer.status_code, answer.text))
        answer = self.http.post('/tasks/cancel', json={'states': ['done']})
        self.assertEqual(
            (400, 'done is not one of the cancellable states: queued, '
                  'processing'), (answer.status_code, answer.text))
        self.assertEqual(204, self.http.post(
            '/tasks/cancel', json={}).status_code)

    def test_context_id(self) -> None:
        headers = {'X-Bosh-Context-Id': 'c' * 64}
        task = self.task(self.deploy({'name': 'd'}, headers=headers))
        self.assertEqual(
            [task['id']],
            [t['id'] for t in self.get(f"/tasks?context_id={'c' * 64}")])
        headers = {'X-Bosh-Context-Id': 'c' * 65}
        answer = self.deploy({'name': 'd'}, headers=headers)
        self.assertEqual(
            (400, 70010),
            (answer.status_code, json.loads(answer.data)['code']))

    @ddt.data(('[]', 440001), ('x: y', 40001), ('{', 710000))
    @ddt.unpack
    def test_bad_manifest(self, text: str, code: int) -> None:
        answer = self.http.post(
            '/deployments', data=text, content_type='text/yaml')
        self.assertEqual(
            (400, code), (answer.status_code, json.loads(answer.data)['code']))

    def test_redirect(self) -> None:
        answer = self.http.post(
            '/cleanup', json={}, headers={'Host': 'director.example:25555'})
        self.assertEqual(
            (302, 'https://director.example:25555/tasks/1', b''),
            (answer.status_code, answer.headers['Location'], answer.data))
        self.order_faults(redirect=303, location_host='10.9.9.9:1')
        answer = self.http.post('/cleanup', json={})
        self.assertEqual(
            (303, 'https://10.9.9.9:1/tasks/2'),
            (answer.status_code, answer.headers['Location']))

    def test_faults(self) -> None:
        self.order_faults(requests=[
            {'path': '^/tasks', 'status': 502, 'body': '<html>',
             'times': 2}])
        answers = [self.http.get('/tasks') for _ in range(3)]
        self.assertEqual(
            [(502, '<html>'), (502, '<html>'), (200, '[]')],
            [(a.status_code, a.text) for a in answers])

    def test_files_are_open_and_served_as_they_are(self) -> None:
        (self.root / 'director' / 'files' / 'x.tgz').write_bytes(b'content')
        answer = self.http.get('/files/x.tgz', headers={'Authorization': ''})
        self.assertEqual((200, b'content'),
                         (answer.status_code, answer.data))
        self.assertNotIn('Content-Encoding', answer.headers)
        for path in ('/files/no', '/files/..%2fdirector.json'):
            self.assertEqual(404, self.http.get(path).status_code)

    def test_affairs_of_the_director(self) -> None:
        self.assertEqual({'resurrection': True}, self.get('/resurrection'))
        self.http.put('/resurrection', json={'resurrection_paused': True})
        self.assertEqual({'resurrection': False}, self.get('/resurrection'))
        expiry = self.get('/director/certificate_expiry')
        self.assertTrue(all(e['days_left'] > 300 for e in expiry))
        self.assertEqual([], self.get('/orphaned_vms'))
        self.assertEqual([], self.get('/networks?orphaned=true'))

    def test_crash_is_an_empty_500(self) -> None:
        self.director.locks.held = None  # type: ignore[assignment]
        answer = self.http.get('/locks')
        self.assertEqual((500, b''), (answer.status_code, answer.data))


class RestartTest(base.DirectorTestCase):

    def test_state_survives(self) -> None:
        self.upload()
        self.done(self.deploy(base.manifest(base.group('web'))))
        running = self.director.store.insert(
            'tasks', type='vms', state='processing', description='x')
        before = [self.get(path) for path in (
            '/deployments', '/stemcells', '/releases', '/configs',
            '/deployments/dep/instances')]
        access = (self.root / 'director' / 'director.json').read_text()
        self.start_director()
        self.assertEqual(before, [self.get(path) for path in (
            '/deployments', '/stemcells', '/releases', '/configs',
            '/deployments/dep/instances')])
        self.assertEqual('timeout', self.get(f'/tasks/{running}')['state'])
        self.assertEqual(
            access, (self.root / 'director' / 'director.json').read_text())

    def test_secrets_are_for_the_owner(self) -> None:
        root = self.root / 'director'
        for path in ('director.json', 'certs/ca.key', 'certs/server.key'):
            self.assertEqual(0o600, (root / path).stat().st_mode & 0o777)
