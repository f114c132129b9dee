# SPDX-License-Identifier: Apache-2.0
"""Reading the exceptions of openstacksdk and keystoneauth."""

import http

from keystoneauth1 import exceptions as ksa_exceptions
from openstack import exceptions as sdk_exceptions

from cf_openstack import exceptions

#: What any failed request to OpenStack raises.
API_ERRORS = (
    ksa_exceptions.ClientException,
    sdk_exceptions.SDKException,
)

#: A later try may get another answer.
_PASSING_STATUS = frozenset((413, 429, 500, 502, 503, 504))

_CONNECTION_ERRORS = (
    ksa_exceptions.ConnectionError,
    ksa_exceptions.UnknownConnectionError,
)


class CloudFailure(exceptions.CfOpenStackError):
    """Base of what goes wrong in OpenStack without a failed request."""


class ResourceFailed(CloudFailure):
    """An object went to an error state while it was waited for."""

    msg_fmt = ("%(kind)s `%(id)s' state is %(state)s, expected "
               '%(expected)s%(reason)s')


class WaitTimedOut(CloudFailure):
    """An object did not get where it should in time."""

    msg_fmt = ("Timed out waiting for %(kind)s `%(id)s' to be %(expected)s: "
               'after %(seconds)d seconds its state is %(state)s')


def status_of(exc: BaseException) -> int | None:
    """The HTTP status of a refused request, None without an answer."""
    for name in ('status_code', 'http_status'):
        status = getattr(exc, name, None)
        if isinstance(status, int) and status:
            return status
    return None


def is_not_found(exc: BaseException) -> bool:
    """Whether the object of a request does not exist.

    Keystone answers 404 as well, to an application credential that was
    deleted: that comes as an exception of keystoneauth, and says nothing
    of the object.
    """
    return isinstance(exc, sdk_exceptions.HttpException) and (
        status_of(exc) == 404)


def is_connection_error(exc: BaseException) -> bool:
    """Whether no answer came at all, for another reason than TLS."""
    return isinstance(exc, _CONNECTION_ERRORS) and not isinstance(
        exc, ksa_exceptions.SSLError)


def is_transient(exc: BaseException) -> bool:
    """Whether the same request may well succeed a little later."""
    if isinstance(exc, API_ERRORS):
        return (
            is_connection_error(exc) or status_of(exc) in _PASSING_STATUS)
    return False


def outcome_unknown(exc: BaseException) -> bool:
    """Whether a request that failed so may have taken effect."""
    status = status_of(exc)
    if isinstance(exc, API_ERRORS) and status is not None:
        return status in (500, 502, 503, 504)
    return is_connection_error(exc)


def may_still_run(exc: BaseException) -> bool:
    """Whether a request that failed so may take effect later on."""
    return status_of(exc) == 504 or isinstance(
        exc, ksa_exceptions.ConnectTimeout)


def detail(exc: BaseException) -> str:
    """What OpenStack said, without URLs and class names."""
    text = getattr(exc, 'details', None) or getattr(exc, 'message', None)
    return str(text or exc).strip() or type(exc).__name__


def describe(exc: BaseException) -> str:
    """Say for a person what was refused and why.

    The form for an HTTP status is upstream's, since operators and their
    scripts know it.
    """
    status = status_of(exc)
    if isinstance(exc, ksa_exceptions.SSLError):
        return (
            f'The TLS certificate of OpenStack was not accepted: '
            f'{detail(exc)}. Check connection_options.ca_cert.')
    if isinstance(exc, ksa_exceptions.ConnectionError):
        return (
            f'OpenStack could not be reached: {detail(exc)}. Check auth_url '
            "and the endpoints in the catalog, and that the cloud's API is "
            'up.')
    if isinstance(exc, (
            ksa_exceptions.CatalogException,
            ksa_exceptions.EndpointNotFound,
            ksa_exceptions.DiscoveryFailure,
            sdk_exceptions.ServiceDisabledException)):
        return f'Unable to connect to the OpenStack service: {detail(exc)}'
    if status is None:
        return f'OpenStack: {detail(exc)}'
    if status == 401 or (
            status == 404 and isinstance(exc, ksa_exceptions.HttpError)):
        return (
            f'OpenStack API {_phrase(status)} ({detail(exc)}). Check user, '
            'project, domain and password or application credential.')
    request_id = getattr(exc, 'request_id', None)
    trace = f' [request {request_id}]' if request_id else ''
    return (
        f'OpenStack API {_phrase(status)} ({detail(exc)}){trace}.\n'
        'Check task debug log for details.')


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return f'HTTP {status}'
