# SPDX-License-Identifier: Apache-2.0
"""Who may send signals."""

from oslo_context import context as oslo_context

from heat.common import context as heat_context
from heat.common import exception

from heat_plugins.resources import base


def authorize(rsrc: base.DirectorUser) -> None:
    """Check that the sender of a signal may change the stack.

    By Heat's default policy whoever may read a stack may signal its
    resources, and so may the users that Heat makes for servers.  What
    signals do here is no less than an update of the stack.

    The resource itself is loaded with the rights of the stack's owner; the
    sender is who sent the request that this thread answers.

    :raises Forbidden: when the sender may not.
    """
    sender = oslo_context.get_current()
    if not isinstance(sender, heat_context.RequestContext):
        raise exception.Forbidden(action='signal')
    sender.policy.enforce(
        sender, 'update', scope='stacks',
        target={'project_id': rsrc.stack.tenant_id},
        is_registered_policy=True)
