# SPDX-License-Identifier: Apache-2.0

import ddt
import hypothesis
from hypothesis import strategies
from oslotest import base

from cf_openstack.manifest import errors
from cf_openstack.manifest import path

End = path.End
Index = path.Index
Key = path.Key
Match = path.Match

NAMES = strategies.text('ab01-=~/:?._', max_size=5)
MODIFIERS = strategies.lists(
    strategies.sampled_from(path.MODIFIERS), max_size=2).map(
        lambda found: ''.join(':' + modifier for modifier in found))
QUESTION = strategies.sampled_from(['', '', '?'])


@strategies.composite
def step_texts(draw):
    """A step as people write it."""
    kind = draw(strategies.sampled_from('kkim-'))
    if kind == 'k':
        return path._escape(draw(NAMES)) + draw(QUESTION)
    if kind == 'i':
        return str(draw(strategies.integers(-9, 9))) + draw(MODIFIERS)
    if kind == 'm':
        return '%s=%s%s%s' % (
            path._escape(draw(NAMES)), path._escape(draw(NAMES)),
            draw(QUESTION), draw(MODIFIERS))
    return '-'


@ddt.ddt
class TestParse(base.BaseTestCase):

    @ddt.data(
        ('', []),
        ('/', [Key('')]),
        ('/a/b', [Key('a'), Key('b')]),
        ('/a/', [Key('a'), Key('')]),
        ('/a?/b/c', [Key('a', True), Key('b', True), Key('c', True)]),
        ('/a/b?', [Key('a'), Key('b', True)]),
        ('/0', [Index(0)]), ('/-1', [Index(-1)]), ('/+1', [Index(1)]),
        ('/007', [Index(7)]), ('/0?', [Key('0', True)]),
        ('/9223372036854775807', [Index(2 ** 63 - 1)]),
        ('/-9223372036854775808', [Index(-2 ** 63)]),
        # More than 64 bits are no index to the CLI, whatever their length.
        ('/9223372036854775808', [Key('9223372036854775808')]),
        ('/' + '0' * 5000, [Index(0)]),
        ('/' + '9' * 5000, [Key('9' * 5000)]),
        ('/a/-', [Key('a'), End()]),
        ('/-/a', [Key('-'), Key('a')]),
        ('/-1:prev:before', [Index(-1, ('prev', 'before'))]),
        ('/name=v', [Match('name', 'v')]),
        ('/name=v?', [Match('name', 'v', True)]),
        ('/name=v?:after', [Match('name', 'v', True, ('after',))]),
        ('/name=v?/b', [Match('name', 'v', True), Key('b', True)]),
        ('/a?/n=v/-', [Key('a', True), Match('n', 'v', True), End()]),
        ('/a?/0', [Key('a', True), Index(0)]),
        ('/==', [Match('', '=')]), ('/=', [Match('', '')]),
        ('/name=1', [Match('name', '1')]),
        ('/a~1b/c~0d/e~7f/g~01', [Key('a/b'), Key('c~d'), Key('e:f'),
                                  Key('g~1')]),
        ('/url=http~7~1~1x', [Match('url', 'http://x')]),
        ('/a??', [Key('a?', True)]), ('/ ', [Key(' ')]),
        ('/c%d^|"\\', [Key('c%d^|"\\')]),
    )
    @ddt.unpack
    def test_steps(self, text, steps):
        self.assertEqual(path.Path(tuple(steps)), path.parse(text))

    @ddt.data(
        ('a', 'has to begin with "/"'),
        ('/a=b:later', '":later" is none of :prev, :next, :before, :after'),
        ('/a=b:', '":" is none of'),
        ('/a:b', '":b" is none of'),
        ('/key:before', 'not "key"'),
        ('/-:prev', 'not "-"'),
    )
    @ddt.unpack
    def test_refused(self, text, reason):
        error = self.assertRaises(errors.PathError, path.parse, text)
        self.assertIn('"%s"' % text, str(error))
        self.assertIn(reason, str(error))

    @hypothesis.given(steps=strategies.lists(step_texts(), max_size=5))
    @hypothesis.settings(max_examples=80, deadline=None)
    def test_round_trip(self, steps):
        text = ''.join('/' + step for step in steps)
        try:
            parsed = path.parse(text)
        except errors.PathError:
            # "a:prev" and the like
            hypothesis.reject()
        self.assertEqual(parsed, path.parse(str(parsed)))

    @ddt.data('', '/a/0/-1:prev:before/n=v:after', '/a?/b/n=v/-', '/n=v?/b',
              '/~0~1~7=~7')
    def test_text_stays(self, text):
        self.assertEqual(text, str(path.parse(text)))
