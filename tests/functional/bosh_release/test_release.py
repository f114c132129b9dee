# SPDX-License-Identifier: Apache-2.0
"""The BOSH release, built and run as a director would."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
from typing import Any

from testtools import content
import yaml

from bosh_release import archive
from bosh_release import work
from tests.functional.cpi import base
from tests.unit.bosh_release import rendering

VERSION = '0.0.1'
#: All that a process may have open of the machine: glibc.
MACHINE = re.compile(
    r'/(usr/)?lib(64)?/(.*/)?(ld-linux-[\w-]+\.so\.\d|'
    r'lib(c|dl|m|pthread|rt|util)[.-][\w.-]*|locale/.*|gconv/.*)')
REQUEST = {'method': 'info', 'arguments': [], 'context': {
    'director_uuid': 'd', 'request_id': 'cpi-123456'}}


class ReleaseTestCase(base.CpiTestCase):
    """Builds the release; what takes long is kept with the cloud."""

    def test_release(self) -> None:
        release = self._unpack(self._build())
        manifest = yaml.safe_load((release / 'release.MF').read_text())
        self._install(release, manifest['packages'][0])
        for job in manifest['jobs']:
            self._deploy(release, job)
        self.environment = self.environment | {
            # Neither Python nor anything else, but /bin/sh for bin/cpi
            'PATH': os.path.join(self.folder, 'empty'),
            'BOSH_PACKAGES_DIR': str(self._path('packages')),
            'BOSH_JOBS_DIR': str(self._path('jobs'))}
        self._needs_nothing_of_the_machine()
        self._answers()
        self._finds_no_leftovers()

    def command(self) -> list[str]:
        """The job's bin/cpi, as a director calls it."""
        return [str(self._path('jobs', self.job, 'bin', 'cpi'))]

    def _path(self, *parts: str) -> pathlib.Path:
        return pathlib.Path(self.folder, *parts)

    def _build(self) -> pathlib.Path:
        output = self._path('output')
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, '-m', 'bosh_release', 'build',
             '--output', str(output), '--version', VERSION,
             # It runs here; stemcells may have an older one.
             '--max-glibc', os.confstr('CS_GNU_LIBC_VERSION').split()[1],
             '--work', str(self.state.path('bosh-release'))],
            cwd=work.REPOSITORY, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addDetail('build', content.text_content(
            f'{done.stdout}\n{time.monotonic() - started:.1f} s in all'))
        self.assertEqual(0, done.returncode, done.stdout)
        return output / f'cf-openstack-cpi-{VERSION}.tgz'

    def _unpack(self, path: pathlib.Path) -> pathlib.Path:
        folder = path.with_suffix('')
        folder.mkdir()
        # As a director does.
        subprocess.run(['tar', '-xzf', path, '-C', folder], check=True)
        return folder

    def _checked(
        self, path: pathlib.Path, told: dict[str, Any]
    ) -> pathlib.Path:
        """Unpack a part whose digest is as the manifest says."""
        self.assertEqual(
            told['sha1'], 'sha256:' + archive.checksum(path, 'sha256'))
        return self._unpack(path)

    def _install(self, release: pathlib.Path, told: dict[str, Any]) -> None:
        """Compile the package, which copies it to its place."""
        name = told['name']
        source = self._checked(release / 'packages' / f'{name}.tgz', told)
        target = self._path('packages', name)
        target.mkdir(parents=True)
        subprocess.run(
            ['bash', 'packaging'], cwd=source, check=True,
            env=base.ENVIRONMENT | {'BOSH_INSTALL_TARGET': str(target)})
        licences = target / '_internal' / 'licences'
        for name in ('Python', 'openstacksdk', 'requests', 'PyYAML'):
            self.assertTrue(any((licences / name).rglob('*')), name)

    def _deploy(self, release: pathlib.Path, told: dict[str, Any]) -> None:
        """Render the templates of a job."""
        self.job = told['name']
        source = self._checked(release / 'jobs' / f'{self.job}.tgz', told)
        spec = yaml.safe_load((source / 'job.MF').read_text())
        renderer = rendering.Renderer()
        self.addCleanup(renderer.close)
        for template, target in spec['templates'].items():
            path = self._path('jobs', self.job, target)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(renderer.render(template, {
                'openstack': self.openstack, 'ntp': self.agent['ntp'],
                'agent': {'mbus': self.agent['mbus']}}))
            path.chmod(0o755 if target.startswith('bin/') else 0o640)

    def _needs_nothing_of_the_machine(self) -> None:
        """See what a CPI that waits for its request has opened."""
        with subprocess.Popen(
                self.command(), stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=self.environment, cwd='/') as process:
            maps = pathlib.Path('/proc', str(process.pid), 'maps')
            opened = self.wait_for(
                lambda: self._mapped(maps), 'the start of the CPI', 30)
            output, _ = process.communicate(json.dumps(REQUEST).encode())
        package = str(self._path('packages'))
        self.assertEqual([], [
            path for path in sorted(opened)
            if not path.startswith(package)
            and not MACHINE.fullmatch(path)])
        self.assertEqual(3, json.loads(output)['result']['api_version'])

    def _finds_no_leftovers(self) -> None:
        sweep = self._path('jobs', self.job, 'bin', 'sweep')
        done = subprocess.run(
            [sweep, '--director', self.director_uuid], check=False,
            env=self.environment | {'PATH': base.ENVIRONMENT['PATH']},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(
            (0, 'Nothing is left over\n'), (done.returncode, done.stdout))

    def _mapped(self, maps: pathlib.Path) -> set[str]:
        """The files that a process has mapped, once it runs Python."""
        found = set(re.findall(r'(?m) (/.*)$', maps.read_text()))
        return found if any('libpython' in path for path in found) else set()

    def _answers(self) -> None:
        """One call of each service, and no module that was forgotten."""
        self.assertEqual(3, self.call('info')['api_version'])
        self.assertFalse(self.call('has_vm', 'no-such-server'))
        stemcell = self.make_stemcell()
        vm, _ = self.make_vm(
            stemcell, {'default': self.manual('10.77.0.10')})
        disk = self.call('create_disk', 1024, {}, vm)
        self.addCleanup(self.call, 'delete_disk', disk)
        self.assertTrue(self.call('has_vm', vm))
        self.call('delete_vm', vm)
        self.call('delete_disk', disk)
        self.call('delete_stemcell', stemcell)
        self.assert_nothing_left()
