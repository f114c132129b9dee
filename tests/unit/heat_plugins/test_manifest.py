# SPDX-License-Identifier: Apache-2.0
"""From the properties of a deployment to its manifest."""

import ddt
from oslo_config import cfg
from oslotest import base

from cf_openstack import exceptions
from cf_openstack.manifest import document

from heat_plugins.clients import bosh_director    # noqa: F401  its options
from heat_plugins.deploying import manifest

MANIFEST = {'name': 'cf', 'groups': [{'name': 'api', 'size': 1}]}
FITS = [{'type': 'replace', 'path': '/groups/name=api/size', 'value': 2}]
NOT = [*FITS, {'type': 'remove', 'path': '/groups/name=db'}]


@ddt.ddt
class RenderTest(base.BaseTestCase):

    def render(self, operations=(), variables=None, content=MANIFEST):
        return document.load(manifest.render(
            content, operations, variables or {}).text, 'result')

    def fails(self, *args, **kwargs):
        return str(self.assertRaises(exceptions.CfOpenStackError,
                                     self.render, *args, **kwargs))

    def bound(self, **options):
        for name, value in options.items():
            cfg.CONF.set_override(name, value, group='cf_openstack')
            self.addCleanup(cfg.CONF.clear_override, name,
                            group='cf_openstack')

    @ddt.data(FITS[0], FITS, document.dump(FITS),
              {'name': 'size', 'content': FITS},
              {'content': document.dump(FITS)})
    def test_forms_of_operations(self, entry):
        self.assertEqual(2, self.render([entry])['groups'][0]['size'])

    @ddt.data(
        (NOT, 'Operation [1] in operations[1] (remove /groups/name=db)'),
        ({'name': 'no-db.yml', 'content': NOT},
         'Operation [1] in no-db.yml (operations[1]) (remove /groups'),
        ('a: [', 'operations[1], line'),
        ('a: 1', 'operations[1]: an operations file is a list'),
    )
    @ddt.unpack
    def test_errors_name_the_entry(self, entry, text):
        self.assertIn(text, self.fails([FITS, entry]))

    def test_operations_come_before_variables(self):
        found = self.render(
            [{'type': 'replace', 'path': '/groups/name=api/size',
              'value': '((size))'},
             # It is the text that is found, not its value.
             {'type': 'remove', 'path': '/groups/name=((other))?'}],
            {'size': 3, 'other': 'api'})
        self.assertEqual(3, found['groups'][0]['size'])

    def test_bounds_of_the_operator(self):
        deep = {'a': [[[{'b': [[[{'c': [[[{'d': [[[1]]]}]]]}]]]}]]]}
        self.bound(manifest_max_depth=20)
        self.render(content={**MANIFEST, **deep})
        self.assertIn('manifest: it is nested too deeply', self.fails(
            content={**MANIFEST, 'x': [[[[[deep]]]]]}))
        self.assertIn('operations[0]: it is nested too deeply', self.fails(
            [{'type': 'replace', 'path': '/x?', 'value': [[[[[deep]]]]]}]))
        self.bound(manifest_max_size=64 * 1024)
        self.assertIn('more than 65536 characters', self.fails(
            content=document.dump({**MANIFEST, 'x': 'y' * 65536})))
        self.assertIn('a text becomes too long', self.fails(
            content={**MANIFEST, 'x': '((y))' * 1000},
            variables={'y': 'z' * 1000}))

    def test_what_is_given_stays_as_it_is(self):
        stemcells = [{'alias': 'default', 'os': 'noble'}]
        result = manifest.render(
            {**MANIFEST, 'stemcells': '((stemcells))'}, [],
            {'stemcells': stemcells},
            [{'name': 'n', 'version': '1', 'operating_system': 'noble'}])
        self.assertIn("version: '1'", result.text)
        self.assertEqual([{'alias': 'default', 'os': 'noble'}], stemcells)
