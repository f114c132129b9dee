# SPDX-License-Identifier: Apache-2.0
"""Events on what comes of signals."""

from heat.engine import event

from heat_plugins.resources import base

#: The action of these events, and the states that they tell.
ACTION = 'SIGNAL'
IN_PROGRESS, COMPLETE, FAILED = 'IN_PROGRESS', 'COMPLETE', 'FAILED'

_LENGTH = 255      # of a reason, in Heat's database


def tell(rsrc: base.DirectorUser, status: str, text: str) -> None:
    """Show something as an event of a resource.

    :param status: one of the states above.
    """
    if len(text) > _LENGTH:
        text = text[:_LENGTH - 1] + '…'
    told = event.Event(
        rsrc.context, rsrc.stack, ACTION, status, text,
        # Not its id; see BoshResource.report.
        rsrc.physical_resource_name(), rsrc._rsrc_prop_data_id,
        rsrc._stored_properties_data, rsrc.name, rsrc.type())
    told.store()
    rsrc.stack.dispatch_event(told)
