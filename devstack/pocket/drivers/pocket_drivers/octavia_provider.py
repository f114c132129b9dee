# SPDX-License-Identifier: Apache-2.0
"""Octavia provider driver without amphorae: everything succeeds at once.

Load balancers, VIP ports, quotas and the state machine are octavia's own;
only the data plane is missing.
"""

import threading
import time
from typing import Any

from octavia_lib.api.drivers import provider_base
from octavia_lib.common import constants
from oslo_log import log as logging

LOG = logging.getLogger(__name__)
PENDING = 'PENDING_'
# Children first: an object is deleted before what it belongs to.
KINDS = (('members', 'Member'), ('healthmonitors', 'HealthMonitor'),
         ('pools', 'Pool'), ('l7rules', 'L7Rule'),
         ('l7policies', 'L7Policy'), ('listeners', 'Listener'),
         ('loadbalancers', 'LoadBalancer'))
# The API commits what it asked of the driver after the driver returned.
ROUNDS = 4
PAUSE_S = 0.3


class Settler:
    """Lets whatever is PENDING_* become ACTIVE, or deletes it."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()

    def start(self, *_args: Any, **_kwargs: Any) -> None:
        """Settle in the background, and return at once."""
        threading.Thread(target=self._settle, daemon=True).start()

    def _settle(self) -> None:
        # Octavia's modules read its configuration when imported, and this
        # module is imported before that is complete.
        from octavia.api.drivers.driver_agent import driver_updater
        with self._one_at_a_time:
            for _round in range(ROUNDS):
                time.sleep(PAUSE_S)
                status = self._pending()
                if not status:
                    continue
                answer = driver_updater.DriverUpdater(
                ).update_loadbalancer_status(status)
                if (answer[constants.STATUS_CODE]
                        != constants.DRVR_STATUS_CODE_OK):
                    LOG.error('Octavia refused the new state: %s', answer)

    def _pending(self) -> dict[str, list[dict[str, str]]]:
        from octavia.db import api as db_api
        from octavia.db import models
        status: dict[str, list[dict[str, str]]] = {}
        session = db_api.get_session()
        with session.begin():
            for key, name in KINDS:
                model = getattr(models, name)
                rows = session.query(
                    model.id, model.provisioning_status).filter(
                        model.provisioning_status.like(PENDING + '%'))
                for row in rows:
                    status.setdefault(key, []).append(_settled(row))
        session.close()
        return status


def _settled(row: Any) -> dict[str, str]:
    if row.provisioning_status == PENDING + 'DELETE':
        return {'id': row.id, 'provisioning_status': 'DELETED'}
    return {'id': row.id, 'provisioning_status': 'ACTIVE',
            'operating_status': 'ONLINE'}


class PocketProvider(provider_base.ProviderDriver):
    """Accepts everything; the VIP port is made by octavia itself."""

    def __init__(self) -> None:
        super().__init__()
        self._settler = Settler()
        # Whatever the API can ask of a provider is settled alike.
        for name in dir(provider_base.ProviderDriver):
            if name.endswith(('_create', '_delete', '_update', '_failover')):
                setattr(self, name, self._settler.start)

    def get_supported_flavor_metadata(self) -> dict[str, str]:
        """No flavors."""
        return {}

    def get_supported_availability_zone_metadata(self) -> dict[str, str]:
        """No availability zones."""
        return {}

    def validate_flavor(self, flavor_metadata: Any) -> None:
        """Any will do."""

    def validate_availability_zone(self, metadata: Any) -> None:
        """Any will do."""
