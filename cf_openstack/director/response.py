# SPDX-License-Identifier: Apache-2.0
"""An answer, read to its end."""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
import json
from typing import Any
from typing import TypeVar

from cf_openstack.director import exceptions


T = TypeVar('T')

#: Values that a JSON document may have: as objects they take many times the
#: memory of their text.
MAX_VALUES = 1_000_000

#: What reading a document of an unexpected shape may raise.
MISSHAPEN = (ArithmeticError, AttributeError, LookupError, TypeError,
             ValueError)


@dataclasses.dataclass(frozen=True)
class Response:
    """What a host answered.

    The director labels much of its JSON as text/html, so that the caller,
    who knows the route, says what to read it as.

    :ivar endpoint: who answered.
    :ivar method: method of the request.
    :ivar path: path of the request, without the query.
    :ivar status: HTTP status.
    :ivar headers: headers, found in any spelling.
    :ivar body: the bytes of the body.
    """

    endpoint: str
    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes = dataclasses.field(repr=False)

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 become U+FFFD."""
        return self.body.decode('utf-8', 'replace')

    def json_or_none(self) -> Any:
        """Read the body as JSON, None when it is something else.

        :raises BadResponse: when it has more than :data:`MAX_VALUES`.
        """
        if sum(map(self.body.count, (b',', b'[', b'{'))) > MAX_VALUES:
            raise self.unexpected(
                f'the body has more than {MAX_VALUES} values')
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def json_object(self) -> dict[str, Any]:
        """Read the body as a JSON object.

        :raises BadResponse: when it is none.
        """
        document = self.json_or_none()
        if not isinstance(document, dict):
            raise self.unexpected('the body is not a JSON object')
        return document

    def json_list(self) -> list[dict[str, Any]]:
        """Read the body as a JSON list of objects.

        :raises BadResponse: when it is none.
        """
        document = self.json_or_none()
        if not isinstance(document, list) or not all(
                isinstance(entry, dict) for entry in document):
            raise self.unexpected('the body is not a JSON list of objects')
        return document

    def object_of(self, parse: Callable[[dict[str, Any]], T]) -> T:
        """Read the body as a JSON object.

        :param parse: makes what is returned of it.
        :raises BadResponse: when it is none, or has another shape.
        """
        return self._shaped(self.json_object(), parse)

    def list_of(self, parse: Callable[[dict[str, Any]], T]) -> list[T]:
        """Read the body as a JSON list of objects.

        :param parse: makes what is returned of each.
        :raises BadResponse: when it is none, or one has another shape.
        """
        return [self._shaped(document, parse)
                for document in self.json_list()]

    def _shaped(self, document: dict[str, Any],
                parse: Callable[[dict[str, Any]], T]) -> T:
        try:
            return parse(document)
        except MISSHAPEN:
            raise self.unexpected('the JSON is not what this route answers')

    def unexpected(self, reason: str) -> exceptions.BadResponse:
        """Make the error for an answer that no director gives."""
        return exceptions.BadResponse(
            endpoint=self.endpoint, method=self.method, path=self.path,
            reason=f'{reason} (HTTP status {self.status})')
