# SPDX-License-Identifier: Apache-2.0

import ddt
from keystoneauth1 import exceptions as ksa_exceptions
from openstack import exceptions as sdk_exceptions
from oslotest import base
import requests

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cpi import errors
from cf_openstack.cpi import translation

TIMED_OUT = {'kind': 'Server', 'id': 's', 'expected': 'active',
             'seconds': 9, 'state': 'build'}
FAILED = {'kind': 'Server', 'id': 's', 'expected': 'active',
          'state': 'error', 'reason': ''}


def http_error(status: int) -> Exception:
    response = requests.Response()
    response.status_code = status
    return sdk_exceptions.HttpException(response=response)


@ddt.ddt
class TestCreationFailure(base.BaseTestCase):

    @ddt.data(
        http_error(429), http_error(500), http_error(502), http_error(503),
        http_error(504), ksa_exceptions.ConnectFailure(),
        ksa_exceptions.ConnectTimeout(),
        cloud_errors.WaitTimedOut(**TIMED_OUT),
        cloud_errors.ResourceFailed(**FAILED),
    )
    def test_what_passes_is_worth_a_try(self, exc):
        found = translation.to_creation_failure(exc, 'vm-1')
        self.assertIsInstance(found, errors.VMCreationFailed)
        self.assertTrue(found.ok_to_retry)
        self.assertIn("VM creation with name 'vm-1' failed", found.message)

    @ddt.data(
        http_error(400), http_error(401), http_error(403), http_error(404),
        http_error(409), ksa_exceptions.SSLError(),
        ksa_exceptions.Unauthorized(), ksa_exceptions.EndpointNotFound(),
    )
    def test_what_a_person_must_change_is_not(self, exc):
        found = translation.to_creation_failure(exc, 'vm-1')
        self.assertEqual(errors.CloudError, type(found))
        self.assertFalse(found.ok_to_retry)

    def test_what_is_told_already(self):
        told = errors.VMCreationFailed('no')
        self.assertIs(told, translation.to_creation_failure(told, 'vm-1'))

    def test_a_defect_stays_one(self):
        defect = KeyError('x')
        self.assertIs(
            defect, translation.to_creation_failure(defect, 'vm-1'))


class TestToBosh(base.BaseTestCase):

    def test_errors_of_openstack_and_ours(self):
        for exc in (http_error(503), cloud_errors.ResourceFailed(**FAILED)):
            found = translation.to_bosh(exc)
            self.assertEqual(errors.CloudError, type(found))
            self.assertFalse(found.ok_to_retry)

    def test_errors_of_bosh_stay_what_they_are(self):
        for exc in (errors.DiskNotFound(cid='d'), errors.VMNotFound(cid='v')):
            self.assertIs(exc, translation.to_bosh(exc))
