# SPDX-License-Identifier: Apache-2.0
"""What a change would change, and deploying what was reviewed."""

import random
import string

import ddt
from oslotest import base
import yaml

from heat.common import exception

from heat_plugins.deploying import review
from heat_plugins.signals import previews
from heat_plugins.signals import proposal
from tests.unit.heat_plugins import deployments
from tests.unit.heat_plugins import signals

PASSWORD = 'pa55word-of-the-database'
REVIEWED = {'cloud_config_ids': [7], 'runtime_config_ids': []}


@ddt.ddt
class PreviewTest(signals.SignalTestCase):

    def test_a_proposed_manifest(self):
        rsrc = self.ready()
        self.send(rsrc, 'diff', id='mine',
                  manifest=deployments.manifest(tags={'a': 'b'}))
        [(name, text, query)] = self.bosh.diffed
        self.assertEqual('cf', name)
        self.assertEqual({'a': 'b'}, yaml.safe_load(text)['tags'])
        # The director redacts unless told not to.
        self.assertEqual({}, query)
        preview = self.read(rsrc, 'preview')
        self.assertEqual(('mine', 'done', None, 'cf', False), (
            preview['id'], preview['state'], preview['error'],
            preview['deployment'], preview['replaces']))
        self.assertEqual(self.bosh.diff_lines, preview['diff'])
        self.assertEqual((1, 1, 0), (preview['added'], preview['removed'],
                                     preview['lines_left_out']))
        self.assertEqual(self.bosh.config_ids, preview['configs'])
        self.assertRegex(preview['digest'], '^[0-9a-f]{32}$')
        answer = self.read(rsrc, 'answer')
        self.assertEqual(('mine', 'done', '1 lines added, 1 removed'), (
            answer['id'], answer['state'], answer['result']))
        self.assertEqual([], self.bosh.asked)

    def test_what_is_not_proposed_is_as_in_the_template(self):
        rsrc = self.ready(
            manifest=deployments.manifest(password='((password))'),
            variables={'password': PASSWORD})
        self.send(rsrc, 'diff', operations=[{
            'type': 'replace', 'path': '/tags?', 'value': {'a': 'b'}}])
        proposed = yaml.safe_load(self.bosh.diffed[0][1])
        self.assertEqual(({'a': 'b'}, PASSWORD),
                         (proposed['tags'], proposed['password']))
        # Versions are pinned as in a deploy.
        self.assertEqual('1.425', proposed['stemcells'][0]['version'])
        self.assertNotIn(PASSWORD, str(self.read(rsrc, 'preview')))

    def test_proposed_secrets_are_kept_nowhere(self):
        rsrc = self.ready(
            manifest=deployments.manifest(password='((password))'),
            variables={'password': 'old'})
        self.send(rsrc, 'diff', variables={'password': PASSWORD})
        self.assertIn(PASSWORD, self.bosh.diffed[0][1])
        self.assertNotIn(PASSWORD, str(self.read(rsrc, 'preview')))
        self.assertNotIn(PASSWORD, str(self.reload(rsrc).data()))
        self.assertNotIn(PASSWORD, self.database())

    def test_digest(self):
        rsrc = self.ready()
        digests = []
        for tags in ({}, {}, {'a': 'b'}):
            self.send(rsrc, 'diff', manifest=deployments.manifest(tags=tags))
            digests.append(self.read(rsrc, 'preview')['digest'])
        self.assertEqual(digests[0], digests[1])
        self.assertNotEqual(digests[1], digests[2])

    def test_another_name_is_another_deployment(self):
        rsrc = self.ready()
        self.send(rsrc, 'diff', manifest=deployments.manifest(name='other'))
        preview = self.read(rsrc, 'preview')
        self.assertEqual(('other', True),
                         (preview['deployment'], preview['replaces']))

    def test_variables_that_are_missing(self):
        rsrc = self.ready()
        self.send(rsrc, 'diff', manifest=deployments.manifest(
            password='((password))'))
        self.assertEqual(['password'],
                         self.read(rsrc, 'preview')['missing_variables'])

    def test_the_director_cannot_compare(self):
        rsrc = self.ready()
        self.bosh.diff_error = 'Unable to diff manifest: no such network'
        self.send(rsrc, 'diff', id='x')
        preview, answer = (self.read(rsrc, 'preview'),
                           self.read(rsrc, 'answer'))
        self.assertEqual(('x', 'failed'), (preview['id'], preview['state']))
        for error in (preview['error'], answer['error'],
                      self.events(rsrc)[-1]):
            self.assertIn('no such network', error)

    @ddt.data(
        ({'manifest': 'name: ['}, 'manifest'),
        ({'manifest': 7}, '7'),
        ({'operations': [{'type': 'replace', 'path': '/nothing/here',
                          'value': 1}]}, 'nothing'),
        ({'operations': 'x'}, 'operations'),
        ({'variables': ['x']}, 'variables'),
        ({'stemcells': [{'name': 'x'}]}, 'version'))
    @ddt.unpack
    def test_a_proposal_that_is_not_valid(self, proposal, word):
        rsrc = self.ready()
        self.send(rsrc, 'diff', **proposal)
        self.assertEqual([], self.bosh.diffed)
        preview = self.read(rsrc, 'preview')
        self.assertEqual('failed', preview['state'])
        self.assertIn(word, preview['error'])
        self.assertEqual('failed', self.read(rsrc, 'answer')['state'])

    def test_an_error_of_our_own_leaves_no_preview_running(self):
        rsrc = self.ready()
        self.patchobject(proposal, 'digest', side_effect=KeyError('oops'))
        self.assertRaises(exception.ResourceFailure, self.send, rsrc, 'diff')
        for name in ('preview', 'answer'):
            shown = self.read(rsrc, name)
            self.assertEqual('failed', shown['state'])
            self.assertIn('log of the engine', shown['error'])

    @ddt.data('director', 'reviewed_configs', 'nonsense')
    def test_what_cannot_be_proposed(self, name):
        text = self.refused(self.ready(), {'action': 'diff', name: 'x'})
        self.assertIn(f'"{name}"', text)
        self.assertIn('manifest, operations', text)

    def test_a_large_diff(self):
        rsrc = self.ready()
        noise = random.Random(7)
        self.bosh.diff_lines = [
            [''.join(noise.choices(string.printable[:90], k=200)), 'added']
            for _number in range(6000)]
        self.send(rsrc, 'diff')
        preview = self.read(rsrc, 'preview')
        kept = len(preview['diff'])
        self.assertEqual(6000, kept + preview['lines_left_out'])
        self.assertEqual(6000, preview['added'])
        self.assertGreater(kept, 500)
        self.assertEqual(self.bosh.diff_lines[:kept], preview['diff'])
        data = self.reload(rsrc).data()
        # With what encryption adds, MariaDB's TEXT holds it.
        self.assertLess(max(map(len, data.values())), 46000)
        # A later, smaller one leaves nothing of it.
        self.bosh.diff_lines = []
        self.send(rsrc, 'diff')
        self.assertEqual([], self.read(rsrc, 'preview')['diff'])
        self.assertLess(len([key for key in self.reload(rsrc).data()
                             if key.startswith('preview')]), 3)

    def test_many_lines(self):
        rsrc = self.ready()
        previews.write(rsrc, {'diff': [['x', None]] * 30000})
        preview = previews.read(rsrc)
        self.assertEqual((20000, 10000), (
            len(preview['diff']), preview['lines_left_out']))

    def test_half_a_preview_is_none(self):
        rsrc = self.ready()
        previews.write(rsrc, {'id': 'x'})
        rsrc.data_set('preview-0', 'half', redact=True)
        self.assertIsNone(previews.read(rsrc))

    def test_none_was_asked_for(self):
        self.assertIsNone(self.read(self.ready(), 'preview'))

    def test_heats_own_preview(self):
        rsrc = self.ready()
        after = self.definition(rsrc, manifest=deployments.manifest(tags={}))
        props = after.properties(rsrc.properties_schema, rsrc.context)
        before = rsrc.frozen_definition().properties(
            rsrc.properties_schema, rsrc.context)
        self.assertTrue(rsrc.preview_update(
            after, rsrc.frozen_definition(), props, before, None))
        self.assertEqual([], self.bosh.asked)


@ddt.ddt
class ReviewedDeployTest(signals.SignalTestCase):

    def asked_context(self):
        return [call[2].get('context') for call in self.bosh.asked]

    def test_as_reviewed(self):
        rsrc = self.ready()
        self.send(rsrc, 'diff')
        configs = self.read(rsrc, 'preview')['configs']
        self.update(self.reload(rsrc), reviewed_configs=configs)
        [context] = self.asked_context()
        self.assertEqual(REVIEWED, yaml.safe_load(context))

    def test_the_same_again_deploys_nothing(self):
        rsrc = self.ready(reviewed_configs=REVIEWED)
        self.update(rsrc, reviewed_configs={
            'runtime_config_ids': [], 'cloud_config_ids': ['7']})
        self.assertEqual([], self.bosh.asked)

    def test_not_reviewed(self):
        rsrc = self.ready()
        self.update(rsrc, manifest=deployments.manifest(tags={}))
        self.assertEqual([None], self.asked_context())
        self.assertEqual([], self.bosh.diffed)

    def fail_to_update(self, rsrc, **changes):
        error = self.assertRaises(
            exception.ResourceFailure, self.run_action, rsrc.update,
            self.definition(rsrc, **changes))
        self.assertEqual((rsrc.UPDATE, rsrc.FAILED), rsrc.state)
        return str(error)

    def test_outdated(self):
        rsrc = self.ready()
        self.bosh.config_ids = {'cloud_config_ids': [8],
                                'runtime_config_ids': [9, 3]}
        text = self.fail_to_update(rsrc, reviewed_configs=REVIEWED)
        for word in ('Nothing was deployed', 'cloud configs: reviewed 7, '
                     'now 8', 'runtime configs: reviewed none, now 3 and 9',
                     'diff'):
            self.assertIn(word, text)
        self.assertEqual([], self.bosh.asked)
        # Reviewed anew, it goes on.
        self.update(self.reload(rsrc), reviewed_configs=self.bosh.config_ids)
        self.assertEqual(1, len(self.bosh.asked))

    def test_deleted_in_the_very_moment(self):
        rsrc = self.ready()
        self.bosh.refused_configs = True
        text = self.fail_to_update(rsrc, reviewed_configs=REVIEWED)
        self.assertIn('invalid config ID', text)
        self.assertIn('reviewed_configs', text)

    @ddt.data({'cloud': [1]}, {'cloud_config_ids': 7},
              {'cloud_config_ids': ['x']}, {'runtime_config_ids': [-1]})
    def test_not_an_answer_of_a_director(self, value):
        rsrc = self.ready()
        text = self.fail_to_update(rsrc, reviewed_configs=value)
        self.assertIn('reviewed_configs', text)
        self.assertEqual([], self.bosh.asked)


class ReviewTest(base.BaseTestCase):

    def test_nothing_reviewed(self):
        self.assertIsNone(review.parse({}))
        self.assertIsNone(review.parse(None))

    def test_order_and_kind_of_ids_do_not_matter(self):
        self.assertEqual(
            review.parse({'cloud_config_ids': ['3', 1]}),
            review.parse({'cloud_config_ids': [1, 3],
                          'runtime_config_ids': []}))
