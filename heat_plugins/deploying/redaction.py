# SPDX-License-Identifier: Apache-2.0
"""A manifest that anybody of the project may read."""

from collections.abc import Mapping
import re
from typing import Any

from cf_openstack.manifest import document

REDACTED = '<redacted>'

# Below these a manifest holds what is configured, passwords among it; a
# director hides the same when it compares manifests (director API, 5.4).
_HIDDEN = frozenset(['properties', 'bosh'])
_VARIABLE = re.compile(r'\(\([^()]+\)\)')


def redact(text: str) -> str:
    """Hide the values that may be secret.

    The name of a variable, whose value the config server of the director
    holds, is not hidden.

    :param text: YAML of a manifest.
    :raises DocumentError: when it is none.
    """
    return document.dump(_redacted(document.load(text, 'manifest'), False))


def _redacted(value: Any, hidden: bool) -> Any:
    if isinstance(value, Mapping):
        return {key: _redacted(item, hidden or key in _HIDDEN)
                for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted(item, hidden) for item in value]
    if not hidden or value is None or (
            isinstance(value, str) and _VARIABLE.fullmatch(value)):
        return value
    return REDACTED
