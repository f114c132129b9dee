# SPDX-License-Identifier: Apache-2.0
"""Tables of projects whose migrations SQLite cannot run.

Neutron's and octavia's migrations alter constraints, which SQLite cannot.
So the tables are made from the current models.  Runs inside the venv:
``python -m devstack.pocket.tables PROJECT URL``.
"""

import sys

import sqlalchemy
from sqlalchemy import orm


def neutron(engine: sqlalchemy.Engine) -> None:
    """Neutron's tables; its heads are then stamped by its own command."""
    from neutron.db.migration.models import head
    head.get_metadata().create_all(engine)


def octavia(engine: sqlalchemy.Engine) -> None:
    """Octavia's tables, and the rows that its migrations would insert."""
    from octavia.common import constants
    from octavia.db import base_models
    from octavia.db import models
    base_models.BASE.metadata.create_all(engine)
    lookups = {
        models.Algorithm: constants.SUPPORTED_LB_ALGORITHMS,
        models.AmphoraRoles: constants.SUPPORTED_AMPHORA_ROLES,
        models.ClientAuthenticationMode:
            constants.SUPPORTED_CLIENT_AUTH_MODES,
        models.HealthMonitorType: constants.SUPPORTED_HEALTH_MONITOR_TYPES,
        models.L7PolicyAction: constants.SUPPORTED_L7POLICY_ACTIONS,
        models.L7RuleCompareType: constants.SUPPORTED_L7RULE_COMPARE_TYPES,
        models.L7RuleType: constants.SUPPORTED_L7RULE_TYPES,
        models.LBTopology: constants.SUPPORTED_LB_TOPOLOGIES,
        models.OperatingStatus: constants.SUPPORTED_OPERATING_STATUSES,
        models.Protocol: constants.SUPPORTED_PROTOCOLS,
        models.ProvisioningStatus:
            constants.SUPPORTED_PROVISIONING_STATUSES,
        models.SessionPersistenceType: constants.SUPPORTED_SP_TYPES,
        models.VRRPAuthMethod: constants.SUPPORTED_VRRP_AUTH,
    }
    nil = constants.NIL_UUID
    # What a deleted load balancer points to instead of its flavor and zone.
    placeholders = (
        models.FlavorProfile(
            id=nil, name='DELETED-PLACEHOLDER', flavor_data='{}',
            provider_name=constants.DELETED),
        models.Flavor(
            id=nil, flavor_profile_id=nil, name='DELETED-PLACEHOLDER',
            enabled=False),
        models.AvailabilityZoneProfile(
            id=nil, name='DELETED-PLACEHOLDER', availability_zone_data='{}',
            provider_name=constants.DELETED),
        models.AvailabilityZone(
            name=nil, availability_zone_profile_id=nil, enabled=False),
    )
    with orm.Session(engine) as session, session.begin():
        for model, names in lookups.items():
            session.add_all(model(name=name) for name in names)
        for row in placeholders:
            session.add(row)
            session.flush()


PROJECTS = {'neutron': neutron, 'octavia': octavia}


def main(argv: list[str]) -> None:
    project, url = argv
    PROJECTS[project](sqlalchemy.create_engine(url))


if __name__ == '__main__':
    main(sys.argv[1:])
