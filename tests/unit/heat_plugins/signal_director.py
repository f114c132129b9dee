# SPDX-License-Identifier: Apache-2.0
"""A fake director that can be asked to act, and to look for problems."""

import json
import re
import types

import yaml

from tests.unit.heat_plugins import fake_director

NAME = 'cf'
MISSING = {
    'id': 4, 'type': 'missing_vm', 'description': "VM for 'api/id-0' missing.",
    'instance_group': 'api', 'data': {}, 'resolutions': [
        {'name': 'ignore', 'plan': 'Skip for now'},
        {'name': 'recreate_vm', 'plan': 'Recreate VM'},
        {'name': 'delete_vm_reference', 'plan': 'Delete VM reference'}]}
STRANGE = {
    'id': 5, 'type': 'missing_disk', 'description': "Disk 'd' is missing.",
    'instance_group': 'cell', 'data': {}, 'resolutions': [
        {'name': 'ignore', 'plan': 'Skip for now'},
        {'name': 'delete_disk_reference', 'plan': 'Delete disk reference'}]}


class SignalDirector(fake_director.FakeDirector):
    """Keeps the requests that started something in ``asked``.

    ``slow`` is called before each answer.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.asked = []
        self.problems = []
        self.errand_runs = [{'exit_code': 0, 'stdout': 'fine\n'}]
        self.diff_error = None
        self.diff_lines = [['instance_groups:', None],
                           ['- name: api', None],
                           ['  instances: 1', 'removed'],
                           ['  instances: 3', 'added']]
        self.config_ids = {'cloud_config_ids': [7],
                           'runtime_config_ids': []}
        self.refused_configs = False
        self.diffed = []
        self.text = None
        self.slow = lambda: None

    def answer(self, request, context):
        self.slow()
        return super().answer(request, context)

    def routes(self):
        here = f'/deployments/{NAME}'
        return [
            ('GET', here, self.manifest),
            ('PUT', here + '/jobs/([^/]+)', self.change_state),
            ('PUT', here + '/jobs/([^/]+)/([^/]+)', self.change_state),
            ('POST', here + r'/instance_groups/([^/]+)/([^/]+)/actions/(\w+)',
             self.act),
            ('POST', here + '/errands/([^/]+)/runs', self.run_errand),
            ('POST', here + '/scans', self.scan),
            ('GET', here + '/problems', self.problem_list),
            ('PUT', here + '/problems', self.resolve),
            ('POST', '/deployments/([^/]+)/diff', self.diff),
            ('GET', here + '/certificate_expiry', self.expiry),
            *super().routes()]

    def note(self, request, query):
        path = re.sub('.*/deployments/cf', '', request.path)
        self.asked.append((request.method, path, query))

    def begin_unasked(self, kind):
        """A task that somebody else has started."""
        self.start(types.SimpleNamespace(headers={}), kind, None)

    def begin(self, request, context, kind, effect, with_context=True):
        return self.start(
            context, kind, effect, request.headers.get(
                'X-Bosh-Context-Id', '') if with_context else '')

    def task_list(self, request, context, query):
        shown = []
        for task in super().task_list(request, context, query):
            hidden = task['description'] in ('scan cloud', 'vms')
            if hidden and query.get('verbose') != '2':
                continue
            if query.get('state') and task['state'] not in query['state']:
                continue
            shown.insert(0, {**task, 'deployment': task['deployment']
                             or NAME})
        return shown[:int(query.get('limit', 1000))]

    def manifest(self, request, context, query):
        text = self.text or yaml.safe_dump(self.deployments[NAME])
        return {'manifest': text}

    def change_state(self, request, context, query, group, instance=None):
        self.note(request, query)

        def effect(task):
            task.stage('Updating instance', f'{group}/{instance}')

        return self.begin(request, context, 'create deployment', effect)

    def act(self, request, context, query, group, instance, action):
        self.note(request, query)
        return self.begin(request, context, f'{action} instance',
                          lambda task: None)

    def run_errand(self, request, context, query, errand):
        self.note(request, request.json())

        def effect(task):
            runs = [{'instance': {'group': errand, 'id': f'id-{number}'},
                     'errand_name': errand, **run}
                    for number, run in enumerate(self.errand_runs)]
            task.result = ''.join(json.dumps(run) + '\n' for run in runs)

        return self.begin(request, context, 'run errand', effect)

    def scan(self, request, context, query):
        self.note(request, query)

        def effect(task):
            self.problems = [MISSING, STRANGE]

        return self.begin(request, context, 'scan cloud', effect, False)

    def problem_list(self, request, context, query):
        return self.problems

    def resolve(self, request, context, query):
        self.note(request, request.json())

        def effect(task):
            self.problems = []

        return self.begin(request, context, 'apply resolutions', effect,
                          False)

    def deploy(self, request, context, query):
        self.note(request, query)
        if self.refused_configs:
            return self.error(context, 400, 190025,
                              'Context includes invalid config ID')
        return super().deploy(request, context, query)

    def diff(self, request, context, query, name):
        self.diffed.append((name, request.text, query))
        if self.diff_error:
            return {'diff': [], 'error': self.diff_error}
        return {'context': self.config_ids, 'diff': self.diff_lines}

    def expiry(self, request, context, query):
        return [{'name': '/cf/late', 'id': '1', 'days_left': 90,
                 'expiry_date': '2027-02-01T00:00:00Z'},
                {'name': '/cf/soon', 'id': '2', 'days_left': 3,
                 'expiry_date': '2026-11-27T00:00:00Z'}]
