# SPDX-License-Identifier: Apache-2.0
"""What the folders may import, and what is in the repository."""

import ast
import pathlib
import re

import ddt
from oslotest import base

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 500


def modules(folder: str) -> list[pathlib.Path]:
    return sorted((ROOT / folder).rglob('*.py'))


def imported(path: pathlib.Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.partition('.')[0] for name in names}


@ddt.ddt
class DependencyTest(base.BaseTestCase):

    @ddt.data(
        ('cf_openstack', {'heat', 'heatclient', 'horizon', 'django',
                          'openstack_dashboard', 'heat_plugins',
                          'horizon_panel', 'devstack'}),
        ('bosh_release', {'devstack', 'heat_plugins', 'horizon_panel'}),
        ('heat_plugins', {'horizon', 'django', 'openstack_dashboard',
                          'horizon_panel', 'devstack'}),
        ('horizon_panel', {'heat', 'heat_plugins', 'devstack'}))
    @ddt.unpack
    def test_dependencies_run_one_way(self, folder, refused):
        self.assertTrue((ROOT / folder / '__init__.py').exists())
        for path in modules(folder):
            self.assertEqual(set(), imported(path) & refused, path)

    @ddt.data('bosh_release', 'cf_openstack', 'heat_plugins',
              'horizon_panel', 'devstack', 'tests')
    def test_modules_are_short_and_licensed(self, folder):
        for path in modules(folder):
            lines = path.read_text().splitlines()
            self.assertLessEqual(len(lines), LONGEST, path)
            if lines:
                self.assertRegex(
                    '\n'.join(lines[:2]),
                    re.escape('# SPDX-License-Identifier: Apache-2.0'), path)


class RequirementsTest(base.BaseTestCase):

    def test_every_requirement_is_pinned(self):
        def names(text):
            return {re.split(r'[^A-Za-z0-9._-]', line.strip(), maxsplit=1)[0]
                    .lower().replace('_', '-').replace('.', '-')
                    for line in text.splitlines()
                    if line.strip() and not line.startswith(('#', '-'))}

        pinned = names((ROOT / 'constraints.txt').read_text())
        for file in ('requirements.txt', 'test-requirements.txt',
                     'doc/requirements.txt', 'devstack/pocket/'
                     'requirements.txt', 'bosh_release/requirements.txt'):
            with self.subTest(file=file):
                wanted = names((ROOT / file).read_text())
                self.assertTrue(wanted)
                self.assertEqual(set(), wanted - pinned)
