# SPDX-License-Identifier: Apache-2.0

import email.utils
import json
import time
from typing import Any

import ddt
import hypothesis
from hypothesis import strategies
from keystoneauth1 import exceptions as ksa_exceptions
from openstack import exceptions as sdk_exceptions
from oslotest import base
import requests
from urllib3 import exceptions as urllib3_exceptions

from cf_openstack.cloud import retry
from tests.unit.cpi import base as cpi_base


def request(method: str = 'GET', url: str = 'http://nova/servers',
            data: Any = None) -> requests.PreparedRequest:
    return requests.Request(method, url, data=data).prepare()


def response(status: int, headers: dict[str, str] | None = None,
             body: bytes = b'') -> requests.Response:
    found = requests.Response()
    found.status_code = status
    found.headers.update(headers or {})
    found._content = body
    return found


@ddt.ddt
class TestPause(base.BaseTestCase):

    @ddt.data(
        ('GET', 503, True), ('HEAD', 502, True), ('DELETE', 504, True),
        ('PUT', 503, True), ('POST', 503, False), ('PATCH', 503, False),
        ('GET', 500, True), ('POST', 500, False), ('GET', 200, False),
        ('GET', 404, False), ('GET', 409, False), ('GET', 401, False),
        ('POST', 429, True), ('GET', 429, True), ('POST', 413, False),
    )
    @ddt.unpack
    def test_statuses(self, method, status, again):
        pause = retry.pause_before_retry(
            request(method), response(status), 1)
        self.assertEqual(again, pause is not None)

    @ddt.data(
        ('GET', requests.ConnectionError, True),
        ('DELETE', requests.ReadTimeout, True),
        ('GET', requests.exceptions.ChunkedEncodingError, True),
        ('GET', requests.exceptions.SSLError, False),
        ('GET', requests.exceptions.InvalidURL, False),
        ('POST', requests.ConnectionError, False),
    )
    @ddt.unpack
    def test_exceptions(self, method, exception, again):
        pause = retry.pause_before_retry(request(method), exception(), 1)
        self.assertEqual(again, pause is not None)

    def test_asking_for_a_token_is_safe(self):
        asking = request('POST', 'http://k/v3/auth/tokens', b'{}')
        self.assertIsNotNone(
            retry.pause_before_retry(asking, response(503), 1))

    def test_a_stream_cannot_be_sent_again(self):
        upload = request('PUT', data=iter([b'x']))
        for status in (503, 429):
            self.assertIsNone(
                retry.pause_before_retry(upload, response(status), 1))

    def test_backoff_ends(self):
        pauses = [
            retry.pause_before_retry(request(), response(503), tries)
            for tries in range(1, 7)]
        self.assertEqual([0.5, 1, 2, 4, 8, None], pauses)

    def test_timeouts_cost_too_much_to_repeat_often(self):
        timeout = requests.ReadTimeout()
        self.assertIsNotNone(
            retry.pause_before_retry(request(), timeout, 1))
        self.assertIsNone(retry.pause_before_retry(request(), timeout, 2))

    def test_nobody_listens(self):
        refused = requests.ConnectionError(urllib3_exceptions.MaxRetryError(
            None, '/', urllib3_exceptions.NewConnectionError(None, 'no')))
        pauses = [retry.pause_before_retry(request(), refused, tries)
                  for tries in range(1, retry.MAX_REFUSALS + 1)]
        self.assertEqual([0.5, 1, 2, 4, None], pauses)

    @ddt.data(
        ({'Retry-After': '7'}, b'', 7),
        ({'Retry-After': '0'}, b'', 0.5),
        ({'Retry-After': '-5'}, b'', 3),
        ({'Retry-After': 'inf'}, b'', 3),
        ({}, b'{"overLimit": {"retryAfter": "nan"}}', 3),
        ({}, b'{"overLimit": {"retryAfter": -1}}', 3),
        ({'Retry-After': 'soon'}, b'', 3),
        ({'Retry-After': '100000'}, b'', None),
        ({}, b'', 3),
        ({}, b'{"overLimit": {"retryAfter": "9"}}', 9),
        ({}, b'[]', 3),
    )
    @ddt.unpack
    def test_retry_after(self, headers, body, expected):
        self.assertEqual(expected, retry.pause_before_retry(
            request('POST', data=b'{}'), response(429, headers, body), 1))

    def test_retry_after_as_a_date(self):
        date = email.utils.formatdate(time.time() + 30, usegmt=True)
        pause = retry.pause_before_retry(
            request(), response(429, {'Retry-After': date}), 1)
        self.assertTrue(20 < pause <= 30)

    @ddt.data('GMT', '-0000', '+0000')
    def test_date_in_the_past(self, zone):
        date = f'Sun, 06 Nov 1994 08:49:37 {zone}'
        self.assertEqual(0.5, retry.pause_before_retry(
            request(), response(429, {'Retry-After': date}), 1))

    def test_unavailable_says_for_how_long(self):
        answer = response(503, {'Retry-After': '6'})
        self.assertEqual(6, retry.pause_before_retry(request(), answer, 1))
        self.assertIsNone(
            retry.pause_before_retry(request('POST'), answer, 1))

    @hypothesis.given(strategies.one_of(
        strategies.text(), strategies.floats().map(str),
        strategies.integers().map(str),
        strategies.datetimes().map(email.utils.format_datetime),
        strategies.from_regex(
            r'[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d+ [\d:]+ \S+')))
    def test_any_retry_after(self, value):
        pause = retry.pause_before_retry(
            request('POST'), response(429, {'Retry-After': value}), 1)
        if pause is not None:
            self.assertTrue(0.5 <= pause <= retry.LONGEST_PAUSE)

    @hypothesis.given(strategies.recursive(
        strategies.none() | strategies.floats() | strategies.text(),
        lambda inner: strategies.dictionaries(
            strategies.just('retryAfter') | strategies.text(), inner)))
    def test_any_retry_after_in_the_body(self, document):
        answer = response(413, body=json.dumps(
            {'overLimit': document}).encode())
        pause = retry.pause_before_retry(request('POST'), answer, 1)
        if pause is not None:
            self.assertTrue(0.5 <= pause <= retry.LONGEST_PAUSE)

    @ddt.data(
        ({'Retry-After': '4'}, b'', 4),
        ({}, b'{"overLimitFault": {"retryAfter": 5}}', 5),
        ({}, b'{"overLimit": {"message": "many"}}', 3),
        ({}, b'{"badRequest": {"message": "too large"}}', None),
    )
    @ddt.unpack
    def test_413(self, headers, body, expected):
        self.assertEqual(expected, retry.pause_before_retry(
            request('POST'), response(413, headers, body), 1))


class Poster:
    """A POST that fails as it is told.

    :ivar posts: how often it was sent.
    """

    def __init__(self, *outcomes: Any) -> None:
        self._outcomes = list(outcomes)
        self.posts = 0

    def __call__(self) -> str:
        self.posts += 1
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def http_error(status: int) -> Exception:
    return sdk_exceptions.HttpException(response=response(status))


@ddt.ddt
class TestCreate(base.BaseTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.clock = self.useFixture(cpi_base.FakeClock())

    def test_no_look_up_without_need(self):
        self.assertEqual('made', retry.create(
            'x', Poster('made'), self.fail))

    def test_refusal(self):
        for status in (400, 403, 404, 409, 429):
            post = Poster(http_error(status))
            self.assertRaises(sdk_exceptions.HttpException, retry.create,
                              'x', post, self.fail)

    def test_it_took_effect(self):
        for error in (ksa_exceptions.ConnectFailure(), http_error(500),
                      http_error(502), http_error(503), http_error(504)):
            post = Poster(error)
            self.assertEqual(
                'found', retry.create('x', post, lambda: 'found'))
            self.assertEqual(1, post.posts)

    def test_it_took_no_effect(self):
        post = Poster(ksa_exceptions.ConnectFailure(), http_error(503),
                      'made')
        self.assertEqual('made', retry.create('x', post, lambda: None))
        self.assertEqual(3, post.posts)

    def test_it_never_takes_effect(self):
        post = Poster(*[http_error(503)] * 9)
        self.assertRaises(sdk_exceptions.HttpException, retry.create, 'x',
                          post, lambda: None)
        self.assertEqual(retry.MAX_POSTS, post.posts)

    def test_it_may_still_be_under_way(self):
        answers = [None, None, 'late']
        for error in (ksa_exceptions.ConnectTimeout(), http_error(504)):
            self.assertEqual('late', retry.create(
                'x', Poster(error), iter(answers).__next__))

    @ddt.data(ksa_exceptions.ConnectTimeout(), http_error(500))
    def test_it_is_not_sent_again_in_doubt(self, error):
        post = Poster(error, 'twice')
        self.assertRaises(type(error), retry.create, 'x', post,
                          lambda: None)
        self.assertEqual(1, post.posts)

    def test_look_up_fails(self):
        def find() -> None:
            raise http_error(500)

        post = Poster(ksa_exceptions.ConnectFailure(), 'twice')
        self.assertRaises(ksa_exceptions.ConnectFailure, retry.create, 'x',
                          post, find)
        self.assertEqual(1, post.posts)

    def test_repeat(self):
        post = Poster(http_error(500), ksa_exceptions.ConnectFailure(), 'ok')
        self.assertEqual('ok', retry.repeat(post))
        self.assertRaises(sdk_exceptions.HttpException, retry.repeat,
                          Poster(http_error(404), 'ok'))
