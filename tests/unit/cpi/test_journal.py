# SPDX-License-Identifier: Apache-2.0

import io
import logging
import unicodedata

import ddt
import fixtures
from hypothesis import assume
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from cf_openstack.cloud import redaction
from cf_openstack.cpi import journal
from tests.unit.cpi import base

FORGED = 'x\n2026-01-01 00:00:00.000Z 1 INFO [req_id cpi-1] Finished'


@ddt.ddt
class TestJournal(base.CpiTestCase):

    def test_line(self):
        journal.Journal('cpi-1').line('Starting', 'WARNING')
        self.assertRegex(
            self.log(), r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z \d+ '
            r'WARNING \[req_id cpi-1\] Starting\n$')

    @ddt.data(FORGED, 'a\r\nb', 'a\x1b[2Jb', 'a\x00b', 'a\x9bb', 'a\u2028b',
              'a\u202eb', 'a\x85b', 'a\ud800b', 'a\x0bb')
    def test_one_line_whatever_it_holds(self, text):
        journal.Journal(text).line(text)
        self.assertEqual(1, self.log().count('\n'))
        self.assertEqual(1, len(self.log().splitlines()))
        self.assertTrue(self.log()[:-1].isprintable())

    def test_text_of_the_world(self):
        journal.Journal('cpi-1').line('Größe — 大小')
        self.assertIn('Größe — 大小', self.log())

    def test_long_lines_are_cut(self):
        journal.Journal('cpi-1').line('x' * 100000)
        self.assertLess(len(self.log()), 4100)
        self.assertIn('xxx... (cut)\n', self.log())

    def test_secret_across_the_cut(self):
        log = journal.Journal('cpi-1')
        log.redact_with(redaction.Redactor(['abcdefgh']))
        log.line('x' * (journal.LONGEST_LINE - 4) + 'abcdefgh')
        self.assertNotIn('abcd', self.log())

    def test_records_of_libraries(self):
        log = journal.Journal('cpi-1')
        log.redact_with(redaction.Redactor(['tok-1']))
        log.capture_logging()
        logging.getLogger('urllib3').warning('Lost %s\n%s', 'tok-1', FORGED)
        logging.getLogger('urllib3').info('nothing')
        self.assertEqual(1, len(self.log().splitlines()))
        self.assertIn('<redacted>', self.log())

    @settings(deadline=None)
    @given(secret=st.text(min_size=3, max_size=20),
           before=st.text(max_size=9), after=st.text(max_size=9))
    def test_no_secret_in_any_text(self, secret, before, after):
        assume(any(unicodedata.category(c)[0] == 'L' for c in secret))
        with fixtures.MonkeyPatch('sys.stderr', io.StringIO()) as patch:
            log = journal.Journal('cpi-1')
            log.redact_with(redaction.Redactor([secret]))
            text = f'{before}{secret}{after}'
            assume(text.count(secret) == 1)
            log.line(text)
            shown = patch.new_value.getvalue()
        self.assertEqual(1, len(shown.splitlines()))
        told = shown.partition('] ')[2].replace(redaction.MASK, '\0')
        self.assertNotIn(secret, told)
