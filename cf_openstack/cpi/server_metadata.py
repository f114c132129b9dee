# SPDX-License-Identifier: Apache-2.0
"""Metadata of servers that exist already."""

from collections.abc import Mapping

from openstack import exceptions as sdk_exceptions

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import retry
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors


def merge(
    call: calls.Call, cid: str, metadata: Mapping[str, str]
) -> dict[str, str]:
    """Add metadata to a server; what it has beside that stays.

    :returns: all of the server's metadata, old and new.
    :raises errors.VMNotFound: there is no such server.
    """
    # Not through the SDK's keyword arguments, which keys such as "name"
    # and "id" would clash with.
    def post() -> dict[str, str]:
        response = call.cloud.compute.post(
            f'/servers/{cid}/metadata', json={'metadata': dict(metadata)})
        sdk_exceptions.raise_from_response(response)
        return response.json()['metadata']

    try:
        return retry.repeat(post)
    except cloud_errors.API_ERRORS as exc:
        if cloud_errors.is_not_found(exc):
            raise errors.VMNotFound(cid=cid) from exc
        raise
