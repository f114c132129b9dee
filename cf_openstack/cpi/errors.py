# SPDX-License-Identifier: Apache-2.0
"""The errors a BOSH director understands, as exceptions.

Each class bears the ``type`` of a CPI reply.  A director reads
``ok_to_retry`` only for the "retriable" types (NoDiskSpace,
DiskNotAttached, DiskNotFound, VMCreationFailed); every other type ends
the task at once.
"""

from typing import Any

from cf_openstack import exceptions


class BoshError(exceptions.CfOpenStackError):
    """Base of the errors that become the ``error`` of a CPI reply.

    :param message: what happened, to which object, and what to do.
    :param ok_to_retry: whether the same call may succeed if repeated.
    """

    type = 'Bosh::Clouds::CpiError'

    def __init__(
        self,
        message: str | None = None,
        ok_to_retry: bool = False,
        **kwargs: Any,
    ) -> None:
        self.ok_to_retry = ok_to_retry
        super().__init__(message, **kwargs)


class Unknown(BoshError):
    """Something nobody foresaw; a director shows it as "Unknown"."""

    type = 'Unknown'


class InvalidCall(BoshError):
    """The request or the configuration is wrong."""

    type = 'InvalidCall'


class InvalidOpenStackProperty(InvalidCall):
    """A property of the configuration is missing or wrong."""

    msg_fmt = 'Invalid OpenStack cloud properties: %(reason)s'

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class InvalidVmProperty(InvalidCall):
    """A cloud property of a VM is missing or wrong."""

    msg_fmt = 'Invalid VM cloud properties: %(reason)s'

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class InvalidDiskProperty(InvalidCall):
    """A cloud property of a disk is missing or wrong."""

    msg_fmt = 'Invalid disk cloud properties: %(reason)s'

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class InvalidNetworkProperty(InvalidCall):
    """What is asked of a managed network is missing or wrong."""

    msg_fmt = 'Invalid managed network: %(reason)s'

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class CpiError(BoshError):
    """The CPI itself failed."""


class NotSupported(BoshError):
    """This cannot be done here; a director then takes another way."""

    type = 'Bosh::Clouds::NotSupported'


class MethodNotImplemented(BoshError):
    """The method is unknown or not there yet."""

    type = 'Bosh::Clouds::NotImplemented'


class CloudError(BoshError):
    """OpenStack refused or failed."""

    type = 'Bosh::Clouds::CloudError'


class VMNotFound(BoshError):
    """There is no such server."""

    type = 'Bosh::Clouds::VMNotFound'
    msg_fmt = "Server `%(cid)s' not found"


class DiskNotFound(BoshError):
    """There is no such volume."""

    type = 'Bosh::Clouds::DiskNotFound'
    msg_fmt = "Volume `%(cid)s' not found"


class NetworkNotFound(BoshError):
    """There is no such network."""

    type = 'Bosh::Clouds::NetworkNotFound'
    msg_fmt = "Network `%(cid)s' not found"


class VMCreationFailed(BoshError):
    """No VM came of create_vm; ok_to_retry makes a director try again."""

    type = 'Bosh::Clouds::VMCreationFailed'


class Terminated(BaseException):
    """A signal told the CPI to stop: undo, reply, leave.

    Not an Exception, so that no handler for failed API calls holds it up.

    :param signal_name: for instance ``SIGTERM``.
    """

    def __init__(self, signal_name: str) -> None:
        self.signal_name = signal_name
        super().__init__(signal_name)
