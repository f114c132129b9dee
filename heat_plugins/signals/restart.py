# SPDX-License-Identifier: Apache-2.0
"""Restarting the processes of instances."""

from heat_plugins.signals import fields
from heat_plugins.signals import instance_action


class Restart(instance_action.InstanceAction):
    """Restart the processes of instances; their servers stay."""

    name = 'restart'
    accepts = {**instance_action.COMMON,
               instance_action.SKIP_DRAIN: fields.Flag()}
