# SPDX-License-Identifier: Apache-2.0
"""YAML documents, read and written as the bosh CLI does.

Types are those of :mod:`cf_openstack.manifest.scalars`; the order of keys is
kept.  Stricter than the CLI, which silently takes the last or the first of
them: a key that stands twice in a mapping and a second document are errors.
What ``<<`` merges into a mapping takes the place of the keys before it, and
those behind it take its place, as in the CLI.
"""

from typing import Any

import yaml

from cf_openstack.manifest import bounds as manifest_bounds
from cf_openstack.manifest import composer
from cf_openstack.manifest import errors
from cf_openstack.manifest import scalars

_LINE_ENDS = frozenset('\r\x85\u2028\u2029')

# Up to here a float holds each integer.
_EXACT = 2.0 ** 53

# libyaml is several times as fast, where PyYAML was built with it.
_LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
_DUMPER = getattr(yaml, 'CSafeDumper', yaml.SafeDumper)


def load(text: str, name: str,
         bounds: manifest_bounds.Bounds = manifest_bounds.DEFAULT) -> Any:
    """Read a document of dicts, lists, texts, numbers, truth values, None.

    :param name: what errors call it, such as the name of its file.
    :param bounds: how large it may be.
    :raises DocumentError: it is no YAML, or not YAML as described above, or
        too large; with the line.
    """
    if len(text) > bounds.characters:
        raise errors.DocumentError(
            name, 'it is too large: it has more than %d characters'
            % bounds.characters)
    document = composer.Composer(name, bounds)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            document.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise errors.DocumentError(
            name, error.problem or error.context or 'it is not YAML',
            mark and mark.line + 1) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise errors.DocumentError(
            name, 'it holds characters that YAML does not allow') from error
    return document.value


class _Dumper(_DUMPER):
    """Quotes what either go-yaml or a YAML 1.1 parser takes for no text.

    The director reads it with Ruby's parser, the latter kind.
    """

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0]:
            tag = scalars.resolve(value)[0]
            if tag != scalars.STR:
                return tag
        return super().resolve(kind, value, implicit)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_str(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    # A certificate shall stay readable.
    style = '|' if '\n' in value else None
    if not _LINE_ENDS.isdisjoint(value):
        # Older YAML takes these for the end of a line, unless escaped.
        style = '"'
    return dumper.represent_scalar(scalars.STR, value, style=style)


def _represent_float(dumper: yaml.SafeDumper, value: float) -> yaml.Node:
    if value.is_integer() and abs(value) < _EXACT:
        return dumper.represent_int(int(value))
    # The base class sees to it that there is a point in it, without which
    # YAML 1.1 takes it for text.
    return dumper.represent_float(value)


_Dumper.add_representer(str, _represent_str)
_Dumper.add_representer(float, _represent_float)


def dump(doc: Any) -> str:
    """Write a document, so that :func:`load` gives it back.

    A float without a fraction is written as an integer: 1.0 becomes 1, as
    the director gets it from the bosh CLI.
    """
    return yaml.dump(doc, Dumper=_Dumper, sort_keys=False, width=2 ** 31 - 1,
                     default_flow_style=False, allow_unicode=True)
