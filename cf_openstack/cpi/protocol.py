# SPDX-License-Identifier: Apache-2.0
"""Requests and replies of the BOSH CPI protocol.

A director writes one JSON request to stdin and reads one JSON reply from
stdout, whose keys ``result``, ``error`` and ``log`` must all be there.
This module and what it imports answer ``info``, which comes before
nearly every other call, so they stay light.
"""

import json
import os
from typing import Any

from cf_openstack.cpi import errors

#: The newest version of the CPI API that is spoken here.
API_VERSION = 3

_MAX_DEPTH = 100

_TYPE_NAMES = {
    bool: 'Boolean',
    dict: 'Hash',
    float: 'Float',
    int: 'Integer',
    list: 'Array',
    str: 'String',
    type(None): 'nil',
}


class Request:
    """One call, as the director sent it.

    :ivar method: name of the CPI method.
    :ivar arguments: positional arguments of the method.
    :ivar context: the director's context, with the properties of a
        cpi-config entry flat in it.
    :ivar api_version: negotiated version, or None.
    """

    __slots__ = (
        'api_version', 'arguments', 'context', 'method', 'request_id'
    )

    def __init__(
        self,
        method: str,
        arguments: list[Any],
        context: dict[str, Any],
        api_version: int | None = None,
    ) -> None:
        self.method = method
        self.arguments = arguments
        self.context = context
        self.api_version = api_version
        self.request_id = request_id_of(context)

    @property
    def director_uuid(self) -> str:
        """The UUID of the director that called."""
        return self.context['director_uuid']


def type_name(value: Any) -> str:
    """Name the type of a JSON value the way BOSH's Ruby does."""
    return _TYPE_NAMES.get(type(value), type(value).__name__)


def request_id_of(context: Any) -> str:
    """Return the request id of a context; the bosh CLI sends none."""
    if isinstance(context, dict):
        request_id = context.get('request_id')
        if isinstance(request_id, str) and request_id:
            return request_id
    number = int.from_bytes(os.urandom(4), 'big') % 1000000
    return f'cpi-{number:06d}'


def decode(raw: bytes) -> Any:
    """Decode the JSON document that came on stdin.

    :raises errors.InvalidCall: it is no JSON, or no UTF-8, or it holds
        what could not be sent on.
    """
    try:
        return decode_text(raw.decode('utf-8'))
    except ValueError as exc:
        raise errors.InvalidCall(
            f'Request cannot be deserialized, details: {exc}') from exc


def decode_text(text: str) -> Any:
    """Decode JSON that can be encoded again.

    :raises ValueError: it is no JSON; it has numbers that are none or
        Strings that are no Unicode; it is nested more deeply than the 100
        levels that upstream's parser takes.
    """
    try:
        document = json.loads(
            text, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as exc:
        raise _too_deep() from exc
    if text.count('[') + text.count('{') > _MAX_DEPTH:
        _check_depth(document)
    if '\\u' in text and _has_lone_surrogate(document):
        raise ValueError('a String holds half of a surrogate pair')
    return document


def parse(document: Any, known_methods: frozenset[str]) -> Request:
    """Check a decoded request, in the order upstream's CPI does.

    :param document: what :func:`decode` returned.
    :param known_methods: all methods the protocol has.
    :raises errors.InvalidCall: the request breaks the protocol.
    :raises errors.MethodNotImplemented: nobody knows the method.
    """
    if not isinstance(document, dict):
        raise errors.InvalidCall(
            'Request cannot be deserialized, details: it must be a Hash, '
            f'got: {type_name(document)}')
    method = document.get('method')
    if not isinstance(method, str):
        raise errors.InvalidCall(
            f'Method must be a String, got: {type_name(method)}')
    if method not in known_methods:
        raise errors.MethodNotImplemented(
            f"Method is not known, got: '{method[:100]}'")
    arguments = document.get('arguments')
    if not isinstance(arguments, list):
        raise errors.InvalidCall('Arguments must be an Array')
    api_version = document.get('api_version')
    if api_version is not None and type(api_version) is not int:
        raise errors.InvalidCall(
            f'API version must be an Integer, got: {type_name(api_version)}')
    context = document.get('context')
    if (not isinstance(context, dict)
            or not isinstance(context.get('director_uuid'), str)
            or not context['director_uuid']):
        raise errors.InvalidCall(
            'Request should include context with director uuid')
    return Request(method, arguments, context, api_version)


def success(result: Any, log: str = '') -> str:
    """Render the reply of a method that succeeded.

    :raises ValueError: the result is no JSON value.
    """
    return _render(result, None, log)


def failure(
    error_type: str, message: str, ok_to_retry: bool = False, log: str = ''
) -> str:
    """Render the reply of a method that failed."""
    error = {
        'type': error_type,
        'message': message,
        'ok_to_retry': ok_to_retry,
    }
    return _render(None, error, log)


def _render(result: Any, error: dict[str, Any] | None, log: str) -> str:
    # ASCII only, so that no locale and no lone surrogate can break it.
    return json.dumps(
        {'result': result, 'error': error, 'log': log}, allow_nan=False)


def _no_constant(name: str) -> None:
    raise ValueError(f'{name} is not allowed in JSON')


def _finite(text: str) -> float:
    number = float(text)
    if number in (float('inf'), float('-inf')):
        raise ValueError('a number is too large')
    return number


def _check_depth(document: Any) -> None:
    level = [document]
    for _depth in range(_MAX_DEPTH):
        level = [
            item for value in level if isinstance(value, dict | list)
            for item in (
                value.values() if isinstance(value, dict) else value)
            if isinstance(item, dict | list)]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> ValueError:
    return ValueError(f'it is nested more than {_MAX_DEPTH} levels deep')


def _has_lone_surrogate(document: Any) -> bool:
    try:
        json.dumps(document, ensure_ascii=False).encode('utf-8')
    except UnicodeEncodeError:
        return True
    return False
