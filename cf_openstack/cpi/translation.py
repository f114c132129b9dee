# SPDX-License-Identifier: Apache-2.0
"""From the errors of OpenStack and of our libraries to those of BOSH."""

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cpi import errors
from cf_openstack import exceptions


def to_bosh(exc: Exception) -> Exception:
    """Return the BOSH error for an exception.

    What is not known here is returned as it is: a defect, not a refusal.
    """
    if isinstance(exc, errors.BoshError):
        return exc
    if isinstance(exc, cloud_errors.API_ERRORS):
        return errors.CloudError(cloud_errors.describe(exc))
    if isinstance(exc, exceptions.CfOpenStackError):
        return errors.CloudError(exc.message)
    return exc


def to_creation_failure(exc: Exception, name: str) -> Exception:
    """Return the error of a create_vm that failed for ``exc``.

    A director repeats create_vm only for a VMCreationFailed that is ok to
    retry: for what passes (a server in ERROR, a time-out, an API that
    answers 5xx), not for what a person must change.

    :param name: the name of the server.
    """
    if isinstance(exc, cloud_errors.CloudFailure):
        return errors.VMCreationFailed(
            f"VM creation with name '{name}' failed. {exc.message}",
            ok_to_retry=True)
    if isinstance(exc, cloud_errors.API_ERRORS) and (
            cloud_errors.is_transient(exc)):
        return errors.VMCreationFailed(
            f"VM creation with name '{name}' failed. "
            f'{cloud_errors.describe(exc)}', ok_to_retry=True)
    return to_bosh(exc)
