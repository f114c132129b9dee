# SPDX-License-Identifier: Apache-2.0
"""Base of the tests: Heat with a database, and a director."""

import os
import sys

from heat.common import template_format
from heat.db import api as db_api
from heat.db import models
from heat.engine import clients
from heat.engine import environment
from heat.engine import resource
from heat.engine import resources
from heat.engine import scheduler
from heat.engine import stack as heat_stack
from heat.engine import template as heat_template
from heat.objects import event as event_objects
from heat.tests import common
from heat.tests import utils
from oslo_config import cfg
import requests_mock
import sqlalchemy
from stevedore import extension

from cf_openstack.director import connection
from cf_openstack.director import limits as director_limits

from heat_plugins.clients import bosh_director
from heat_plugins.plugin_dir import cf_openstack_resources
from tests.unit.heat_plugins import fake_director

PROJECT = 'test_tenant_id'      # of heat.tests.utils.dummy_context


def _prefix_dir(name):
    return os.path.join(sys.prefix, 'etc', 'heat', name)


class BoshTestCase(common.HeatTestCase):
    """Heat with our resource types, and one director to talk to."""

    def setUp(self):
        # The wheel puts them elsewhere than HeatTestCase expects.
        cfg.CONF.set_override('environment_dir',
                              _prefix_dir('environment.d'))
        cfg.CONF.set_override('template_dir', _prefix_dir('templates'))
        super().setUp()
        cfg.CONF.set_override('action_retry_limit', 0)
        self._register_client_plugin()
        for name, cls in cf_openstack_resources.resource_mapping().items():
            resource._register_class(name, cls)
        for name, cls in cf_openstack_resources.constraint_mapping().items():
            resources.global_env().register_constraint(name, cls)
        self.requests = requests_mock.Mocker()
        self.requests.start()
        self.addCleanup(self.requests.stop)
        # A director that is down is not waited for.
        self.patchobject(director_limits.Limits, 'from_conf',
                         return_value=director_limits.Limits(attempts=1))
        self.bosh = fake_director.FakeDirector(self.requests)

    def _register_client_plugin(self):
        resources.global_env()
        manager = clients._mgr
        if 'bosh_director' not in manager.names():
            manager.extensions.append(extension.Extension(
                'bosh_director', None,
                bosh_director.BoshDirectorClientPlugin, None))
            manager._extensions_by_name_cache = None

    def sealed(self, endpoint=fake_director.ENDPOINT,
               secret=fake_director.SECRET, project=PROJECT):
        """A connection as the attribute of a Director resource has it."""
        conn = connection.Connection(
            endpoint=endpoint, ca_certificate='',
            client=fake_director.CLIENT, client_secret=secret)
        return connection.seal(conn, project, cfg.CONF.auth_encryption_key)

    def stack(self, resources_, parameters=None, convergence=False,
              name=None):
        """A stored stack with some resources."""
        template = {'heat_template_version': '2021-04-16',
                    'resources': resources_}
        template.update(parameters or {})
        template = template_format.parse(
            template_format.yaml.dump(template))
        ctx = utils.dummy_context()
        tmpl = heat_template.Template(
            template, env=environment.Environment({}))
        tmpl.store(ctx)
        stk = heat_stack.Stack(ctx, name or utils.random_name(), tmpl,
                               convergence=convergence)
        stk.store()
        return stk

    def rsrc(self, type_name, properties, name='thing', **kwargs):
        """One resource in a stack of its own; the stack is kept alive."""
        self.stk = self.stack({name: {
            'type': type_name, 'properties': properties}}, **kwargs)
        return self.stk[name]

    def run_action(self, action, *args):
        """Run an action of a resource to its end."""
        scheduler.TaskRunner(action, *args)()

    def steps(self, action, *args):
        """Begin an action; next() does one step of it."""
        runner = scheduler.TaskRunner(action, *args)
        runner.start()
        return runner

    def reload(self, rsrc):
        """The resource as another engine would load it."""
        self.stk = heat_stack.Stack.load(utils.dummy_context(),
                                         self.stk.id, force_reload=True)
        return self.stk[rsrc.name]

    def definition(self, rsrc, **changes):
        """The resource's definition with some properties changed."""
        properties = {**rsrc.t._properties, **changes}
        properties = {key: value for key, value in properties.items()
                      if value is not None}
        return rsrc.t.freeze(properties=properties)

    def die(self, rsrc, state='FAILED'):
        """What Heat makes of a resource whose engine died."""
        again = self.reload(rsrc)
        again.state_set(again.action, state, 'Worker went down')
        return again

    def events(self, rsrc):
        """The reasons of the events of a resource, oldest first."""
        found = event_objects.Event.get_all_by_stack(
            utils.dummy_context(), self.stk.id)
        return [event.resource_status_reason
                for event in sorted(found, key=lambda event: event.id)
                if event.resource_name == rsrc.name]

    def database(self):
        """All rows of Heat's database as text."""
        with db_api.context_manager.reader.using(
                utils.dummy_context()) as session:
            # As text, whatever the columns' types make of it.
            return '\n'.join(
                f'{name}: {tuple(row)}'
                for name in models.BASE.metadata.tables
                for row in session.execute(
                    sqlalchemy.text(f'SELECT * FROM {name}')))
