# SPDX-License-Identifier: Apache-2.0
"""CloudFoundry::BOSH::Director."""

from unittest import mock

from heat.common import exception
from heat.engine.clients.os import barbican
from oslo_config import cfg

from cf_openstack.director import connection

from tests.unit.heat_plugins import base
from tests.unit.heat_plugins import fake_director

TYPE = 'CloudFoundry::BOSH::Director'


class DirectorTest(base.BoshTestCase):

    def director(self, **changes):
        properties = {'endpoint': fake_director.ENDPOINT,
                      'client': fake_director.CLIENT,
                      'client_secret': fake_director.SECRET, **changes}
        return self.rsrc(TYPE, {key: value for key, value
                                in properties.items() if value is not None})

    def created(self, **changes):
        rsrc = self.director(**changes)
        self.run_action(rsrc.create)
        return rsrc

    def unsealed(self, rsrc):
        return connection.unseal(
            rsrc.FnGetAtt('connection'), base.PROJECT,
            cfg.CONF.auth_encryption_key)

    def test_create_adopts_the_director(self):
        rsrc = self.created()
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual(fake_director.UUID, rsrc.resource_id)
        self.assertEqual('pocket', rsrc.FnGetAtt('name'))
        self.assertEqual('282.1.2', rsrc.FnGetAtt('version'))
        self.assertEqual('openstack_cpi', rsrc.FnGetAtt('cpi'))
        self.assertEqual(fake_director.UUID, rsrc.FnGetAtt('uuid'))
        opened = self.unsealed(rsrc)
        self.assertEqual(fake_director.SECRET, opened.client_secret)
        self.assertEqual(fake_director.ENDPOINT, opened.endpoint)

    def test_the_connection_is_sealed_once(self):
        rsrc = self.created()
        first = rsrc.FnGetAtt('connection')
        self.assertEqual(first, self.reload(rsrc).FnGetAtt('connection'))

    def test_wrong_secret(self):
        rsrc = self.director(client_secret='wrong')
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.create)
        self.assertIn('does not accept the credentials of client "admin"',
                      str(error))
        self.assertIn(fake_director.ENDPOINT, str(error))
        self.assertEqual((rsrc.CREATE, rsrc.FAILED), rsrc.state)
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)

    def test_director_is_down(self):
        self.bosh.down = True
        rsrc = self.director()
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.create)
        self.assertIn(fake_director.ENDPOINT, str(error))
        self.assertIn('refused', str(error))
        self.assertIn('refused', self.events(rsrc)[-1])

    def test_failed_create_is_repeated_in_place(self):
        self.bosh.down = True
        rsrc = self.director()
        self.assertRaises(exception.ResourceFailure,
                          self.run_action, rsrc.create)
        self.bosh.down = False
        self.run_action(rsrc.update, self.definition(rsrc))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual(fake_director.UUID, rsrc.resource_id)
        self.assertIsNotNone(rsrc.FnGetAtt('connection'))

    def test_new_secret_seals_anew(self):
        rsrc = self.created()
        before = rsrc.FnGetAtt('connection')
        self.bosh.secret = 'another'
        self.run_action(rsrc.update,
                        self.definition(rsrc, client_secret='another'))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertNotEqual(before, rsrc.FnGetAtt('connection'))
        self.assertEqual('another', self.unsealed(rsrc).client_secret)

    def test_same_secret_leaves_the_connection(self):
        rsrc = self.created()
        before = rsrc.FnGetAtt('connection')
        self.run_action(rsrc.update, self.definition(
            rsrc, endpoint=fake_director.ENDPOINT + '/'))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual(before, rsrc.FnGetAtt('connection'))

    def test_refused_new_secret_keeps_the_old_connection(self):
        rsrc = self.created()
        before = rsrc.FnGetAtt('connection')
        self.assertRaises(
            exception.ResourceFailure, self.run_action, rsrc.update,
            self.definition(rsrc, client_secret='wrong'))
        self.assertEqual((rsrc.UPDATE, rsrc.FAILED), rsrc.state)
        self.assertEqual(before, rsrc.FnGetAtt('connection'))

    def test_check(self):
        rsrc = self.created()
        self.run_action(rsrc.check)
        self.assertEqual((rsrc.CHECK, rsrc.COMPLETE), rsrc.state)
        self.bosh.uuid = 'another'
        self.assertRaises(exception.ResourceFailure,
                          self.run_action, rsrc.check)
        self.assertEqual((rsrc.CHECK, rsrc.FAILED), rsrc.state)

    def test_delete_asks_nothing(self):
        rsrc = self.created()
        self.bosh.down = True
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)

    def test_live_attributes(self):
        rsrc = self.created()
        self.assertEqual([], rsrc.FnGetAtt('deployments'))
        self.bosh.deployments['cf'] = {}
        self.bosh.stemcells['noble', '1.2'] = 'cid'
        self.bosh.releases['capi'] = ['3']
        self.assertEqual(['cf'], rsrc.FnGetAtt('deployments'))
        self.assertEqual([{'name': 'noble', 'version': '1.2',
                           'operating_system': 'ubuntu-noble'}],
                         rsrc.FnGetAtt('stemcells'))
        self.assertEqual([{'name': 'capi', 'version': '3'}],
                         rsrc.FnGetAtt('releases'))
        self.assertEqual(40, rsrc.FnGetAtt('certificates')[0]['days_left'])

    def test_show_survives_a_director_that_is_down(self):
        rsrc = self.created()
        self.bosh.down = True
        shown = rsrc.FnGetAtt('show')
        self.assertIn('refused', shown['error'])
        self.assertEqual('pocket', shown['name'])
        self.assertIsNone(shown['deployments'])

    def test_secret_of_the_key_manager(self):
        payload = self.patchobject(
            barbican.BarbicanClientPlugin, 'get_secret_payload_by_ref',
            return_value=fake_director.SECRET.encode())
        self.patchobject(barbican.SecretConstraint, 'validate',
                         return_value=True)
        rsrc = self.created(client_secret=None,
                            client_secret_ref='https://kms/v1/secrets/1')
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        payload.assert_called_once_with('https://kms/v1/secrets/1')
        self.assertEqual(fake_director.SECRET,
                         self.unsealed(rsrc).client_secret)

    def test_one_secret_is_needed(self):
        rsrc = self.director(client_secret=None)
        self.assertRaises(exception.PropertyUnspecifiedError, rsrc.validate)
        with mock.patch.object(barbican.SecretConstraint, 'validate',
                               autospec=True, return_value=True):
            rsrc = self.director(client_secret_ref='https://kms/1')
            self.assertRaises(exception.ResourcePropertyConflict,
                              rsrc.validate)

    def test_invalid_endpoint(self):
        rsrc = self.director(endpoint='http://director.example.com')
        error = self.assertRaises(exception.StackValidationFailed,
                                  rsrc.validate)
        self.assertIn('not valid', str(error))

    def test_invalid_ca_certificate(self):
        rsrc = self.director(ca_certificate='no certificate')
        error = self.assertRaises(exception.StackValidationFailed,
                                  rsrc.validate)
        self.assertIn('PEM', str(error))

    def test_refused_address(self):
        rsrc = self.director(endpoint='https://director.example.com:22')
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.create)
        self.assertIn('director_allowed_ports', str(error))
