# SPDX-License-Identifier: Apache-2.0
"""What the services of the fake cloud have in common."""

from collections.abc import Callable
from typing import Any

#: A regular expression for ``METHOD path``, and what answers it: called
#: with the request and the groups of the expression, it returns the status
#: and the body.
Route = tuple[str, Callable[..., tuple[int, Any]]]


class Service:
    """Base of a service, which keeps its objects as attributes."""

    def routes(self) -> list[Route]:
        """What this service and those before it answer."""
        return []


def found(key: str, objects: dict[str, Any], cid: str) -> tuple[int, Any]:
    """The answer to a GET of one object."""
    if cid not in objects:
        return missing(cid)
    return 200, {key: objects[cid]}


def delete(objects: dict[str, Any]) -> Callable[..., tuple[int, Any]]:
    """What answers a DELETE of one of the objects."""
    def answer(request: Any, cid: str) -> tuple[int, Any]:
        if objects.pop(cid, None) is None:
            return missing(cid)
        return 204, None
    return answer


def missing(what: str) -> tuple[int, Any]:
    """A 404."""
    return 404, {'itemNotFound': {
        'code': 404, 'message': f'{what} could not be found.'}}
