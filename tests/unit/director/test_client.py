# SPDX-License-Identifier: Apache-2.0

import logging

import fixtures
from oslo_config import cfg

from cf_openstack import conf as options
from cf_openstack.director import certificates
from cf_openstack.director import client
from cf_openstack.director import exceptions
from cf_openstack.director import locks
from tests.unit.director import base


class DirectorTest(base.DirectorTestCase):

    def test_making_one_contacts_nobody(self):
        with client.Director(self.connection):
            self.assertEqual(0, self.http.call_count)

    def test_locks(self):
        self.stub('GET', '/locks', [
            {'type': 'deployment', 'resource': ['cf'],
             'timeout': '1755859230.123456', 'task_id': '42'},
            {'type': 'release', 'resource': 'nats'}])
        self.assertEqual(
            [locks.Lock('deployment', ('cf',), 1755859230.123456, 42),
             locks.Lock('release', ('nats',), None, None)],
            self.director.locks.list())

    def test_certificates(self):
        self.stub('GET', '/director/certificate_expiry', [
            {'certificate_path': 'director.nats.tls.ca',
             'expiry': '2027-08-22T10:00:00Z', 'days_left': 340}])
        self.assertEqual(
            [certificates.Certificate('director.nats.tls.ca',
                                      '2027-08-22T10:00:00Z', 340)],
            self.director.certificates())

    def test_secret_is_not_logged(self):
        logger = self.useFixture(fixtures.FakeLogger(level=logging.DEBUG))
        self.stub('GET', '/tasks', status_code=500, text='')
        self.assertRaises(exceptions.HttpError, self.director.authenticate)
        self.assertIn('/tasks', logger.output)
        for text in (logger.output, repr(self.director)):
            self.assertNotIn(base.SECRET, text)
            self.assertNotIn('Basic', text)

    def test_configuration(self):
        conf = cfg.ConfigOpts()
        options.register_opts(conf)
        conf([])
        conf.set_override('director_allowed_ports', [4443],
                          group='cf_openstack')
        director = client.Director.from_conf(self.connection, conf)
        error = self.assertRaises(exceptions.EndpointRefused, director.info)
        self.assertIn('port 25555', str(error))

    def test_size_of_answers_is_configured(self):
        conf = cfg.ConfigOpts()
        options.register_opts(conf)
        conf([])
        conf.set_override('director_max_response_size', 65536,
                          group='cf_openstack')
        self.http.get(f'{base.URL}/info', content=b' ' * 65537)
        director = client.Director.from_conf(self.connection, conf)
        self.assertRaises(exceptions.BadResponse, director.info)
