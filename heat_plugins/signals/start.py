# SPDX-License-Identifier: Apache-2.0
"""Starting instances that were stopped."""

from heat_plugins.signals import instance_action


class Start(instance_action.InstanceAction):
    """Start instances; those without a server get one."""

    name = 'start'
    accepts = instance_action.COMMON
