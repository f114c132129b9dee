# SPDX-License-Identifier: Apache-2.0
"""TCP ports on loopback: which are free, which to take, who holds one."""

from collections.abc import Collection
import os
import pathlib
import socket

from devstack.pocket import errors

HOST = '127.0.0.1'
#: What each listener would like: OpenStack's usual ports, where it has one.
PREFERRED = {
    'keystone': 5000,
    'glance': 9292,
    'placement': 8778,
    'nova': 8774,
    'nova_metadata': 8775,
    'neutron': 9696,
    'cinder': 8776,
    'heat': 8004,
    'heat_cfn': 8000,
    'horizon': 8080,
    'barbican': 9311,
    'octavia': 9876,
    'director': 25555,
    'mariadb': 3306,
    'rabbitmq': 5672,
    'rabbitmq_dist': 25672,
    # not Erlang's own 4369: whatever else of Erlang runs on this machine
    # would go to ours
    'epmd': 24369,
}
# Below the range from which Linux takes the ports of outgoing connections
# (32768 and up), so that none of those sits on a port kept while down.
FALLBACK = range(20000, 32768)
LISTEN = '0A'


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As every server does; without it the remains of closed
        # connections (TIME_WAIT) would look like a taken port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(name: str, avoid: Collection[int]) -> int:
    """A free port for a listener: its preferred one, or another.

    :param name: a key of PREFERRED.
    :param avoid: ports that are spoken for, though nothing listens yet.
    :raises NoFreePort: when there is none.
    """
    preferred = PREFERRED[name]
    for port in (preferred, *FALLBACK):
        if port not in avoid and is_free(port):
            return port
    raise errors.NoFreePort(name=name, preferred=preferred,
                            first=FALLBACK.start, last=FALLBACK.stop - 1)


def holder(port: int) -> str:
    """Who listens on a port, in words; from /proc, as far as readable."""
    inodes = _listening_inodes(port)
    for folder in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            for fd in (folder / 'fd').iterdir():
                if os.readlink(fd) in inodes:
                    return '%s (pid %s)' % (_command(folder), folder.name)
        except OSError:  # gone meanwhile, or another user's
            continue
    return 'a process that this user may not see'


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        try:
            lines = pathlib.Path(table).read_text().splitlines()[1:]
        except OSError:  # no IPv6 on this machine
            continue
        for line in lines:
            field = line.split()
            # local address:port in hex, remote, state, ..., inode (proc(5))
            if (field[3] == LISTEN
                    and int(field[1].rpartition(':')[2], 16) == port):
                found.add('socket:[%s]' % field[9])
    return found


def _command(folder: pathlib.Path) -> str:
    words = (folder / 'cmdline').read_bytes().split(b'\0')
    text = b' '.join(words).decode(errors='replace').strip()
    if not text:
        text = (folder / 'comm').read_text().strip()
    return '"%s"' % (text if len(text) <= 120 else text[:117] + '...')
