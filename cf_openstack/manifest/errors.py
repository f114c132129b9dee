# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a manifest, its operations files and variables."""

from cf_openstack import exceptions


# Heat keeps the reason of a failure in a column of the database.
_LONGEST = 400


def _short(text: object) -> str:
    """A text of the manifest's author, so that it fits into an error."""
    text = str(text)
    return text if len(text) <= _LONGEST else text[:_LONGEST - 1] + '…'


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
        super().__init__(name=_short(name), reason=reason,
                         where='' if line is None else ', line %d' % line)


class PathError(ManifestError):
    """A path of an operation cannot be read."""

    msg_fmt = 'the path "%(path)s" is not valid: %(reason)s'

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(path=_short(path), reason=reason)


class NotFound(ManifestError):
    """A path leads to nothing.

    :ivar path: the part of the path up to where it failed.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        super().__init__('%s at "%s"' % (reason, _short(path)))


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

    def __init__(self, number: int, file: str, operation: str,
                 reason: str) -> None:
        super().__init__(number=number, file=_short(file),
                         operation=_short(operation), reason=reason)


class VariableError(ManifestError):
    """A variable has a value that does not fit where it is used."""

    msg_fmt = 'Variable "%(name)s": %(reason)s'

    def __init__(self, name: object, reason: str) -> None:
        super().__init__(name=_short(name), reason=reason)
