# SPDX-License-Identifier: Apache-2.0
"""What type a plain YAML scalar has for the bosh CLI.

The CLI reads manifests, operations files and variables with go-yaml v2,
which is neither YAML 1.1 nor 1.2:

- ``y``, ``yes``, ``on`` and their negatives are truth values;
- ``1e3``, ``089`` and ``5.`` are floats, ``0o17``, ``017``, ``0b1`` and
  ``0x1f`` integers, and underscores in numbers are ignored;
- an integer has 64 bits, signed or not; a longer one is a float;
- ``12:30:45`` is text, not a number of base 60;
- a date is text;
- ``=`` is text.
"""

import math
import re
from typing import Any

TAG = 'tag:yaml.org,2002:'
STR = TAG + 'str'
INT = TAG + 'int'
FLOAT = TAG + 'float'
BOOL = TAG + 'bool'
NULL = TAG + 'null'
MERGE = TAG + 'merge'


def _cases(*words: str) -> tuple[str, ...]:
    return tuple(form for word in words
                 for form in (word, word.capitalize(), word.upper()))


_WORDS: dict[str, tuple[str, Any]] = {'<<': (MERGE, '<<')}
_WORDS.update({word: (BOOL, True) for word in _cases('y', 'yes', 'true',
                                                     'on')})
_WORDS.update({word: (BOOL, False) for word in _cases('n', 'no', 'false',
                                                      'off')})
_WORDS.update({word: (NULL, None) for word in ('', '~', *_cases('null'))})
_WORDS.update({sign + word: (FLOAT, float(sign + 'inf'))
               for sign in ('', '+', '-')
               for word in ('.inf', '.Inf', '.INF')})
_WORDS.update({word: (FLOAT, math.nan) for word in ('.nan', '.NaN',
                                                    '.NAN')})

_BASES = ((re.compile(r'[-+]?0[xX][0-9a-fA-F]+', re.ASCII), 16),
          (re.compile(r'[-+]?0[bB][01]+', re.ASCII), 2),
          (re.compile(r'[-+]?0[oO][0-7]+', re.ASCII), 8),
          (re.compile(r'[-+]?0[0-7]+', re.ASCII), 8),
          (re.compile(r'[-+]?(?:0|[1-9][0-9]*)', re.ASCII), 10))
_FLOAT = re.compile(
    r'[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?', re.ASCII)
_BETWEEN_DIGITS = re.compile(r'(?<=[0-9])_(?=[0-9])', re.ASCII)
_START = frozenset('+-.0123456789')

# No 64-bit integer needs more, whatever its base.
_MAX_DIGITS = 70


def _integer(text: str) -> int | None:
    for pattern, base in _BASES:
        if len(text) <= _MAX_DIGITS and pattern.fullmatch(text):
            value = int(text, base)
            signed = text[0] in '+-'
            top = 2 ** 63 if signed else 2 ** 64
            return value if -2 ** 63 <= value < top else None
    return None


def resolve(text: str) -> tuple[str, Any]:
    """The tag and the value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _START:
        if text[0] == '.':
            # Go's own syntax, not that of YAML.
            plain = _BETWEEN_DIGITS.sub('', text)
        else:
            plain = text.replace('_', '')
        integer = _integer(plain)
        if integer is not None:
            return INT, integer
        if _FLOAT.fullmatch(plain):
            value = float(plain)
            if math.isfinite(value):
                return FLOAT, value
    return STR, text
