# SPDX-License-Identifier: Apache-2.0
"""The root of every error that cf-openstack raises itself."""

from typing import Any


class CfOpenStackError(Exception):
    """Base of all errors of this project.

    A subclass sets ``msg_fmt``, a ``%(name)s`` template; the keyword
    arguments fill it and stay readable as ``kwargs``.  A message given
    outright wins over the template.  Neither may ever hold a secret: the
    text travels to logs, events and director tasks.

    :param message: the whole message, in place of the template.
    :param kwargs: values for the template.
    """

    msg_fmt = 'An unknown error occurred.'

    def __init__(self, message: str | None = None, **kwargs: Any) -> None:
        self.kwargs = kwargs
        super().__init__(message or self.msg_fmt % kwargs)

    @property
    def message(self) -> str:
        """The text a person reads."""
        return str(self)
