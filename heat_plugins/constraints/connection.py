# SPDX-License-Identifier: Apache-2.0
"""The constraint ``cf_openstack.connection``."""

from typing import Any

from cf_openstack.director import connection

from heat.common.i18n import _
from heat.engine import constraints

from heat_plugins.clients import bosh_director


class SealedConnection(constraints.BaseCustomConstraint):
    """A sealed connection to a director, made in this very project."""

    message = _('Value must be the attribute "connection" of a '
                'CloudFoundry::BOSH::Director resource of the same project.')

    expected_exceptions = (connection.SealError,)

    def error(self, value: Any) -> str:
        """What is wrong; the value is not quoted."""
        return self._error_message or self.message

    def validate_with_client(self, clients: Any, value: Any) -> None:
        """Open it; nobody is contacted.

        :raises SealError: when it does not open here.
        """
        clients.client_plugin(bosh_director.CLIENT_NAME).unseal(
            value, clients.context.project_id)
