# SPDX-License-Identifier: Apache-2.0
"""The life of CloudFoundry::CF::Deployment."""

from tests.unit.heat_plugins import cloud_foundries
from tests.unit.heat_plugins import deployments


class CreateTest(cloud_foundries.CloudFoundryTestCase):

    def test_create_and_delete(self):
        rsrc = self.created()
        self.assertEqual('cf', rsrc.resource_id)
        self.assertEqual(1, self.bosh.count(*deployments.DEPLOY))
        self.delete(rsrc)
