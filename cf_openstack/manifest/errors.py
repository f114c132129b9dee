# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a manifest, its operations files and variables."""

from cf_openstack import exceptions


class ManifestError(exceptions.CfOpenStackError):
    """Base of all errors of this package."""

    msg_fmt = 'The manifest cannot be used: %(reason)s'


class DocumentError(ManifestError):
    """A text is not the YAML that was expected.

    :ivar line: where, counted from 1, or None.
    """

    msg_fmt = '%(name)s%(where)s: %(reason)s'

    def __init__(self, name: str, reason: object,
                 line: int | None = None) -> None:
        self.line = line
        super().__init__(name=name, reason=reason,
                         where='' if line is None else ', line %d' % line)


class PathError(ManifestError):
    """A path of an operation cannot be read."""

    msg_fmt = 'the path "%(path)s" is not valid: %(reason)s'


class NotFound(ManifestError):
    """A path leads to nothing.

    :ivar path: the part of the path up to where it failed.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        super().__init__('%s at "%s"' % (reason, path))


class Ambiguous(NotFound):
    """A path leads to no item or to several where one is needed."""


class WrongType(NotFound):
    """A path leads through something that has no such parts."""


class OperationError(ManifestError):
    """An operation is not valid, or cannot be carried out.

    The number is the bosh CLI's: it counts from 0.
    """

    msg_fmt = ('Operation [%(number)d] in %(file)s (%(operation)s) failed: '
               '%(reason)s')


class VariableError(ManifestError):
    """A variable has a value that does not fit where it is used."""

    msg_fmt = 'Variable "%(name)s": %(reason)s'
