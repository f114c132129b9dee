# SPDX-License-Identifier: Apache-2.0
"""The file format of oslo.config."""

from collections.abc import Mapping

Section = Mapping[str, object]


def render(sections: Mapping[str, Section]) -> str:
    """The text of a configuration file.

    Booleans become true and false, sequences comma-separated lists.
    """
    lines = []
    for name, options in sections.items():
        lines.append('[%s]' % name)
        lines += ['%s = %s' % (key, value(given))
                  for key, given in options.items()]
        lines.append('')
    return '\n'.join(lines)


def value(given: object) -> str:
    """One option's value as text."""
    if isinstance(given, bool):
        return 'true' if given else 'false'
    if isinstance(given, (list, tuple)):
        return ','.join(value(one) for one in given)
    # oslo.config would take a dollar for a reference to another option
    return str(given).replace('$', '$$')
