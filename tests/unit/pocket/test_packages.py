# SPDX-License-Identifier: Apache-2.0

import io
import os
import pathlib
import stat

import fixtures as fixtures_lib

from devstack.pocket import command
from devstack.pocket import errors
from devstack.pocket import lock
from devstack.pocket import packages
from devstack.pocket import progress
from tests.unit.pocket import fixtures

#: Stands for apt-get: makes one archive by "install" and one by "download";
#: fails without lists of its own while there is a file "stale".
APT = '''\
#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in
*update*) exit 0 ;;
*Dir::State::Lists=*) ;;
*) test -e "$CALLS.stale" && exit 100 ;;
esac
for word; do
    case "$word" in Dir::Cache=*) cache="${word#*=}/archives" ;; esac
done
case "$*" in
*--download-only*) echo erlang > "$cache/erlang-base_1_amd64.deb" ;;
*download*) echo rabbitmq > rabbitmq-server_1_all.deb ;;
esac
'''
DPKG = '''\
#!/bin/sh
case "$2" in
*erlang*)
    mkdir -p "$3/usr/lib/erlang/bin" "$3/usr/lib/erlang/erts-1/bin"
    printf 'if x\\nROOTDIR=/usr/lib/erlang\\nfi\\n' \\
        > "$3/usr/lib/erlang/bin/erl" ;;
*) mkdir -p "$3/usr/lib/rabbitmq/lib/rabbitmq_server-1" ;;
esac
'''


class PackagesTestCase(fixtures.StateTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.programs = pathlib.Path(
            self.useFixture(fixtures_lib.TempDir()).path)
        self.calls = self.programs / 'calls'
        self.write('apt-get', APT)
        self.write('dpkg-deb', DPKG)
        self.useFixture(fixtures_lib.EnvironmentVariable(
            'PATH', '%s:%s' % (self.programs, os.defpath)))
        self.useFixture(fixtures_lib.EnvironmentVariable(
            'CALLS', str(self.calls)))
        self.output = io.StringIO()

    def write(self, name: str, text: str) -> None:
        file = self.programs / name
        file.write_text(text)
        file.chmod(0o700)

    def make(self) -> None:
        with lock.hold(self.state) as descriptor:
            packages.Packages(
                self.state, command.Runner(self.state, descriptor)
            ).make(progress.Progress(self.output))

    def commands(self) -> list[str]:
        return self.calls.read_text().splitlines()

    def test_fetched_and_unpacked_once(self) -> None:
        self.make()
        folder = self.state.path('packages')
        self.assertEqual(
            folder / 'usr/lib/rabbitmq/lib/rabbitmq_server-1',
            packages.rabbitmq(self.state))
        self.assertEqual(folder / 'usr/lib/erlang/erts-1/bin',
                         packages.erlang_programs(self.state))
        self.assertEqual(0o600, stat.S_IMODE(
            (folder / 'pocket-stamp').stat().st_mode))
        # what was fetched is not kept beside it
        self.assertFalse((folder / 'apt').exists())
        before = self.commands()
        self.assertEqual(2, len(before))
        self.make()
        self.assertEqual(before, self.commands())

    def test_nothing_of_the_system_is_written(self) -> None:
        self.make()
        for line in self.commands():
            self.assertIn('Dir::Cache=%s' % self.state.root, line)
            self.assertTrue('--download-only' in line
                            or ' download ' in line, line)

    def test_erlang_knows_where_it_is(self) -> None:
        self.make()
        script = packages.erlang(self.state) / 'bin' / 'erl'
        self.assertIn("\nROOTDIR='%s'\n" % packages.erlang(self.state),
                      script.read_text())

    def test_stale_lists_are_asked_for_anew_beside_the_systems(self) -> None:
        self.calls.with_name('calls.stale').touch()
        self.make()
        self.assertTrue(packages.rabbitmq(self.state).is_dir())
        update = [line for line in self.commands() if 'update' in line]
        self.assertEqual(1, len(update))
        self.assertIn('Dir::State::Lists=%s' % self.state.root, update[0])

    def test_what_was_interrupted_is_begun_anew(self) -> None:
        half = self.state.path('packages', 'usr', 'half')
        half.mkdir(parents=True)
        self.make()
        self.assertFalse(half.exists())

    def test_a_machine_without_apt(self) -> None:
        (self.programs / 'apt-get').unlink()
        self.useFixture(fixtures_lib.EnvironmentVariable(
            'PATH', str(self.programs)))
        error = self.assertRaises(errors.PackagesError, self.make)
        self.assertIn('apt-get', str(error))
        self.assertIn('--engines', str(error))

    def test_apt_that_fails_is_shown_with_its_last_words(self) -> None:
        self.write('apt-get', '#!/bin/sh\necho E: no network >&2\nexit 100\n')
        error = self.assertRaises(errors.CommandFailed, self.make)
        self.assertIn('E: no network', str(error))
        self.assertFalse(
            self.state.path('packages', 'pocket-stamp').exists())
