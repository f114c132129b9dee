# SPDX-License-Identifier: Apache-2.0
"""The cloud keeps to itself with a database server and a broker, too."""

from tests.functional.engines import fleet
from tests.functional.pocket import test_isolation


class EnginesIsolationTest(test_isolation.IsolationTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.assertTrue(fleet.Fleet(self.state).running())
        # seen by the tests of every cloud
        self.assertLess({'mariadb', 'epmd', 'rabbitmq'},
                        {one.name for one in self.state.services})
