# SPDX-License-Identifier: Apache-2.0
"""Stopping instances."""

from heat_plugins.signals import fields
from heat_plugins.signals import instance_action


class Stop(instance_action.InstanceAction):
    """Stop the processes of instances; they stay so in later deploys.

    ``hard`` deletes the servers as well; persistent disks stay.
    """

    name = 'stop'
    accepts = {**instance_action.COMMON,
               instance_action.HARD: fields.Flag(),
               instance_action.SKIP_DRAIN: fields.Flag()}
