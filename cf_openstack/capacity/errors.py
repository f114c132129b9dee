# SPDX-License-Identifier: Apache-2.0
"""What can go wrong when capacity is worked out or checked."""

from collections.abc import Iterable

from cf_openstack import exceptions


class CapacityError(exceptions.CfOpenStackError):
    """Base of all errors of this package."""

    msg_fmt = 'The capacity cannot be checked: %(reason)s'


class NeedUnknown(CapacityError):
    """It cannot be said what a manifest needs."""

    msg_fmt = 'It cannot be said what the deployment needs: %(reason)s'


class LimitsUnknown(CapacityError):
    """Nothing at all can be read of the project."""

    msg_fmt = ('The limits of the project cannot be read: %(reason)s. '
               'Check the credentials and their project')


class CapacityExceeded(CapacityError):
    """A project does not have what a deployment needs.

    :ivar shortages: one text for each shortage.
    """

    msg_fmt = 'This project has no room for the deployment. %(shortages)s'

    def __init__(self, shortages: Iterable[str]) -> None:
        self.shortages = tuple(shortages)
        super().__init__(shortages='; '.join(self.shortages))
