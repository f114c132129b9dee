# SPDX-License-Identifier: Apache-2.0
"""Resource types of Heat on a director that has many switches on."""

import hashlib
import time

from heat.common import exception
from heat.engine import scheduler
from oslo_config import cfg
import yaml

from cf_openstack.director import connection
from cf_openstack.director import limits
from tests.functional.director_switches import process
from tests.unit.heat_plugins import base as heat_base
from tests.unit.pocket_director import base

CONFIG = 'CloudFoundry::BOSH::Config'
DEPLOYMENT = 'CloudFoundry::BOSH::Deployment'
STEMCELL = {'name': 'stemcell', 'version': '7', 'api_version': 3,
            'operating_system': 'ubuntu-noble', 'image': 'image-1'}
#: All at once; those of requests strike twice, so that a retry passes.
SWITCHES = {
    'redirect': 303, 'location_host': '10.0.0.9:1',
    'content_type': 'text/html;charset=utf-8', 'info': {'user': None},
    'uaa': {'lifetime': 0.5, 'with_refresh': True, 'refresh': 'refuse'},
    'output_chunk': 300, 'empty_range': 416,
    'events': {'interleave': True, 'total': None, 'junk': True,
               'warnings': ['größer ☃'], 'errors': ['First of two']},
    'requests': [
        {'method': 'GET', 'path': '^/tasks/', 'status': 502, 'times': 2,
         'body': '<html>'},
        {'method': 'GET', 'path': '^/(stemcells|releases)', 'times': 2,
         'drop': 'before'}]}
LOST = {'drop': 'after', 'times': 1}


class ResourcesTest(heat_base.BoshTestCase):

    def setUp(self):
        super().setUp()
        # A real director, in place of the fake one.
        self.requests.stop()
        limits.Limits.from_conf.return_value = limits.Limits(retry_wait=0.05)
        self.director = self.useFixture(process.DirectorProcess(
            '--uaa', '--task-timeout', '1'))
        for name, value in (('director_allowed_ports', self.director.ports),
                            ('allowed_networks', ['127.0.0.1/32'])):
            cfg.CONF.set_override(name, value, group='cf_openstack')
            self.addCleanup(cfg.CONF.clear_override, name,
                            group='cf_openstack')
        self.token = connection.seal(
            self.director.connection(), heat_base.PROJECT,
            cfg.CONF.auth_encryption_key)

    def run_action(self, action, *args):
        """Run an action to its end, with pauses as an engine has them."""
        runner = scheduler.TaskRunner(action, *args)
        runner.start()
        end = time.monotonic() + 2 * process.TASK_S
        while not runner.step():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def complete(self, rsrc, action, *args):
        self.run_action(getattr(rsrc, action), *args)
        self.assertEqual((action.upper(), rsrc.COMPLETE), rsrc.state)

    def order(self, **changes):
        self.director.order(**{
            **SWITCHES, **changes,
            'requests': SWITCHES['requests'] + changes.get('requests', [])})

    def manifest(self, instances):
        release = base.release()
        return base.manifest(
            base.group('web', instances), releases=[{
                'name': 'rel', 'version': '1',
                'url': self.director.serve_file('rel.tgz', release),
                'sha1': hashlib.sha1(
                    release, usedforsecurity=False).hexdigest()}])

    def test_whole_life(self):
        config = self.rsrc(CONFIG, {
            'director': self.token, 'type': 'cloud',
            'content': base.CLOUD_CONFIG}, name='config')
        # A resource holds no more than a weak reference to it.
        stack = self.stk
        self.order(races=[{'name': 'other'}])
        self.complete(config, 'create')
        rsrc = self.rsrc(DEPLOYMENT, {
            'director': self.token, 'manifest': self.manifest(1),
            'stemcells': [STEMCELL]})
        # The answer to the deploy is lost, and the task found.
        self.order(requests=[{
            'method': 'POST', 'path': '^/deployments', **LOST}])
        self.complete(rsrc, 'create')
        self.assertEqual(1, len(self.director.calls('create_vm')))
        told = '\n'.join(map(str, self.events(rsrc)))
        self.assertIn('Uploaded', told)
        self.assertIn('größer ☃', told)
        self.assertNotIn('<html>', told)
        # The director restarts while it updates, and forgets the task.
        self.order(restart=[{'match': 'create deployment',
                             'stage': '^Updating instance', 'down': 0.3}])
        changed = self.definition(rsrc, manifest=self.manifest(3))
        error = self.assertRaises(exception.ResourceFailure, self.run_action,
                                  rsrc.update, changed)
        self.assertIn('timeout', str(error))
        self.assertEqual(3, len(self.director.vms()))
        self.order()
        self.complete(rsrc, 'update', changed)
        self.assertEqual(3, len(self.director.calls('create_vm')))
        self.complete(rsrc, 'check')
        self.order(requests=[{
            'method': 'DELETE', 'path': '^/deployments/dep', **LOST}])
        self.complete(rsrc, 'delete')
        self.assertEqual([], self.director.vms())
        self.assertIs(stack, config.stack)
        self.complete(config, 'delete')
        self.director.order()
        left = self.director.connect()
        self.assertEqual(([], [], [], []), (
            left.deployments.list(), left.stemcells.list(),
            left.releases.list(), left.configs.list()))
        self.assertNotIn(self.director.connection().client_secret,
                         told + self.database())

    def test_failure_tells_the_cause(self):
        with self.director.connect() as director:
            director.configs.put('cloud', 'x',
                                 yaml.safe_dump(base.CLOUD_CONFIG))
        rsrc = self.rsrc(DEPLOYMENT, {
            'director': self.token, 'manifest': self.manifest(1),
            'stemcells': [STEMCELL]})
        self.order(cpi=[{
            'method': 'create_vm', 'message': 'Kein Wirt für größe/☃',
            'type': 'Bosh::Clouds::VMCreationFailed'}])
        error = self.assertRaises(exception.ResourceFailure, self.run_action,
                                  rsrc.create)
        self.assertIn("message 'Kein Wirt für größe/☃' in 'create_vm' CPI",
                      str(error))
        # The deployment is there, without a manifest.
        self.order()
        self.complete(rsrc, 'delete')
        with self.director.connect() as director:
            self.assertEqual([], director.deployments.list())
