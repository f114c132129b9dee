# SPDX-License-Identifier: Apache-2.0
"""A fake cloud that can be searched, and what tests put into it."""

from typing import Any

from cf_openstack.cloud import connection
from cf_openstack.cloud import naming
from cf_openstack.leftovers import search
from cf_openstack.leftovers import things
from tests.unit.cpi import create_vm_case
from tests.unit.cpi import fake_catalog
from tests.unit.cpi import fake_cloud
from tests.unit.cpi import fake_service

DIRECTOR = 'dir-1'
REQUEST = 'cpi-123456'
#: In the past, as far as any test is concerned.
LONG_AGO = '2020-01-01T00:00:00Z'


class SearchableCloud(fake_cloud.FakeCloud):
    """Lists everything; what it lists is old."""

    def __init__(self) -> None:
        super().__init__()
        self.found_networks: list[dict[str, Any]] = []

    def routes(self) -> list[fake_service.Route]:
        return [
            ('GET image/images', self._all('images', self.images)),
            ('GET volume/volumes/detail', self._all(
                'volumes', self.volumes)),
            ('GET volume/snapshots/detail', self._all(
                'snapshots', self.snapshots)),
            ('GET load-balancer/lbaas/pools', self._all(
                'pools', self.pools, 'name')),
            ('GET network/networks', lambda request: (
                200, {'networks': self.found_networks})),
            *super().routes()]

    def _all(
        self, key: str, objects: dict[str, Any], *query: str
    ) -> Any:
        def answer(request: Any) -> Any:
            names = request.qs.get('name')
            return 200, {key: [
                {'created_at': LONG_AGO} | item for item in objects.values()
                if not names or item['name'] in names]}
        return answer


class LeftoverCase(create_vm_case.CreateVmCase):
    """Searches the fake cloud.

    :ivar conn: a connection to it.
    """

    CLOUD = SearchableCloud

    def setUp(self) -> None:
        super().setUp()
        self.config = self.write_config(state_timeout=20)
        self.conn = connection.connect(connection.Settings(
            fake_catalog.AUTH_URL, username='demo', password='pw-secret',
            user_domain_name='Default', project_name='demo',
            project_domain_name='Default', region='r1'))
        self.addCleanup(self.conn.close)

    def origin(self, **marks: str) -> naming.Origin:
        """What bears the marks of this test's call."""
        return naming.Origin(**{
            'director_uuid': DIRECTOR, 'request_id': REQUEST} | marks)

    def find(self, **scope: Any) -> list[things.Thing]:
        """The leftovers; by default of the director, however young."""
        return search.find(self.conn, search.Scope(**{
            'director_uuid': DIRECTOR, 'older_than': 0} | scope))

    def found(self, **scope: Any) -> list[tuple[str, str]]:
        """Kinds and ids of the leftovers."""
        return [(thing.kind, thing.id) for thing in self.find(**scope)]
