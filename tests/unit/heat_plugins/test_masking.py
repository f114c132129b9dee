# SPDX-License-Identifier: Apache-2.0
"""Secrets among properties, on all the ways that Heat takes them."""

from unittest import mock

from heat.common import exception
from heat.engine import api
from heat.engine import environment
from heat.engine import resource
from heat.engine import stack as heat_stack
from heat.engine import template as heat_template
from heat.engine import update
from heat.objects import event as event_objects
from heat.objects import raw_template
from heat.tests import utils
from oslo_config import cfg

from heat_plugins.resources import director
from heat_plugins.resources import masking
from tests.unit.heat_plugins import base
from tests.unit.heat_plugins import fake_director

TEMPLATE = {
    'heat_template_version': '2021-04-16',
    'parameters': {
        'secret': {'type': 'string', 'hidden': True}},
    'resources': {
        'thing': {
            'type': 'CloudFoundry::BOSH::Director',
            'properties': {
                'endpoint': fake_director.ENDPOINT,
                'client': fake_director.CLIENT,
                'client_secret': {'get_param': 'secret'}}}},
}
OTHER = 'an0ther-s3cret'


class MaskerTest(base.BoshTestCase):

    def setUp(self):
        super().setUp()
        self.masker = masking.Masker('here')

    def test_marker_does_not_tell_the_value(self):
        marker = self.masker.marker('secret')
        self.assertNotIn('secret', marker)
        self.assertEqual(marker, self.masker.marker('secret'))
        self.assertNotEqual(marker, self.masker.marker('secret2'))

    def test_marker_is_bound_to_scope_and_key(self):
        marker = self.masker.marker('secret')
        self.assertNotEqual(marker, masking.Masker('there').marker('secret'))
        cfg.CONF.set_override('auth_encryption_key', 'x' * 32)
        self.assertNotEqual(marker, self.masker.marker('secret'))

    def test_types_differ(self):
        markers = {self.masker.marker(value)
                   for value in (1, '1', 1.0, True, 'True')}
        self.assertEqual(5, len(markers))

    def test_structure_stays(self):
        value = {'a': ['x', {'b': 'y'}], 'none': None, 'empty': ''}
        masked = self.masker.mask(value)
        self.assertEqual(['a', 'none', 'empty'], list(masked))
        self.assertIsNone(masked['none'])
        self.assertEqual(self.masker.marker('y'), masked['a'][1]['b'])

    def test_masking_twice_changes_nothing(self):
        masked = self.masker.mask({'a': 'x'})
        self.assertEqual(masked, self.masker.mask(masked))


class MaskedPropertyTest(base.BoshTestCase):
    """One masked property, from the template to the database and back."""

    def template(self, secret):
        """A template in the database, as Heat stores it."""
        tmpl = heat_template.Template(
            TEMPLATE, env=environment.Environment({'secret': secret}))
        raw_template.RawTemplate.encrypt_hidden_parameters(tmpl)
        tmpl.store(self.ctx)
        return heat_template.Template.load(self.ctx, tmpl.id)

    def make(self):
        self.ctx = utils.dummy_context()
        self.stk = heat_stack.Stack(
            self.ctx, 'masked', self.template(fake_director.SECRET),
            convergence=True)
        self.stk.store()
        return self.stk['thing']

    def create(self):
        """Create as a convergence engine does."""
        rsrc = self.make()
        rsrc.store()
        self.rsrc_id = rsrc.id
        rsrc.create_convergence(self.stk.t.id, set(), 'engine-1', 60)
        return rsrc

    def apply(self, secret):
        """Update as another convergence engine does.

        :returns: the resource, and the differences it was told, if any.
        """
        tmpl = self.template(secret)
        latest = heat_stack.Stack(
            utils.dummy_context(), 'masked', tmpl, stack_id=self.stk.id,
            convergence=True)
        # It holds weak references: all three must be kept.
        rsrc, _definition, self.loaded = resource.Resource.load(
            utils.dummy_context(), self.rsrc_id, 'traversal', True, {})
        with mock.patch.object(
                director.Director, 'handle_update', autospec=True,
                side_effect=director.Director.handle_update) as handler:
            try:
                rsrc.update_convergence(tmpl.id, set(), 'engine-2', 60,
                                        latest)
            except exception.ResourceFailure:
                self.assertEqual(rsrc.FAILED, rsrc.status)
        return rsrc, [call.args[3] for call in handler.mock_calls]

    def test_stored_properties_hold_a_marker(self):
        rsrc = self.create()
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        again = self.reload(rsrc)
        stored = again._stored_properties_data['client_secret']
        self.assertRegex(stored, '^redacted:')
        self.assertEqual(fake_director.ENDPOINT,
                         again._stored_properties_data['endpoint'])

    def test_no_row_holds_the_secret(self):
        cfg.CONF.set_override('encrypt_parameters_and_properties', True)
        self.create()
        self.apply('wrong secret')
        dump = self.database()
        self.assertIn('resource_properties_data', dump)
        self.assertNotIn('wrong secret', dump)
        self.assertFalse(fake_director.any_secret_in(dump))

    def test_only_the_stack_parameters_hold_it_unencrypted(self):
        # Without encryption, Heat keeps hidden parameters in the clear.
        self.create()
        rows = [row for row in self.database().split('\n')
                if fake_director.any_secret_in(row)]
        self.assertEqual({'raw_template'},
                         {row.partition(':')[0] for row in rows})

    def test_shown_properties_hold_a_marker(self):
        rsrc = self.create()
        self.assert_shown_masked(rsrc)
        self.assert_shown_masked(self.reload(rsrc))

    def assert_shown_masked(self, rsrc):
        details = api.format_stack_resource(rsrc, with_props=True)
        self.assertFalse(fake_director.any_secret_in(details))
        self.assertRegex(details['properties']['client_secret'],
                         '^redacted:')

    def test_preview_holds_a_marker(self):
        rsrc = self.make()
        details = api.format_stack_resource(rsrc, with_props=True)
        self.assertFalse(fake_director.any_secret_in(details))

    def test_events_hold_a_marker(self):
        self.create()
        events = event_objects.Event.get_all_by_stack(self.ctx, self.stk.id)
        shown = [api.format_event(event, self.stk.identifier())
                 for event in events]
        self.assertNotEqual([], shown)
        self.assertFalse(fake_director.any_secret_in(shown))

    def test_abandoned_resource_holds_no_secret(self):
        rsrc = self.create()
        self.assertFalse(fake_director.any_secret_in(
            rsrc.prepare_abandon()))

    def test_log_holds_no_secret(self):
        self.create()
        self.apply('wrong secret')
        self.assertFalse(fake_director.any_secret_in(self.LOG.output))
        self.assertNotIn('wrong secret', self.LOG.output)

    def test_same_secret_is_no_change(self):
        self.create()
        rsrc, told = self.apply(fake_director.SECRET)
        self.assertEqual([], told)
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)

    def test_new_secret_is_a_change_and_is_used(self):
        rsrc = self.create()
        before = self.reload(rsrc).FnGetAtt('connection')
        self.bosh.secret = OTHER
        rsrc, told = self.apply(OTHER)
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual([['client_secret']], [list(diff) for diff in told])
        self.assertNotIn(OTHER, str(told))
        self.assertNotEqual(before, rsrc.FnGetAtt('connection'))
        rsrc, told = self.apply(OTHER)
        self.assertEqual([], told)

    def test_preview_of_an_update(self):
        rsrc = self.create()

        def preview(secret):
            latest = heat_stack.Stack(
                self.ctx, 'masked', self.template(secret), convergence=True)
            current = self.reload(rsrc)
            return update.StackUpdate(
                current.stack, latest, None).preview()

        self.assertEqual(['thing'],
                         preview(fake_director.SECRET)['unchanged'])
        self.assertEqual(['thing'], preview(OTHER)['updated'])

    def test_deletion_works_with_markers(self):
        rsrc = self.reload(self.create())
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)

    def test_invalid_value_is_not_quoted(self):
        rsrc = self.rsrc('CloudFoundry::BOSH::Deployment', {
            'director': self.sealed(), 'manifest': {'name': 'cf'},
            'variables': 'pa55word'})
        error = self.assertRaises(exception.StackValidationFailed,
                                  rsrc.validate)
        self.assertNotIn('pa55word', str(error))
        self.assertIn('variables', str(error))
