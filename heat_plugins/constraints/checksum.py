# SPDX-License-Identifier: Apache-2.0
"""The constraint ``cf_openstack.checksum``."""

from typing import Any

from cf_openstack.stemcell import checksum
from cf_openstack.stemcell import errors

from heat.common.i18n import _
from heat.engine import constraints


class Checksum(constraints.BaseCustomConstraint):
    """A checksum as bosh.io and the bosh CLI write it."""

    message = _('Value must be sha256:<64 hex digits>, or '
                'sha1:<40 hex digits>.')

    expected_exceptions = (errors.StemcellError,)

    def validate_with_client(self, clients: Any, value: Any) -> None:
        """Read it.

        :raises ChecksumInvalid: when it is none.
        """
        checksum.Checksum.parse(value)
