# SPDX-License-Identifier: Apache-2.0
"""Whatever a director answers, the client fails in its own words."""

import json

import ddt
import hypothesis
from hypothesis import strategies

from cf_openstack.director import exceptions
from tests.unit.director import base

KEYS = (
    'access_token', 'agent_id', 'az', 'cid', 'cloud_config', 'code',
    'context', 'cpu', 'currently_deployed', 'data', 'days_left',
    'deployment', 'deployments', 'description', 'diff', 'disk', 'disk_cids',
    'error', 'expires_in', 'expiry', 'id', 'index', 'instance_group', 'ips',
    'job', 'job_name', 'job_names', 'latest_id', 'load', 'locked',
    'manifest', 'mem', 'message', 'name', 'options', 'plan', 'processes',
    'progress', 'release_versions', 'releases', 'resolutions', 'resource',
    'result', 'state', 'stage', 'started_at', 'stemcell', 'stemcells',
    'system', 'tags', 'task', 'task_id', 'teams', 'time', 'timeout',
    'timestamp', 'total', 'type', 'url', 'urls', 'uptime',
    'user_authentication', 'uuid', 'version', 'vitals')
_values = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers()
    | strategies.floats() | strategies.text(max_size=5)
    | strategies.sampled_from(['1', 'uaa', 'done', 'https://a:8443']),
    lambda inner: strategies.lists(inner, max_size=3)
    | strategies.dictionaries(strategies.sampled_from(KEYS), inner,
                              max_size=5), max_leaves=15)
_answers = (_values | strategies.lists(strategies.dictionaries(
    strategies.sampled_from(KEYS), _values, max_size=8), max_size=2)
    | strategies.dictionaries(strategies.sampled_from(KEYS), _values,
                              max_size=8))
CALLS = {
    'tasks': lambda director: director.tasks.list(),
    'task': lambda director: director.tasks.get(1),
    'find': lambda director: director.tasks.find('x'),
    'cancel': lambda director: director.tasks.cancel(1),
    'error': lambda director: director.tasks.error(1),
    'refresh': lambda director: director.tasks.monitor(1).refresh(),
    'configs': lambda director: director.configs.list(),
    'latest': lambda director: director.configs.latest('cloud', 'x'),
    'put': lambda director: director.configs.put('cloud', 'x', 'y'),
    'deployments': lambda director: director.deployments.list(),
    'manifest': lambda director: director.deployments.manifest('x'),
    'diff': lambda director: director.deployments.diff('x', 'y'),
    'instances': lambda director: director.deployments.instances('x'),
    'errands': lambda director: director.deployments.errands('x'),
    'variables': lambda director: director.deployments.variables('x'),
    'expiry': lambda director: director.deployments.certificates('x'),
    'certificates': lambda director: director.certificates(),
    'problems': lambda director: director.problems.list('x'),
    'stemcells': lambda director: director.stemcells.list(),
    'releases': lambda director: director.releases.list(),
    'unfinished': lambda director: director.releases.unfinished(),
    'locks': lambda director: director.locks.list(),
    'create': lambda director: director.deployments.create('x', 'y')}


def _call(call, director):
    """Call; an error of the client's own is as good as an answer."""
    try:
        CALLS[call](director)
    except exceptions.DirectorError as error:
        return str(error)
    return None


@ddt.ddt
class AnyAnswerTest(base.DirectorTestCase):

    @ddt.data(*CALLS)
    def test_of_a_route(self, call):
        @hypothesis.settings(
            deadline=None, max_examples=40, database=None,
            suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(_answers, strategies.sampled_from(
            [200, 200, 200, 201, 206, 302, 400, 401, 404, 412, 500]))
        def check(answer, status):
            self.http.register_uri(
                base.requests_mock.ANY, base.requests_mock.ANY,
                text=json.dumps(answer), status_code=status,
                headers={'Location': str(answer)[:50].encode(
                    'ascii', 'replace').decode()})
            self.http.get(f'{base.URL}/info', json=base.INFO)
            _call(call, self.director)
        check()

    @hypothesis.settings(
        deadline=None, max_examples=100, database=None,
        suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(_answers)
    def test_of_info(self, answer):
        self.http.get(f'{base.URL}/info', text=json.dumps(answer))
        if _call('tasks', self.director):
            self.director.close()

    @hypothesis.settings(
        deadline=None, max_examples=100, database=None,
        suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(_answers)
    def test_of_vitals(self, answer):
        self.director.deployments.parse_vitals(json.dumps(answer))
