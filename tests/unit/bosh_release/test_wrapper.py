# SPDX-License-Identifier: Apache-2.0
"""bin/cpi, run as a director and as the bosh CLI do."""

import json
import pathlib
import subprocess
from typing import Any

import ddt
import fixtures

from tests.unit.bosh_release import rendering

#: What a director leaves of the environment.
PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
PROGRAM = '''\
#!/bin/sh
# Tells how it was called.
printf '%s\\n' "$0" "$@" >"$(dirname "$0")/arguments"
env -0 >"$(dirname "$0")/environment"
cat
'''


@ddt.ddt
class WrapperTest(rendering.RenderingTestCase):

    def setUp(self) -> None:
        super().setUp()
        root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.packages = root / 'pack ages'
        self.jobs = root / 'jobs'
        self.program = self.packages / 'cf_openstack_cpi' / 'openstack_cpi'
        self.program.parent.mkdir(parents=True)
        self.program.write_text(PROGRAM)
        self.program.chmod(0o755)
        self.environment = {
            'PATH': PATH, 'BOSH_PACKAGES_DIR': str(self.packages),
            'BOSH_JOBS_DIR': str(self.jobs)}

    def render(self, job: str = 'openstack_cpi', **env: str) -> pathlib.Path:
        """bin/cpi of a job, bin/sweep beside it."""
        for template, target in rendering.spec()['templates'].items():
            if not target.endswith(('.json', '.pem')):
                path = self.jobs / job / target
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(
                    self.renderer.render(template, {'env': env}))
                path.chmod(0o755)
        return self.jobs / job / 'bin' / 'cpi'

    def run_it(self, *words: Any, **keywords: Any) -> str:
        """Run a command with a request; returns its stdout."""
        done = subprocess.run(
            words, input=b'{"a":\n 1}', stdout=subprocess.PIPE, check=True,
            env=self.environment, **keywords)
        return done.stdout.decode()

    def told(self, name: str, separator: str) -> list[str]:
        text = (self.program.parent / name).read_text()
        return text.rstrip(separator).split(separator)

    @ddt.data('openstack_cpi', 'openstack_cpi_golang')
    def test_the_jobs_files(self, job: str) -> None:
        cpi = self.render(job)
        self.assertEqual('{"a":\n 1}', self.run_it(cpi))
        config = f'{self.jobs}/{job}/config'
        expected = [
            str(self.program), f'{config}/cpi.json', f'{config}/cacert.pem']
        self.assertEqual(expected, self.told('arguments', '\n'))
        for relative in ('./cpi', 'cpi'):
            self.run_it('/bin/sh', relative, cwd=cpi.parent)
            self.assertEqual(expected, self.told('arguments', '\n'))

    def test_where_a_director_has_them(self) -> None:
        text = (self.render().parents[1] / 'config/environment').read_text()
        self.assertIn('${BOSH_JOBS_DIR:-/var/vcap/jobs}', text)
        self.assertIn('${BOSH_PACKAGES_DIR:-/var/vcap/packages}', text)

    def test_environment(self) -> None:
        self.run_it(self.render())
        told = dict(line.split('=', 1)
                    for line in self.told('environment', '\0'))
        for name in ('_', 'PWD', 'OLDPWD', 'SHLVL'):
            told.pop(name, None)
        self.assertEqual(self.environment | {'LANG': 'C.UTF-8'}, told)

    @ddt.data(
        'http://user:p%40ss@proxy.example.com:8080', '10.0.0.0/8,.local',
        '\'"$(touch x)`touch x`\\ \n;& é')
    def test_proxies(self, value: str) -> None:
        self.run_it(self.render(
            http_proxy=value, https_proxy=f'{value}s', no_proxy=f'{value}n'))
        told = dict(line.split('=', 1)
                    for line in self.told('environment', '\0'))
        for name, wanted in (('http_proxy', value),
                             ('https_proxy', f'{value}s'),
                             ('no_proxy', f'{value}n')):
            self.assertEqual(wanted, told[name])
            self.assertEqual(wanted, told[name.upper()])

    def test_sweep(self) -> None:
        sweep = self.render().with_name('sweep')
        self.program.rename(self.program.with_name('openstack_cpi_sweep'))
        config = f'{self.jobs}/openstack_cpi/config'
        for words in ([sweep], ['/bin/sh', 'sweep']):
            self.run_it(*words, '--director', 'a b', cwd=sweep.parent)
            self.assertEqual(
                [f'{self.program}_sweep', f'{config}/cpi.json',
                 f'{config}/cacert.pem', '--director', 'a b'],
                self.told('arguments', '\n'))

    def test_a_missing_package_is_told(self) -> None:
        cpi = self.render()
        self.program.unlink()
        reply = json.loads(self.run_it(cpi, stderr=subprocess.DEVNULL))
        self.assertEqual({'result', 'error', 'log'}, set(reply))
        self.assertEqual('Bosh::Clouds::CpiError', reply['error']['type'])
        self.assertIs(False, reply['error']['ok_to_retry'])
        self.assertIn('cf_openstack_cpi', reply['error']['message'])
