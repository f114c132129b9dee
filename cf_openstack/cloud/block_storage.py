# SPDX-License-Identifier: Apache-2.0
"""Cinder, without asking first which versions it speaks.

The SDK reads the version document of a service to find the newest
microversion that both know.  Nothing a CPI asks of Cinder is newer than 3.0,
which every Cinder of this century speaks, so one request is saved.
"""

import re
from typing import Any

from openstack.block_storage.v3 import _proxy
from openstack import service_description

_VERSIONED = re.compile(r'/v3(/|$)')


class Proxy(_proxy.Proxy):
    """The SDK's Cinder, with the microversion that all of them have.

    A catalog may name an endpoint without a version.  Then, and only then,
    keystoneauth has to ask for the version's URL.
    """

    skip_discovery = True

    def __init__(
        self, *args: Any, endpoint_override: str | None = None,
        default_microversion: str | None = None, **kwargs: Any
    ) -> None:
        if endpoint_override and not _VERSIONED.search(endpoint_override):
            endpoint_override = None
        super().__init__(
            *args, endpoint_override=endpoint_override,
            default_microversion=default_microversion or '3.0', **kwargs)


class Service(service_description.ServiceDescription[Proxy]):
    """What a connection needs to know of Cinder."""

    supported_versions = {'3': Proxy}
