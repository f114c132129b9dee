# SPDX-License-Identifier: Apache-2.0
"""What is safe to ask of OpenStack again.

GET, HEAD, DELETE and PUT give the same when repeated, and so does asking
for a token.  A POST does not: whether a lost one took effect is found out
by looking for the object, whose name is unique (:func:`create`).
"""

from collections.abc import Callable
import datetime
import email.utils
import logging
import re
import time
from typing import TypeVar

import requests
from urllib3 import exceptions as urllib3_exceptions

from cf_openstack.cloud import errors

LOG = logging.getLogger(__name__)

T = TypeVar('T')

#: How often a request is sent at most.
MAX_TRIES = 6

#: How often a request is sent whose answers do not come in time: each
#: of them costs the whole time-out.
MAX_TIMEOUTS = 2

#: How often a request is sent to an address where nobody listens, or that
#: has no such name: most often it is wrong.
MAX_REFUSALS = 5

#: How often a POST is sent at most.
MAX_POSTS = 3

#: Seconds; a service that asks for more is not waited for.
LONGEST_PAUSE = 120

#: Pauses between look-ups of an object whose POST may still be under way.
LOOK_UPS = (0, 1, 3, 6)

_SAFE_METHODS = frozenset(('DELETE', 'GET', 'HEAD', 'PUT'))
_PASSING_STATUS = frozenset((500, 502, 503, 504))
_DEFAULT_RATE_PAUSE = 3.0


def pause_before_retry(
    request: requests.PreparedRequest,
    outcome: requests.Response | Exception,
    tries: int,
) -> float | None:
    """Decide whether to send a request once more.

    :param request: the request that was sent.
    :param outcome: its response, or the exception in place of one.
    :param tries: how often it has been sent so far.
    :returns: seconds to wait before the next try; None: do not try again.
    """
    if tries >= MAX_TRIES or not _can_be_sent_again(request):
        return None
    backoff = 0.5 * 2 ** (tries - 1)
    if isinstance(outcome, Exception):
        lost = _is_lost(outcome) and tries < _most_tries(outcome)
        return backoff if lost and _is_safe(request) else None
    status = outcome.status_code
    asked = _asked_pause(outcome)
    if status == 429 or (status == 413 and _is_rate_limit(outcome)):
        # It was refused before anything happened: any method may go on.
        if asked is None:
            asked = _DEFAULT_RATE_PAUSE
    elif status not in _PASSING_STATUS or not _is_safe(request):
        return None
    pause = max(asked or 0, backoff)
    return pause if pause <= LONGEST_PAUSE else None


def is_success(outcome: requests.Response | Exception) -> bool:
    """Whether a request had an answer that refuses nothing."""
    return isinstance(outcome, requests.Response) and bool(
        outcome.status_code < 400)


def create(
    what: str,
    post: Callable[[], T],
    find: Callable[[], T | None],
) -> T:
    """Create an object exactly once, even if the answer gets lost.

    When it is not known whether ``post`` took effect, ``find`` looks for
    the object by its unique name.  Only if it is certainly not there, and
    the request cannot be under way any more, it is sent again.

    :param what: the object, for the log.
    :param post: sends the request and returns the object.
    :param find: returns the object, or None.
    :raises Exception: what ``post`` raised, if nothing came of it.
    """
    attempt = 1
    while True:
        try:
            return post()
        except errors.API_ERRORS as exc:
            if not errors.outcome_unknown(exc):
                raise
            LOG.warning('It is not known whether %s was created (%s); '
                        'looking for it', what, errors.detail(exc))
            try:
                found = _look_up(find, errors.may_still_run(exc))
            except errors.API_ERRORS as failure:
                LOG.warning('Looking for %s failed: %s', what,
                            errors.detail(failure))
                raise exc from None
            if found is not None:
                LOG.info('%s was created', what)
                return found
            if (attempt == MAX_POSTS or errors.may_still_run(exc)
                    or errors.status_of(exc) == 500):
                raise
        LOG.info('%s was not created; trying again', what)
        time.sleep(0.5 * 2 ** attempt)
        attempt += 1


def repeat(action: Callable[[], T]) -> T:
    """Do what has the same effect when done twice, up to three times.

    For POST requests that merge, such as those of metadata.
    """
    for attempt in (1, 2):
        try:
            return action()
        except errors.API_ERRORS as exc:
            if not errors.outcome_unknown(exc):
                raise
            LOG.warning('Trying again: %s', errors.detail(exc))
            time.sleep(0.5 * 2 ** attempt)
    return action()


def _look_up(
    find: Callable[[], T | None], patiently: bool
) -> T | None:
    for pause in LOOK_UPS if patiently else LOOK_UPS[:1]:
        if pause:
            time.sleep(pause)
        found = find()
        if found is not None:
            return found
    return None


def _is_lost(outcome: Exception) -> bool:
    return isinstance(outcome, (
        requests.ConnectionError, requests.Timeout,
        requests.exceptions.ChunkedEncodingError,
    )) and not isinstance(outcome, requests.exceptions.SSLError)


def _most_tries(outcome: Exception) -> int:
    if isinstance(outcome, requests.Timeout):
        return MAX_TIMEOUTS
    # requests tells no more than "ConnectionError": urllib3's reason is in
    # the first argument.
    reason = getattr(outcome.args[0] if outcome.args else None, 'reason',
                     None)
    if isinstance(reason, urllib3_exceptions.NewConnectionError):
        return MAX_REFUSALS
    return MAX_TRIES


def _can_be_sent_again(request: requests.PreparedRequest) -> bool:
    # A stream has been read when it failed.
    return request.body is None or isinstance(request.body, str | bytes)


def _is_safe(request: requests.PreparedRequest) -> bool:
    if request.method in _SAFE_METHODS:
        return True
    path = (request.url or '').partition('?')[0]
    return path.endswith('/auth/tokens')


def _is_rate_limit(response: requests.Response) -> bool:
    # Nova once said 413 for "too many"; it says so still for "too large".
    return 'Retry-After' in response.headers or (
        b'overLimit' in (response.content or b''))


def _asked_pause(response: requests.Response) -> float | None:
    value = response.headers.get('Retry-After')
    if value is None:
        return _pause_in_body(response)
    # RFC 9110, section 10.2.3: digits, or a date.
    if re.fullmatch(r'\s*[0-9]+(\.[0-9]+)?\s*', value, re.ASCII):
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
        if moment.tzinfo is None:
            # "-0000", and what lacks a zone: HTTP knows only GMT.
            moment = moment.replace(tzinfo=datetime.UTC)
        return max(0.0, moment.timestamp() - time.time())
    except (IndexError, OverflowError, TypeError, ValueError):
        return None


def _pause_in_body(response: requests.Response) -> float | None:
    # {"overLimit": {"code": 413, "message": "...", "retryAfter": "5"}}
    try:
        fault = next(iter(response.json().values()))
        pause = float(fault['retryAfter'])
        return pause if pause >= 0 else None
    except (AttributeError, KeyError, StopIteration, TypeError, ValueError):
        return None
