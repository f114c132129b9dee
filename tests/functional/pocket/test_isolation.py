# SPDX-License-Identifier: Apache-2.0
"""The cloud keeps to itself."""

import pathlib
import stat

from devstack.pocket import ports
from devstack.pocket import process
from tests.functional import base

# 127.0.0.1 and ::1, as the kernel writes them.
LOOPBACK = ('0100007F', '00000000000000000000000001000000')
LISTEN = '0A'


class IsolationTestCase(base.FunctionalTestCase):

    def test_it_listens_on_loopback_only(self) -> None:
        numbers = {
            self.state.ports[name]
            for one in self.state.services
            for name in one.ports}
        seen = set()
        for table in ('tcp', 'tcp6'):
            file = pathlib.Path('/proc/net', table)
            if not file.exists():
                continue
            for line in file.read_text().splitlines()[1:]:
                field = line.split()
                address, _colon, port = field[1].rpartition(':')
                if field[3] == LISTEN and int(port, 16) in numbers:
                    self.assertIn(address, LOOPBACK, line)
                    seen.add(int(port, 16))
        self.assertEqual(numbers, seen)
        self.assertEqual('127.0.0.1', ports.HOST)

    def test_only_its_owner_may_read_it(self) -> None:
        root = self.state.root
        self.assertEqual(0o700, stat.S_IMODE(root.stat().st_mode))
        for name in ('pocket.json', 'clouds.yaml', 'etc/heat.conf',
                     'etc/nova.conf', 'bosh.pem', 'log/nova.log'):
            mode = stat.S_IMODE((root / name).stat().st_mode)
            self.assertEqual(0o600, mode, name)

    def test_no_secret_is_in_a_log_or_a_process_list(self) -> None:
        secrets = {**self.state.passwords, **self.state.secrets}
        places = list(self.state.path('log').iterdir())
        places += [pathlib.Path('/proc/%d/cmdline' % pid)
                   for pid in process.strays(self.state)]
        for place in places:
            try:
                text = place.read_bytes()
            except OSError:  # a process that has just ended
                continue
            for name, secret in secrets.items():
                self.assertNotIn(secret.encode(), text, (name, place))
