# SPDX-License-Identifier: Apache-2.0
"""The state folder of a pocket cloud, and what is kept in it for good."""

from collections.abc import Collection
import json
import os
import pathlib
import secrets
from typing import Any

from devstack.pocket import errors
from devstack.pocket import ports
from devstack.pocket import reservations
from devstack.pocket import service

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
VERSION = 1
REGION = 'RegionOne'
DOMAIN = 'Default'
PROJECT = 'demo'
USER = 'demo'
FOLDERS = ('etc', 'log', 'run', 'data', 'data/cinder', 'data/db',
           'data/glance', 'data/home', 'data/horizon', 'data/keystone',
           'data/lock', 'data/neutron', 'data/nova', 'data/rabbitmq',
           'data/ready', 'data/stamp', 'data/tmp')
USERS = ('admin', USER, 'glance', 'placement', 'nova', 'neutron', 'cinder',
         'heat', 'heat_domain_admin', 'barbican', 'octavia')
#: Keys that are no one's password, and how many random bytes each has.
SECRETS = {'heat_auth_encryption': 16, 'nova_key_manager': 32,
           'cinder_key_manager': 32, 'metadata_proxy': 16,
           'horizon_session': 32, 'barbican_kek': 32, 'mariadb': 16,
           'rabbitmq': 16}


def default_path() -> pathlib.Path:
    """$POCKET_STATE, or .pocket in the repository."""
    return pathlib.Path(os.environ.get('POCKET_STATE')
                        or REPOSITORY / '.pocket')


class State:
    """A pocket cloud's folder.

    ``pocket.json`` in it holds what must not change while the cloud lives:
    ports, passwords, keys, features, and how many heat-engines there are
    beside Heat's API.  Nothing else is remembered here; what
    runs is told by the process table, what is done by stamp files.

    :param path: the folder; default_path() if not given.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.root = pathlib.Path(path or default_path()).absolute()
        self.ports: dict[str, int] = {}
        self.passwords: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.features: list[str] = []
        self.engines = 0

    def __repr__(self) -> str:
        return 'State(%r)' % str(self.root)

    @property
    def exists(self) -> bool:
        """Whether the folder is a pocket cloud's."""
        return self.path('pocket.json').is_file()

    @property
    def is_ours(self) -> bool:
        """Whether the folder is a pocket cloud's, or what is left of one.

        What is left is the venv (and Debian's packages) that "clean
        --keep-venv" kept, or the lock of an "up" that was killed at once.
        """
        if self.exists:
            return True
        if not self.root.is_dir():
            return False
        left = {entry.name for entry in self.root.iterdir()}
        return (bool(left) and left <= {'lock', 'venv', 'packages'}
                and ('packages' not in left or 'venv' in left)
                and ('venv' not in left or self.venv_stamp.is_file()))

    @property
    def venv_stamp(self) -> pathlib.Path:
        """Says, from within the venv, what is installed in it."""
        return self.path('venv', 'pocket-stamp')

    @property
    def services(self) -> list[service.Service]:
        """Its services, in order of start."""
        return service.enabled(self.features, self.engines)

    def path(self, *parts: str) -> pathlib.Path:
        """The path of something in the folder."""
        return self.root.joinpath(*parts)

    def load(self) -> 'State':
        """Read pocket.json; returns itself.

        :raises StateError: there is no cloud here, or not a readable one.
        """
        file = self.path('pocket.json')
        try:
            kept: dict[str, Any] = json.loads(file.read_text())
        except FileNotFoundError:
            raise errors.StateError(
                'There is no pocket cloud in %s. Make one with '
                '"python3 -m devstack.pocket --state %s up".'
                % (self.root, self.root)) from None
        except (OSError, ValueError) as exc:
            raise errors.StateError(
                '%s cannot be read: %s. If it is damaged, remove the folder '
                'and run "up".' % (file, exc)) from exc
        if kept.get('version') != VERSION:
            raise errors.StateError(
                '%s was made by another version of the pocket cloud, and '
                'state is not upgraded. Run "clean", then "up".' % file)
        if kept['path'] != str(self.root):
            raise errors.StateError(
                'This pocket cloud was made in %s, and its databases hold '
                'that path. Move it back there.' % kept['path'])
        self.ports = kept['ports']
        self.passwords = kept['passwords']
        self.secrets = kept['secrets']
        self.features = kept['features']
        self.engines = kept.get('engines', 0)
        return self

    def make(self, features: Collection[str] = (),
             engines: int | None = None) -> None:
        """Make the folder, or complete what is there; idempotent.

        :param features: what to add to the features kept from before.
        :param engines: how many heat-engines to have beside Heat's API;
            what was kept from before if None, or else 0.
        :raises StateError: what is there cannot be used.
        """
        if self.exists:
            self.load()
        self.make_root()
        if engines is not None:
            self.engines = engines
        for user in USERS:
            self.passwords.setdefault(user, secrets.token_hex(16))
        for name, size in SECRETS.items():
            self.secrets.setdefault(name, secrets.token_hex(size))
        self.features = sorted({*self.features, *features})
        self._choose_ports()
        for folder in FOLDERS:
            self.path(folder).mkdir(mode=0o700, exist_ok=True)

    def _choose_ports(self) -> None:
        """Give a port to whatever has none, and write pocket.json."""
        with reservations.hold(self.root) as reserved:
            for name in ports.PREFERRED:
                if name not in self.ports:
                    self.ports[name] = ports.choose(
                        name, {*self.ports.values(), *reserved})
            self.save()

    def make_root(self) -> None:
        """Make the folder itself, readable by its owner only.

        :raises StateError: the folder is there and holds something else.
        """
        if (self.root.exists() and not self.is_ours
                and not (self.root.is_dir() and not any(
                    self.root.iterdir()))):
            raise errors.StateError(
                '%s exists and is not a pocket cloud. Name another folder '
                'with --state.' % self.root)
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)

    def save(self) -> None:
        """Write pocket.json, whole or not at all."""
        self.write('pocket.json', json.dumps({
            'version': VERSION, 'path': str(self.root), 'ports': self.ports,
            'features': self.features, 'engines': self.engines,
            'passwords': self.passwords, 'secrets': self.secrets},
            indent=2) + '\n')

    def write(self, name: str, text: str) -> pathlib.Path:
        """Write a file of the folder with mode 0600, whole or not at all."""
        file = self.path(name)
        part = file.with_name(file.name + '.part')
        part.unlink(missing_ok=True)
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(fd, 'w') as stream:
            stream.write(text)
        part.replace(file)
        return file

    def url(self, service: str) -> str:
        """A service's address; Keystone's with its /v3, others bare."""
        base = 'http://%s:%d' % (ports.HOST, self.ports[service])
        return base + '/v3' if service == 'keystone' else base

    def password(self, user: str) -> str:
        """The password of a user of this cloud's domain Default."""
        return self.passwords[user]

    def stamped(self, name: str, text: str = '') -> bool:
        """Whether a step is done, in the form that ``text`` stands for."""
        try:
            return self.path('data/stamp', name).read_text() == text
        except FileNotFoundError:
            return False

    def stamp(self, name: str, text: str = '') -> None:
        """Record a step as done: the last thing the step does."""
        self.write('data/stamp/' + name, text)
