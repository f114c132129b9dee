# SPDX-License-Identifier: Apache-2.0
"""A director's HTTP API in memory, behind requests_mock."""

import base64
import io
import json
import re
import tarfile
from typing import Any
import urllib.parse

import requests
import requests_mock
import yaml

ENDPOINT = 'https://director.example.com:25555'
CLIENT = 'admin'
SECRET = 'sup3r-s3cret-of-the-director'
UUID = '2daf673a-9755-4b4f-aa6d-3632fbed8019'


class FakeTask:
    """A task that needs some polls to end."""

    def __init__(self, number, kind, polls, effect, context=''):
        self.id = number
        self.kind = kind
        self.polls = polls
        self.effect = effect
        self.context = context
        self.state = 'queued'
        self.result = None
        self.events = []

    def stage(self, stage, task, state='finished', total=1, tags=(), **data):
        event = {'time': 1, 'stage': stage, 'tags': list(tags),
                 'total': total, 'task': task, 'index': 1, 'state': state,
                 'progress': 100}
        if data:
            event['data'] = data
        self.events.append(json.dumps(event))

    def fail(self, message, code=100):
        self.state = 'error'
        self.events.append(json.dumps(
            {'time': 1, 'error': {'code': code, 'message': message}}))

    def advance(self):
        if self.state == 'cancelling':
            self.state = 'cancelled'
            self.fail(f'Task {self.id} cancelled', 10001)
            self.state = 'cancelled'
        if self.state not in ('queued', 'processing'):
            return
        self.state = 'processing'
        self.polls -= 1
        if self.polls < 0:
            self.state = 'done'
            self.effect(self)

    def view(self):
        return {'id': self.id, 'state': self.state, 'timestamp': None,
                'description': self.kind, 'result': self.result,
                'started_at': 1, 'user': CLIENT, 'deployment': None,
                'context_id': self.context}


class FakeDirector:
    """One director.

    ``polls`` is how often a task is asked for before it ends, by kind;
    ``failures`` makes tasks of a kind fail with a text; ``lose`` names
    routes whose next answer is lost.
    """

    def __init__(self, mock, endpoint=ENDPOINT, secret=SECRET, uuid=UUID):
        self.uuid = uuid
        self.secret = secret
        self.down = False
        self.config_server = False
        self.polls = {}
        self.failures = {}
        self.lose = set()
        self.calls = []
        self.tasks = {}
        self.stemcells = {}
        self.releases = {}
        self.configs = {}
        self.deployments = {}
        self.in_use = set()
        self.last_config = 0
        mock.register_uri(
            requests_mock.ANY, re.compile(re.escape(endpoint) + '/.*'),
            text=self.answer)

    # -- the transport

    def answer(self, request, context):
        if self.down:
            raise requests.ConnectionError(
                ConnectionRefusedError(111, 'Connection refused'))
        url = urllib.parse.urlsplit(request.url)
        path = urllib.parse.unquote(url.path)
        query = {key: values[0] for key, values
                 in urllib.parse.parse_qs(url.query).items()}
        context.headers['Content-Type'] = 'text/html;charset=utf-8'
        if path == '/info':
            return self.info()
        wanted = base64.b64encode(f'{CLIENT}:{self.secret}'.encode())
        if request.headers.get('Authorization') != (
                'Basic ' + wanted.decode()):
            context.status_code = 401
            return f"Not authorized: '{path}'\n"
        self.calls.append((request.method, path))
        for method, pattern, handler in self.routes():
            match = re.fullmatch(pattern, path)
            if method == request.method and match:
                result = handler(request, context, query, *match.groups())
                if handler.__name__ in self.lose:
                    self.lose.remove(handler.__name__)
                    raise requests.ConnectionError(
                        ConnectionResetError(104, 'Connection reset'))
                return result if isinstance(result, str) else (
                    json.dumps(result))
        context.status_code = 404
        return f"Endpoint '{path}' not found.\n"

    def routes(self):
        return [
            ('GET', '/tasks', self.task_list),
            ('GET', r'/tasks/(\d+)', self.task_get),
            ('GET', r'/tasks/(\d+)/output', self.task_output),
            ('DELETE', r'/task/(\d+)', self.task_cancel),
            ('GET', '/stemcells', self.stemcell_list),
            ('POST', '/stemcells', self.stemcell_upload),
            ('DELETE', '/stemcells/([^/]+)/([^/]+)', self.stemcell_delete),
            ('GET', '/releases', self.release_list),
            ('POST', '/releases', self.release_upload),
            ('DELETE', '/releases/([^/]+)', self.release_delete),
            ('GET', '/configs', self.config_list),
            ('POST', '/configs', self.config_put),
            ('DELETE', '/configs', self.config_delete),
            ('GET', '/deployments', self.deployment_list),
            ('POST', '/deployments', self.deploy),
            ('DELETE', '/deployments/([^/]+)', self.undeploy),
            ('GET', '/deployments/([^/]+)/instances', self.instances),
            ('GET', '/deployments/([^/]+)/errands', self.errands),
            ('GET', '/director/certificate_expiry', self.certificates),
        ]

    def count(self, method, path):
        return self.calls.count((method, path))

    def error(self, context, status, code, description):
        context.status_code = status
        return {'code': code, 'description': description}

    # -- tasks

    def start(self, context, kind, effect, context_id=''):
        number = len(self.tasks) + 1

        def run(task):
            if kind in self.failures:
                task.fail(self.failures[kind])
            else:
                effect(task)

        self.tasks[number] = FakeTask(
            number, kind, self.polls.get(kind, 1), run, context_id)
        context.status_code = 302
        context.headers['Location'] = f'https://elsewhere/tasks/{number}'
        return ''

    def running(self):
        return [task for task in self.tasks.values()
                if task.state in ('queued', 'processing', 'cancelling')]

    def task_list(self, request, context, query):
        wanted = query.get('context_id')
        return [task.view() for task in self.tasks.values()
                if wanted is None or task.context == wanted]

    def task_get(self, request, context, query, number):
        task = self.tasks.get(int(number))
        if task is None:
            return self.error(context, 404, 10000,
                              f'Task {number} not found')
        task.advance()
        return task.view()

    def task_output(self, request, context, query, number):
        task = self.tasks[int(number)]
        text = ''.join(line + '\n' for line in task.events)
        if query.get('type') == 'result':
            return task.result or ''
        match = re.fullmatch(r'bytes=(\d+)-',
                             request.headers.get('Range', ''))
        if not match or not text:
            return text
        first = int(match.group(1))
        if first >= len(text):
            context.status_code = 416
            return 'Byte range unsatisfiable\n'
        context.status_code = 206
        context.headers['Content-Range'] = (
            f'bytes {first}-{len(text) - 1}/{len(text)}')
        return text[first:]

    def task_cancel(self, request, context, query, number):
        task = self.tasks[int(number)]
        if task.state not in ('queued', 'processing'):
            context.status_code = 400
            return (f'Cannot cancel task {number}: invalid state '
                    f'({task.state})\n')
        task.state = 'cancelling'
        context.status_code = 204
        return ''

    # -- what it has

    def info(self):
        return json.dumps({
            'name': 'pocket', 'uuid': self.uuid, 'version': '282.1.2',
            'user': None, 'cpi': 'openstack_cpi',
            'user_authentication': {'type': 'basic', 'options': {}},
            'features': {'config_server': {'status': self.config_server}}})

    def certificates(self, request, context, query):
        return [{'certificate_path': 'director.nats',
                 'expiry': '2027-01-01T00:00:00Z', 'days_left': 40}]

    def stemcell_list(self, request, context, query):
        return [{'name': name, 'version': version, 'cid': cid,
                 'operating_system': 'ubuntu-noble', 'deployments': []}
                for (name, version), cid in self.stemcells.items()]

    def stemcell_upload(self, request, context, query):
        data = b''.join(request.body)
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            manifest = yaml.safe_load(tar.extractfile('stemcell.MF'))

        def effect(task):
            task.stage('Update stemcell', 'Save stemcell')
            self.stemcells[manifest['name'], manifest['version']] = (
                manifest['cloud_properties']['image_id'] + ' light')
            task.result = '/stemcells/%(name)s/%(version)s' % manifest

        return self.start(context, 'create stemcell', effect)

    def stemcell_delete(self, request, context, query, name, version):
        if (name, version) not in self.stemcells:
            return self.error(context, 404, 50003, 'no such stemcell')

        def effect(task):
            if (name, version) in self.in_use:
                task.fail(f"Stemcell '{name}/{version}' is still in use",
                          50004)
            else:
                del self.stemcells[name, version]

        return self.start(context, 'delete stemcell', effect)

    def release_list(self, request, context, query):
        return [{'name': name, 'release_versions': [
            {'version': version, 'currently_deployed': False,
             'job_names': []} for version in versions]}
            for name, versions in self.releases.items()]

    def release_upload(self, request, context, query):
        url = request.json()['location']
        name, version = re.search(r'/([^/]+)-([^-]+)\.tgz$', url).groups()

        def effect(task):
            versions = self.releases.setdefault(name, [])
            if version not in versions:
                versions.append(version)
            task.result = f"Created release '{name}/{version}'"

        return self.start(context, 'create release', effect)

    def release_delete(self, request, context, query, name):
        version = query['version']
        if version not in self.releases.get(name, []):
            return self.error(context, 404, 30006, 'no such release')

        def effect(task):
            if (name, version) in self.in_use:
                task.fail(f"Release '{name}/{version}' is in use", 30008)
            else:
                self.releases[name].remove(version)

        return self.start(context, 'delete release', effect)

    def config_list(self, request, context, query):
        key = query['type'], query['name']
        return [self.configs[key]] if key in self.configs else []

    def config_put(self, request, context, query):
        wanted = request.json()
        key = wanted['type'], wanted['name']
        found = self.configs.get(key)
        latest = found['id'] if found else '0'
        if wanted.get('expected_latest_id', latest) != latest:
            context.status_code = 412
            return {'latest_id': latest, 'description': 'stale',
                    'expected_latest_id': wanted['expected_latest_id']}
        context.status_code = 201
        if found is None or found['content'] != wanted['content']:
            self.write_config(*key, wanted['content'])
        return self.configs[key]

    def write_config(self, config_type, name, content):
        self.last_config += 1
        self.configs[config_type, name] = {
            'id': str(self.last_config), 'type': config_type, 'name': name,
            'content': content, 'team': None, 'current': True,
            'created_at': '2026-11-23'}

    def config_delete(self, request, context, query):
        key = query['type'], query['name']
        context.status_code = 204 if self.configs.pop(key, None) else 404
        return ''

    def deployment_list(self, request, context, query):
        return [{'name': name, 'teams': [], 'cloud_config': 'latest',
                 'stemcells': [], 'releases': [], 'locked': False}
                for name in self.deployments]

    def deploy(self, request, context, query):
        manifest = yaml.safe_load(request.body)
        # The row exists from this moment on, even if the task fails.
        self.deployments.setdefault(manifest['name'], None)

        def effect(task):
            task.stage('Preparing deployment', 'Preparing deployment')
            groups = manifest.get('instance_groups', [])
            for group in groups:
                task.stage('Updating instance', group['name'] + '/0',
                           total=len(groups))
            self.deployments[manifest['name']] = manifest

        return self.start(context, 'create deployment', effect,
                          request.headers.get('X-Bosh-Context-Id', ''))

    def undeploy(self, request, context, query, name):
        if name not in self.deployments:
            return self.error(context, 404, 70000,
                              f"Deployment '{name}' doesn't exist")

        def effect(task):
            del self.deployments[name]

        return self.start(context, 'delete deployment', effect,
                          request.headers.get('X-Bosh-Context-Id', ''))

    def instances(self, request, context, query, name):
        found = []
        for group in (self.deployments[name] or {}).get(
                'instance_groups', []):
            for index in range(group['instances']):
                found.append({
                    'agent_id': 'a', 'cid': f'vm-{group["name"]}-{index}',
                    'job': group['name'], 'index': index,
                    'id': f'id-{index}', 'az': 'z1', 'ips': ['10.0.0.9'],
                    'expects_vm': True})
        if query.get('format') != 'full':
            return found

        def effect(task):
            task.result = ''.join(json.dumps({
                'job_name': item['job'], 'index': item['index'],
                'id': item['id'], 'job_state': 'running',
                'vm_cid': item['cid'], 'vitals': None, 'processes': []})
                + '\n' for item in found)

        return self.start(context, 'retrieve vm-stats', effect)

    def errands(self, request, context, query, name):
        return [{'name': 'smoke-tests'}]


def any_secret_in(text: Any) -> bool:
    """Whether a text holds the director's secret, in the clear or not."""
    text = str(text)
    encoded = base64.b64encode(f'{CLIENT}:{SECRET}'.encode()).decode()
    return SECRET in text or encoded in text
