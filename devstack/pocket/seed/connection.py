# SPDX-License-Identifier: Apache-2.0
"""Connections of openstacksdk to the pocket cloud."""

import openstack
from openstack import connection

from devstack.pocket import clients
from devstack.pocket import state as pocket_state


def connect(state: pocket_state.State,
            cloud: str = 'pocket') -> connection.Connection:
    """A connection that owes nothing to the environment it is made in.

    :param cloud: "pocket" (the tenant) or "pocket-admin".
    """
    return openstack.connect(
        load_yaml_config=False, load_envvars=False,
        region_name=pocket_state.REGION, **clients.auth(state, cloud))
