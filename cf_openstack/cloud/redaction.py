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
import urllib.parse

MASK = '<redacted>'

#: A shorter value would turn ordinary words of a log line into masks.
_SHORTEST_SECRET = 3

#: A line of a key or certificate that is shown alone is as secret as all.
_SHORTEST_LINE = 16

_SECRET_KEY = re.compile(
    r'pass(word|wd|phrase)?$|adminpass|secret|api_?key|token(?!_cache)'
    r'|user_?data|(private|access|encryption)_?key|credentials?$'
    r'|personality|mbus|nats',
    re.IGNORECASE)

_URL_PASSWORD = re.compile(r'(://[^/\s:@"\']*:)[^/\s@"\']+(@)')


class Redactor:
    """Replaces the secrets it knows by ``<redacted>``.

    :param secrets: values that must never be shown.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._pattern = re.compile('(?!)')
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> Self:
        """Learn further secrets; returns itself."""
        for secret in secrets:
            if len(secret) >= _SHORTEST_SECRET:
                self._secrets |= _forms(secret)
        if self._secrets:
            # The longest first: one secret may be part of another.
            self._pattern = re.compile('|'.join(
                re.escape(secret) for secret in sorted(
                    self._secrets, key=len, reverse=True)))
        return self

    def text(self, text: str) -> str:
        """Return ``text`` without secrets and passwords in URLs."""
        return _URL_PASSWORD.sub(
            rf'\g<1>{MASK}\g<2>', self._pattern.sub(MASK, text))


def _forms(secret: str) -> set[str]:
    """Return a secret in all the forms in which it may turn up."""
    plain = {secret} | {
        line for line in secret.splitlines()
        if len(line) >= _SHORTEST_LINE and not line.startswith('-----')}
    found = set(plain)
    for text in plain:
        # In a JSON text, in what Python prints, in a URL.
        found.add(json.dumps(text)[1:-1])
        found.add(json.dumps(text, ensure_ascii=False)[1:-1])
        found.add(repr(text)[1:-1])
        octets = text.encode('utf-8', 'surrogatepass')
        found.add(urllib.parse.quote(octets, safe=''))
        found.add(urllib.parse.quote(octets))
        found.add(urllib.parse.quote_plus(octets))
    return found


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


def body(data: str | bytes | None) -> str:
    """Render an HTTP body for the log: JSON, scrubbed.

    It is not cut: half a secret would not be found by its value any more.
    What is no JSON is not shown, only measured.

    :param data: the body.
    """
    if not data:
        return ''
    try:
        return json.dumps(scrub(json.loads(data)))
    except (ValueError, RecursionError):
        return f'<{len(data)} bytes>'


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
