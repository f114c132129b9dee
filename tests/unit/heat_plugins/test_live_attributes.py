# SPDX-License-Identifier: Apache-2.0
"""The live attributes of a deployment."""

import json

import ddt
from heat.engine import api
from heat.engine import attributes
from oslotest import base
import yaml

from cf_openstack.director import countdown
from cf_openstack.director import events
from cf_openstack.director import exceptions as director_exceptions

from heat_plugins.deploying import look as looks
from heat_plugins.deploying import redaction
from heat_plugins.deploying import task_steps
from heat_plugins.resources import deployment
from tests.unit.heat_plugins import signals

SECRET = 'pa55word-of-the-database'
MANIFEST = {
    'name': 'cf', 'instance_groups': [{
        'name': 'api', 'instances': 2, 'env': {'bosh': {'password': SECRET}},
        'jobs': [{'name': 'web', 'properties': {
            'port': 80, 'db': {'password': SECRET, 'keys': [SECRET]},
            'ca': '((ca.certificate))', 'none': None}}]}]}


class AttributesTest(signals.SignalTestCase):

    def test_instances(self):
        found = self.read(self.ready(), 'instances')
        self.assertEqual(['api/id-0', 'cell/id-0', 'cell/id-1'],
                         [item['name'] for item in found])
        self.assertEqual(
            {'group': 'api', 'index': 0, 'id': 'id-0', 'az': 'z1',
             'ips': ['10.0.0.9'], 'cid': 'vm-api-0', 'state': 'deployed'},
            {key: found[0][key] for key in (
                'group', 'index', 'id', 'az', 'ips', 'cid', 'state')})

    def test_vitals(self):
        found = self.read(self.ready(), 'vitals')
        self.assertEqual(['running'] * 3, [
            item['job_state'] for item in found])
        self.assertIn('processes', found[0])
        self.assertIn('persistent_disk_percent', found[0])

    def test_task(self):
        rsrc = self.ready()
        task = self.read(rsrc, 'task')
        self.assertEqual(('done', 100, None, 'create deployment'), (
            task['state'], task['percent'], task['error'],
            task['description']))
        self.assertEqual((3, 3), (task['steps_done'], task['steps_total']))
        self.assertEqual('Updating instance', task['stage'])

    def test_task_of_a_deploy_under_way_comes_first(self):
        rsrc = self.deployment()
        stack = self.stk
        self.bosh.polls['create deployment'] = 1000
        runner = self.until(
            rsrc.create, lambda: self.tasks('create deployment'))
        task = self.tasks('create deployment')[-1]
        task.stage('Creating missing vms', 'api/0', 'started', total=4)
        # Of a scan one may ask at any time.
        self.bosh.polls['scan cloud'] = 1000
        self.followed = False
        self.send(rsrc, 'scan')
        shown = self.read(rsrc, 'task')
        self.assertEqual((task.id, 'processing', 'Creating missing vms',
                          0, 4, 0), (
            shown['id'], shown['state'], shown['stage'],
            shown['steps_done'], shown['steps_total'], shown['percent']))
        self.assertIsNone(shown['error'])
        self.assertIsNotNone((stack, runner))

    def test_then_that_of_a_signal(self):
        rsrc = self.ready()
        self.followed = False
        self.bosh.polls['scan cloud'] = 1000
        self.send(rsrc, 'scan')
        shown = self.read(rsrc, 'task')
        self.assertEqual(('scan cloud', 'processing'),
                         (shown['description'], shown['state']))

    def test_a_task_that_failed(self):
        rsrc = self.ready()
        self.bosh.failures['scan cloud'] = 'no agent answers'
        self.send(rsrc, 'scan')
        shown = self.read(rsrc, 'task')
        self.assertEqual('error', shown['state'])
        self.assertIn('no agent answers', shown['error'])

    def test_no_task(self):
        rsrc = self.ready()
        self.bosh.tasks.clear()
        self.assertIsNone(self.read(rsrc, 'task'))

    def test_tasks(self):
        rsrc = self.ready()
        self.send(rsrc, 'restart')
        self.send(rsrc, 'restart')
        found = self.read(rsrc, 'tasks')
        self.assertEqual(sorted((item['id'] for item in found),
                                reverse=True),
                         [item['id'] for item in found])
        self.assertEqual({'cf'}, {item['deployment'] for item in found})

    def test_errands_config_status(self):
        rsrc = self.ready()
        self.assertEqual(['smoke-tests'], self.read(rsrc, 'errands'))
        self.assertEqual('latest', self.read(rsrc, 'config_status'))
        self.assertEqual([], self.read(rsrc, 'problems'))

    def test_certificates(self):
        rsrc = self.ready()
        # Without config server it knows of none.
        self.assertEqual([], self.read(rsrc, 'certificates'))
        self.bosh.config_server = True
        found = self.read(rsrc, 'certificates')
        self.assertEqual([('/cf/soon', 3), ('/cf/late', 90)], [
            (item['name'], item['days_left']) for item in found])

    def test_manifest_without_secrets(self):
        rsrc = self.ready()
        self.bosh.text = yaml.safe_dump(MANIFEST)
        text = self.read(rsrc, 'deployed_manifest')
        self.assertNotIn(SECRET, text)
        self.assertIn('((ca.certificate))', text)
        self.assertEqual(2, yaml.safe_load(
            text)['instance_groups'][0]['instances'])

    def test_nothing_live_is_stored(self):
        rsrc = self.ready()
        for name in deployment.Deployment.attributes_schema:
            rsrc.FnGetAtt(name)
        self.assertEqual({'name'}, set(rsrc.attributes.cached_attrs))

    def test_before_there_is_a_deployment(self):
        rsrc = self.deployment()
        for name in deployment.Deployment.attributes_schema:
            self.assertIsNone(rsrc.FnGetAtt(name))

    def test_a_deployment_that_is_gone(self):
        rsrc = self.ready()
        self.bosh.deployments.clear()
        for name in ('instances', 'vitals', 'errands', 'problems',
                     'certificates', 'stemcells', 'releases'):
            self.assertEqual([], self.read(rsrc, name), name)

    def test_show(self):
        rsrc = self.ready()
        self.bosh.calls.clear()
        shown = api.format_resource_attributes(rsrc)
        self.assertEqual(3, len(shown['instances']))
        self.assertNotIn('error', shown)
        self.assertEqual({'vitals', 'deployed_manifest', 'errand_run',
                          'preview'},
                         set(deployment.Deployment.attributes_schema)
                         - set(shown) - {'show'})
        json.dumps(shown)
        # One look asks once.
        self.assertEqual(1, self.bosh.count('GET', '/deployments'))
        self.assertLess(len(self.bosh.calls), 10)

    def test_slow_ones_by_name(self):
        shown = api.format_resource_attributes(
            self.ready(), ['vitals', 'deployed_manifest'])
        self.assertEqual(3, len(shown['vitals']))
        self.assertIn('name: cf', shown['deployed_manifest'])


@ddt.ddt
class SlowDirectorTest(signals.SignalTestCase):
    """A director that takes its time, or all the time in the world."""

    def setUp(self):
        super().setUp()
        self.now = 1000.0
        self.patchobject(signals.time, 'monotonic',
                         side_effect=lambda: self.now)
        self.patchobject(signals.time, 'sleep', side_effect=self.pass_by)

    def pass_by(self, seconds):
        self.now += seconds

    def slow(self, seconds):
        self.bosh.slow = lambda: self.pass_by(seconds)

    def patched(self, rsrc):
        # Their clocks were taken when they were defined.
        real = looks.Look
        self.patchobject(
            looks, 'Look', side_effect=lambda rsrc, seconds=looks.TIMEOUT:
            real(rsrc, seconds, lambda: self.now))
        return rsrc

    def test_show_takes_the_time_of_one_look(self):
        rsrc = self.patched(self.ready())
        self.slow(4)
        begin = self.now
        shown = api.format_resource_attributes(rsrc)
        # The request under way when the time is up has its own limit.
        self.assertLess(self.now - begin, looks.TIMEOUT + 4)
        self.assertIn('within 10 s', shown['error'])
        self.assertEqual('cf', shown['name'])
        self.assertIsNone(shown['problems'])

    def test_vitals_take_20_seconds_at_most(self):
        rsrc = self.patched(self.ready())
        self.bosh.polls['retrieve vm-stats'] = 1000
        begin = self.now
        error = self.assertRaises(countdown.DeadlineOver, rsrc.FnGetAtt,
                                  'vitals')
        self.assertIn('20 s', str(error))
        self.assertLess(self.now - begin, 25)

    def test_a_later_look_has_all_the_time_again(self):
        rsrc = self.patched(self.ready())
        self.slow(6)
        self.assertRaises(countdown.DeadlineOver, rsrc.FnGetAtt, 'problems')
        self.slow(0)
        self.now += 6
        self.assertEqual([], rsrc.FnGetAtt('problems'))

    def test_a_dead_director_costs_its_time_once(self):
        rsrc = self.patched(self.ready())
        self.bosh.down = True
        self.slow(3)
        begin = self.now
        for name in ('instances', 'vitals', 'task', 'tasks', 'errands'):
            error = self.assertRaises(
                director_exceptions.ConnectionFailed, rsrc.FnGetAtt, name)
            self.assertIn('refused', str(error))
        self.assertEqual(3, self.now - begin)

    def test_outputs_of_a_stack_name_the_error(self):
        rsrc = self.patched(self.ready())
        self.bosh.down = True
        data = rsrc.node_data(for_outputs=False)
        self.assertEqual('cf', data.reference_id())
        shown = api.format_stack_output(_Output(rsrc))
        self.assertIn('refused', shown['output_error'])
        self.assertIsNone(shown['output_value'])

    def test_one_error_does_not_hide_the_others(self):
        rsrc = self.patched(self.ready())
        self.bosh.problem_list = lambda request, context, query: (
            self.bosh.error(context, 500, 500000, 'no database'))
        shown = api.format_resource_attributes(rsrc)
        self.assertIsNone(shown['problems'])
        self.assertIn('no database', shown['error'])
        self.assertEqual(['smoke-tests'], shown['errands'])


class _Output:
    """What an output of a stack is to Heat."""

    name = 'instances'

    def __init__(self, rsrc):
        self._resource = rsrc

    def description(self):
        return ''

    def get_value(self):
        return self._resource.FnGetAtt('instances')


class SchemaTest(base.BaseTestCase):

    def test_all_but_the_name_are_live(self):
        stored = [name for name, schema
                  in deployment.Deployment.attributes_schema.items()
                  if schema.cache_mode != attributes.Schema.CACHE_NONE]
        self.assertEqual(['name'], stored)


@ddt.ddt
class StepsTest(base.BaseTestCase):

    def summary(self, *lines, succeeded=False):
        steps = task_steps.Steps()
        steps.take([events.Event(**line) for line in lines])
        return steps.summary(succeeded)

    def test_nothing_yet(self):
        shown = self.summary()
        self.assertEqual((None, 0, 0, []), (
            shown['stage'], shown['percent'], shown['steps_total'],
            shown['stages']))

    def test_stages_and_steps(self):
        def step(stage, total, task, state, progress=0, **more):
            return dict(stage=stage, total=total, task=task, state=state,
                        progress=progress, **more)
        shown = self.summary(
            step('Preparing', 1, 'Preparing', 'finished', 100),
            step('Updating', 3, 'a/0', 'started', tags=('a',)),
            step('Updating', 3, 'a/0', 'finished', 100, tags=('a',)),
            step('Updating', 3, 'a/1', 'in_progress', 60, tags=('a',)))
        self.assertEqual(
            ('Updating a', 'a/1', 2, 4, 65),
            tuple(shown[key] for key in (
                'stage', 'step', 'steps_done', 'steps_total', 'percent')))
        self.assertEqual(
            [{'name': 'Preparing', 'steps_done': 1, 'steps_total': 1,
              'state': 'finished'},
             {'name': 'Updating a', 'steps_done': 1, 'steps_total': 3,
              'state': 'running'}], shown['stages'])

    def test_never_complete_before_the_end(self):
        line = dict(stage='x', total=1, task='y', state='finished')
        self.assertEqual(99, self.summary(line)['percent'])
        self.assertEqual(100, self.summary(line, succeeded=True)['percent'])

    def test_a_stage_without_total_and_one_that_failed(self):
        shown = self.summary(
            dict(stage='x', task='y', state='started'),
            dict(stage='x', task='y', state='failed', progress=100))
        self.assertEqual(('failed', 1), (
            shown['stages'][0]['state'], shown['steps_total']))

    @ddt.data(-5, 1000, None)
    def test_odd_progress(self, progress):
        shown = self.summary(dict(stage='x', total=1, task='y',
                                  state='in_progress', progress=progress))
        self.assertIn(shown['percent'], range(100))


class RedactionTest(base.BaseTestCase):

    def test_properties_and_env_are_hidden(self):
        text = redaction.redact(yaml.safe_dump(MANIFEST))
        self.assertNotIn(SECRET, text)
        shown = yaml.safe_load(text)['instance_groups'][0]
        self.assertEqual(
            {'port': '<redacted>', 'ca': '((ca.certificate))', 'none': None,
             'db': {'password': '<redacted>', 'keys': ['<redacted>']}},
            shown['jobs'][0]['properties'])
        self.assertEqual(2, shown['instances'])

    def test_a_text_with_a_variable_in_it_is_hidden(self):
        text = redaction.redact(yaml.safe_dump(
            {'properties': {'url': f'https://u:{SECRET}@((host))'}}))
        self.assertNotIn(SECRET, text)
