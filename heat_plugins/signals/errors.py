# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a signal."""

from cf_openstack import exceptions


class BadSignal(exceptions.CfOpenStackError):
    """A signal that nobody understands."""

    msg_fmt = 'The signal is not valid: %(reason)s.'


class SignalRefused(exceptions.CfOpenStackError):
    """A signal that cannot be followed now."""

    msg_fmt = 'The signal "%(action)s" is refused: %(reason)s.'
