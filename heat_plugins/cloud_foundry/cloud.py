# SPDX-License-Identifier: Apache-2.0
"""Questions to the cloud of the stack, by its tenant's own token."""

from collections.abc import Iterator
import contextlib

from keystoneauth1 import exceptions as auth_exceptions
from openstack import connection
from openstack import exceptions as sdk_exceptions

from cf_openstack import exceptions

from heat.engine import resource

_CLIENT = 'openstack'


class CloudFailed(exceptions.CfOpenStackError):
    """The cloud did not answer, or not as it should."""

    msg_fmt = ('The cloud does not tell what is needed to know: %(reason)s. '
               'Try again; if it stays so, ask its operators.')


def connect(rsrc: resource.Resource) -> connection.Connection:
    """A connection with the rights of whoever the stack belongs to."""
    return rsrc.client(_CLIENT)


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Turn failures of the SDK into ours.

    :raises CloudFailed: the cloud did not answer.
    """
    try:
        yield
    except (sdk_exceptions.SDKException,
            auth_exceptions.ClientException) as error:
        raise CloudFailed(reason='%s: %s' % (
            type(error).__name__, str(error).split('\n')[0])) from error
