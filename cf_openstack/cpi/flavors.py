# SPDX-License-Identifier: Apache-2.0
"""Flavors, by name."""

import logging

from openstack.compute.v2 import flavor
from openstack import connection

from cf_openstack.cpi import errors

LOG = logging.getLogger(__name__)


def find(conn: connection.Connection, name: str) -> flavor.Flavor:
    """Return the flavor of that name, with one request.

    :raises errors.CloudError: there is none.
    """
    for candidate in conn.compute.flavors(details=True):
        if candidate.name == name:
            _warn_if_small(candidate)
            return candidate
    raise errors.CloudError(f"Flavor `{name}' not found")


def _warn_if_small(found: flavor.Flavor) -> None:
    # Upstream refuses such a flavor, a rule from times when the agent put
    # swap of twice the RAM on the ephemeral disk.
    wanted = found.ram // 1024 * 2
    if 0 < (found.ephemeral or 0) < wanted:
        LOG.warning(
            "Flavor `%s' should have at least %dGb of ephemeral disk",
            found.name, wanted)
