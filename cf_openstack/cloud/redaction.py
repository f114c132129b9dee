# SPDX-License-Identifier: Apache-2.0
"""Keeping secrets out of logs and error messages.

Two ways at once: what is known to be secret by its name (a key of a JSON
body, a header), and what is known to be secret by its value (the
passwords of this very configuration), wherever it may turn up.
"""

from collections.abc import Iterable
import json
import re
from typing import Any
from typing import Self

MASK = '<redacted>'

#: A shorter value would turn ordinary words of a log line into masks.
_SHORTEST_SECRET = 3

_SECRET_KEY = re.compile(
    r'pass(word|wd|phrase)?$|adminpass|secret|api_?key|token|user_?data'
    r'|private_?key|credential$|personality|mbus|nats',
    re.IGNORECASE)

_URL_PASSWORD = re.compile(r'(://[^/\s:@"\']*:)[^/\s@"\']+(@)')


class Redactor:
    """Replaces the secrets it knows by ``<redacted>``.

    :param secrets: values that must never be shown.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: list[str] = []
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> Self:
        """Learn further secrets; returns itself."""
        known = set(self._secrets)
        for secret in secrets:
            if len(secret) >= _SHORTEST_SECRET:
                known.add(secret)
                # The same secret as it looks inside a JSON text.
                known.add(json.dumps(secret)[1:-1])
        # The longest first: one secret may be part of another.
        self._secrets = sorted(known, key=len, reverse=True)
        return self

    def text(self, text: str) -> str:
        """Return ``text`` without secrets and passwords in URLs."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return _URL_PASSWORD.sub(rf'\g<1>{MASK}\g<2>', text)


def scrub(value: Any) -> Any:
    """Return a JSON value with the values of secret keys masked."""
    if isinstance(value, dict):
        return {
            key: MASK if _is_secret(key, item) else scrub(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [scrub(item) for item in value]
    return value


def body(data: str | bytes | None, limit: int = 2000) -> str:
    """Render an HTTP body for the log: JSON, scrubbed, cut.

    What is no JSON is not shown, only measured.

    :param data: the body.
    :param limit: how many characters to show.
    """
    if not data:
        return ''
    try:
        text = json.dumps(scrub(json.loads(data)))
    except (ValueError, RecursionError):
        return f'<{len(data)} bytes>'
    return text if len(text) <= limit else f'{text[:limit]}... (cut)'


def secret_strings(value: Any) -> set[str]:
    """Collect the strings that secret keys of a JSON value hold."""
    found: set[str] = set()
    if isinstance(value, dict):
        for key, item in value.items():
            if _is_secret(key, item):
                found |= _strings(item)
            else:
                found |= secret_strings(item)
    elif isinstance(value, list):
        for item in value:
            found |= secret_strings(item)
    return found


def _is_secret(key: Any, item: Any) -> bool:
    # {"identity": {"methods": ["password"], "password": {"user": ...}}}:
    # the hashes of that name only lead to the secret.
    if isinstance(item, dict | list) and str(key) in (
            'password', 'token', 'application_credential'):
        return False
    return bool(_SECRET_KEY.search(str(key)))


def _strings(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return set().union(*(_strings(item) for item in value))
    return set()
