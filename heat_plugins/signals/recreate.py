# SPDX-License-Identifier: Apache-2.0
"""Giving instances new servers."""

from heat_plugins.signals import fields
from heat_plugins.signals import instance_action


class Recreate(instance_action.InstanceAction):
    """Replace the servers of instances; persistent disks stay.

    ``fix`` does so too where an agent does not answer any more.
    """

    name = 'recreate'
    accepts = {**instance_action.COMMON,
               instance_action.SKIP_DRAIN: fields.Flag(),
               instance_action.FIX: fields.Flag(),
               instance_action.IGNORE_AGENT: fields.Flag()}
