# SPDX-License-Identifier: Apache-2.0
"""The constraint ``cf_openstack.download_url``."""

import ipaddress
from typing import Any
import urllib.parse

from oslo_config import cfg

from cf_openstack.director import endpoint_policy
from cf_openstack.director import exceptions

from heat.common.i18n import _
from heat.engine import constraints

_HTTPS = 443


class DownloadUrl(constraints.BaseCustomConstraint):
    """An https URL that the operator lets the engine download from.

    A host name is not resolved here: that is done once, right before the
    connection.
    """

    message = _('Value must be an https URL whose port, and address if it '
                'has one in place of a name, the operator allows.')

    expected_exceptions = (exceptions.DirectorError, ValueError)

    def validate_with_client(self, clients: Any, value: Any) -> None:
        """Hold it against the operator's options.

        :raises ValueError: when it is no https URL.
        :raises EndpointRefused: when the operator does not allow it.
        """
        url = urllib.parse.urlsplit(value)
        if url.scheme != 'https' or not url.hostname:
            raise ValueError(_('it is no https URL'))
        policy = endpoint_policy.EndpointPolicy.for_downloads(cfg.CONF)
        port = url.port or _HTTPS
        policy.check_port(url.hostname, port)
        try:
            ipaddress.ip_address(url.hostname)
        except ValueError:
            return      # a name
        policy.check(url.hostname, port)
