# SPDX-License-Identifier: Apache-2.0
"""A fake director whose deployments can be suspended and snapshotted."""

import json

from heat.common import exception

from tests.unit.heat_plugins import deployments
from tests.unit.heat_plugins import fake_director

DURING = '2026-11-24 01:02:03 UTC'
BEFORE = '1970-01-01 00:00:00 UTC'      # tasks of the fake start at 1


class LifeDirector(fake_director.FakeDirector):
    """Knows which instances have no VM, and the snapshots.

    ``detached`` names those whose VM was taken away, ``lost`` those whose
    VM is gone or does not answer, ``bare`` those that the director itself
    knows to lack one; ``snapshots`` are those of all deployments
    by cid.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.snapshots_on = True
        self.detached = set()
        self.lost = set()
        self.bare = set()
        self.snapshots = {}
        self.snapshot_result = None
        self.fixes = []

    def routes(self):
        one = '/deployments/([^/]+)'
        return [
            ('PUT', one + '/jobs/([^/]+)', self.change_state),
            ('POST', one + '/scans', self.scan),
            ('GET', one + '/problems', self.problems),
            ('GET', one + '/snapshots', self.snapshot_list),
            ('POST', one + '/snapshots', self.snapshot_take),
            ('DELETE', one + '/snapshots/([^/]+)', self.snapshot_delete),
            *super().routes()]

    def info(self):
        document = json.loads(super().info())
        document['features']['snapshots'] = {'status': self.snapshots_on}
        return json.dumps(document)

    def names(self, name):
        return [f'{group["name"]}/id-{index}'
                for group in (self.deployments[name] or {}).get(
                    'instance_groups', [])
                for index in range(group['instances'])]

    def missing(self, context, name):
        return self.error(context, 404, 70000,
                          f"Deployment '{name}' doesn't exist")

    def marked(self, request):
        return request.headers.get('X-Bosh-Context-Id', '')

    def deploy(self, request, context, query):
        answer = super().deploy(request, context, query)
        task = self.tasks[max(self.tasks)]
        real = task.effect
        self.fixes.append(query.get('fix') == 'true')

        def effect(task):
            if self.lost and query.get('fix') != 'true':
                task.fail("Timed out sending 'get_state' to instance",
                          450002)
                return
            self.lost.clear()
            real(task)

        task.effect = effect
        return answer

    def change_state(self, request, context, query, name, group):
        if name not in self.deployments:
            return self.missing(context, name)

        def effect(task):
            if query['state'] == 'detached':
                self.detached.update(self.names(name))
            else:
                self.detached.clear()
            task.stage('Updating instance', 'all')

        return self.start(context, query['state'], effect,
                          self.marked(request))

    def instances(self, request, context, query, name):
        found = super().instances(request, context, query, name)
        for item in found if isinstance(found, list) else ():
            label = f'{item["job"]}/{item["id"]}'
            if label in self.detached:
                item.update(cid=None, expects_vm=False)
            elif label in self.bare:
                item.update(cid=None)
        return found

    def scan(self, request, context, query, name):
        if name not in self.deployments:
            return self.missing(context, name)
        return self.start(context, 'scan cloud', lambda task: None)

    def problems(self, request, context, query, name):
        return [{'id': number, 'type': 'missing_vm', 'data': {},
                 'description': f"VM for '{lost} (0)' with cloud ID 'vm-1' "
                                'missing.', 'resolutions': []}
                for number, lost in enumerate(sorted(self.lost))
                if lost not in self.detached]

    def snapshot_list(self, request, context, query, name):
        if name not in self.deployments:
            return self.missing(context, name)
        return [{'job': 'database', 'index': 0, 'uuid': 'id-0',
                 'snapshot_cid': cid, 'clean': False, 'created_at': when}
                for cid, when in self.snapshots.items()]

    def snapshot_take(self, request, context, query, name):
        if name not in self.deployments:
            return self.missing(context, name)
        answer = self.start(context, 'snapshot deployment', self.took)
        task = self.tasks[max(self.tasks)]
        for group in (self.deployments[name] or {}).get(
                'instance_groups', []):
            if group.get('persistent_disk'):
                # It is there before the task ends.
                self.snapshots[f'snap-{group["name"]}-{task.id}'] = DURING
        return answer

    def took(self, task):
        task.result = self.snapshot_result or 'snapshots created'

    def snapshot_delete(self, request, context, query, name, cid):
        if name not in self.deployments:
            return self.missing(context, name)
        if cid not in self.snapshots:
            return self.error(context, 400, 70008, 'no such snapshot')

        def effect(task):
            del self.snapshots[cid]

        return self.start(context, 'delete snapshot', effect)

    def task_list(self, request, context, query):
        shown = super().task_list(request, context, query)
        shown.sort(key=lambda task: -task['id'])
        return shown[:int(query.get('limit', 1000))]


class LifeTestCase(deployments.DeploymentTestCase):
    """A deployment on a director that can do all of that."""

    def setUp(self):
        super().setUp()
        self.bosh = LifeDirector(self.requests)

    def act(self, rsrc, action, *args):
        """Do an action that succeeds; the resource as loaded anew."""
        rsrc = self.reload(rsrc)
        self.run_action(getattr(rsrc, action), *args)
        self.assertEqual((action.upper(), rsrc.COMPLETE), rsrc.state)
        return rsrc

    def act_badly(self, rsrc, action, *args):
        """Do an action that fails, and say why."""
        rsrc = self.reload(rsrc)
        error = self.assertRaises(
            exception.ResourceFailure, self.run_action,
            getattr(rsrc, action), *args)
        self.assertEqual((action.upper(), rsrc.FAILED), rsrc.state)
        return str(error)
