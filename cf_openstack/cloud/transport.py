# SPDX-License-Identifier: Apache-2.0
"""The HTTP session below keystoneauth: logs each request, repeats some."""

import logging
import time
from typing import Any

import requests

from cf_openstack.cloud import interruptions
from cf_openstack.cloud import redaction
from cf_openstack.cloud import retry
from cf_openstack.cloud import write_timeout as adapter

LOG = logging.getLogger(__name__)

# Answers of everyday: a token has to be fetched, an object is gone.
_ORDINARY = (401, 404)

# Nova's older name is in use still.
_REQUEST_IDS = ('x-openstack-request-id', 'x-compute-request-id')


class Transport(requests.Session):
    """A requests session whose every request leaves a line in the log.

    Headers are never logged: they carry tokens.

    :param connect_timeout: seconds to wait for a connection.
    :param read_timeout: seconds to wait for the next bytes.
    :param write_timeout: seconds to wait until bytes are taken.
    """

    def __init__(
        self,
        connect_timeout: float = 60,
        read_timeout: float = 60,
        write_timeout: float = 60,
    ) -> None:
        super().__init__()
        for scheme in ('http://', 'https://'):
            self.mount(scheme, adapter.Adapter(write_timeout))
        self._timeout = (connect_timeout, read_timeout)

    def send(
        self, request: requests.PreparedRequest, **kwargs: Any
    ) -> requests.Response:
        """Send a request, again where that is safe and may help."""
        if kwargs.get('timeout') is None:
            kwargs['timeout'] = self._timeout
        tries = 0
        while True:
            tries += 1
            outcome: requests.Response | Exception
            try:
                outcome = self._send_whole(request, kwargs)
            except requests.RequestException as exc:
                outcome = exc
            pause = retry.pause_before_retry(request, outcome, tries)
            if pause is None:
                if tries > 1 and not retry.is_success(outcome):
                    LOG.error('Giving up after %d tries', tries)
                if isinstance(outcome, Exception):
                    raise outcome
                return outcome
            LOG.info('Sending it again in %.1f seconds', pause)
            time.sleep(pause)

    def _send_whole(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any]
    ) -> requests.Response:
        if request.method != 'POST' or _asks_for_a_token(request):
            return self._send_once(request, kwargs)
        # A signal must not leave it open whether something is created.
        with interruptions.postponed():
            return self._send_once(request, kwargs)

    def _send_once(
        self, request: requests.PreparedRequest, kwargs: dict[str, Any]
    ) -> requests.Response:
        started = time.monotonic()
        try:
            response = super().send(request, **kwargs)
        except requests.RequestException as exc:
            LOG.warning(
                '%s %s -> %s: %s (%d ms)%s', request.method, request.url,
                type(exc).__name__, exc, _ms_since(started),
                _sent(request))
            raise
        failed = response.status_code >= 400
        LOG.log(
            logging.WARNING if failed and (
                response.status_code not in _ORDINARY) else logging.INFO,
            '%s %s -> %d (%d ms) %s%s%s', request.method, request.url,
            response.status_code, _ms_since(started),
            _request_id(response),
            _sent(request),
            _answered(response) if failed else '')
        return response


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _request_id(response: requests.Response) -> str:
    return next(
        (response.headers[name] for name in _REQUEST_IDS
         if name in response.headers), '-')


def _asks_for_a_token(request: requests.PreparedRequest) -> bool:
    return (request.url or '').endswith('/auth/tokens')


def _answered(response: requests.Response) -> str:
    if not response.content:
        return ''
    if 'html' in response.headers.get('content-type', ''):
        return f' answered {" ".join(response.text.split())}'
    return f' answered {redaction.body(response.content)}'


def _sent(request: requests.PreparedRequest) -> str:
    if request.method not in ('POST', 'PUT', 'PATCH') or not request.body:
        return ''
    if not isinstance(request.body, str | bytes):
        return ' sent a stream'
    if _asks_for_a_token(request):
        # Nothing of interest but secrets.
        return ''
    return f' sent {redaction.body(request.body)}'
