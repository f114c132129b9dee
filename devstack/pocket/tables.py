# SPDX-License-Identifier: Apache-2.0
"""Tables of projects whose migrations SQLite cannot run.

Neutron's and octavia's migrations alter constraints, which SQLite cannot.
So the tables are made from the current models.  Runs inside the venv:
``python -m devstack.pocket.tables neutron CONFIGURATION`` or
``python -m devstack.pocket.tables octavia URL``.
"""

import sys

import sqlalchemy
from sqlalchemy import orm


def neutron(config: str) -> None:
    """Neutron's tables, marked as being up to date.

    :param config: path of neutron.conf, which names the database.
    """
    from neutron.db.migration import cli
    from neutron.db.migration.models import head
    sys.argv = ['neutron-db-manage', '--config-file', config, 'stamp',
                'heads']
    cli.CONF(sys.argv[1:])
    engine = sqlalchemy.create_engine(cli.CONF.database.connection)
    head.get_metadata().create_all(engine)
    cli.main()


def octavia(url: str) -> None:
    """Octavia's tables, and the rows that its migrations would insert."""
    from octavia.common import constants
    from octavia.db import base_models
    from octavia.db import models
    engine = sqlalchemy.create_engine(url)
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
    project, argument = argv
    PROJECTS[project](argument)


if __name__ == '__main__':
    main(sys.argv[1:])
