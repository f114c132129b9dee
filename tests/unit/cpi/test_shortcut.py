# SPDX-License-Identifier: Apache-2.0

import json
import os
import signal
import subprocess
import sys
from typing import Any

import ddt
from hypothesis import given
from hypothesis import strategies as st

from cf_openstack.cpi import dispatch
from cf_openstack.cpi import shortcut
from tests.unit.cpi import base
from tests.unit.cpi import test_executable

CONTEXT = {'director_uuid': 'd', 'request_id': 'cpi-7'}
INFO = {'method': 'info', 'arguments': [], 'context': CONTEXT}

_ODD = st.sampled_from([
    None, True, 0, 3, -1, 1.5, '', 'info', 'x', [], [1], {}, {'a': 1},
    CONTEXT, {'director_uuid': ''}, {'director_uuid': 3}])


@ddt.ddt
class TestShortcut(base.CpiTestCase):

    def test_is_what_the_long_way_says(self):
        raw = json.dumps(INFO).encode()
        reply = shortcut.reply_to(raw)
        short = self.log()
        self.assertEqual(
            dispatch.answer(raw, dispatch.ConfigFiles()), reply)
        lines = [line.partition(' INFO ')[2] for line
                 in self.log().splitlines()]
        self.assertEqual(2, len(short.splitlines()))
        self.assertEqual(lines[:2], lines[2:])

    @ddt.data(
        INFO | {'api_version': None}, INFO | {'api_version': 1},
        INFO | {'further': ['x', 1.5, True, None]},
        INFO | {'context': CONTEXT | {'vm': {'stemcell': {}}, 'ä': '\ud800'}})
    def test_variants(self, document):
        self.assertEqual(
            shortcut.REPLY, shortcut.reply_to(json.dumps(document).encode()))

    def test_blanks(self):
        raw = b'\r\n\t ' + json.dumps(INFO, indent=3).encode() + b'\n'
        self.assertEqual(shortcut.REPLY, shortcut.reply_to(raw))

    def test_without_a_request_id(self):
        shortcut.reply_to(json.dumps(
            INFO | {'context': {'director_uuid': 'd'}}).encode())
        self.assertRegex(self.log(), r'\[req_id cpi-\d{6}\] Starting info')

    @ddt.data(
        b'', b'info', b'"info"', b'{"method": "info"', b'\xff"info"',
        b'[' * 100000 + b'"info"', b'{"method": "info"} x',
        json.dumps(INFO).encode() + b'1',
        json.dumps(INFO).encode().replace(b'[]', b'[NaN]'),
        b'\xef\xbb\xbf' + json.dumps(INFO).encode(),
        json.dumps(INFO | {'method': 'has_vm', 'arguments': ['info']}
                   ).encode())
    def test_left_to_the_long_way(self, raw):
        self.assertIsNone(shortcut.reply_to(raw))
        self.assertEqual('', self.log())

    @given(document=st.fixed_dictionaries({}, optional={
        'method': st.just('info') | _ODD, 'arguments': st.just([]) | _ODD,
        'context': st.just(CONTEXT) | _ODD, 'api_version': _ODD,
        'info': _ODD}))
    def test_agrees_with_the_long_way(self, document: dict[str, Any]):
        raw = json.dumps(document).encode()
        reply = shortcut.reply_to(raw)
        if reply is not None:
            self.assertEqual(
                dispatch.answer(raw, dispatch.ConfigFiles()), reply)

    def test_stopped_before_the_request_came(self):
        process = subprocess.Popen(
            [sys.executable, '-u', *test_executable.CPI],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={
                'PYTHONPATH': os.pathsep.join(sys.path)})
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdin.close)
        self._wait_until_it_reads(process.pid)
        process.send_signal(signal.SIGTERM)
        with process.stdout:
            reply = json.loads(process.stdout.read())
        self.assertEqual(0, process.wait(60))
        self.assertIn('SIGTERM', reply['error']['message'])

    def _wait_until_it_reads(self, pid: int) -> None:
        # Its signals are set when it has moved stdout aside and reads.
        mask = 1 << (signal.SIGTERM - 1)
        while True:
            with open(f'/proc/{pid}/status', encoding='utf-8') as file:
                caught = [line for line in file if 'SigCgt' in line]
            if int(caught[0].split()[1], 16) & mask:
                return
