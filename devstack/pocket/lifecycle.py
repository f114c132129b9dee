# SPDX-License-Identifier: Apache-2.0
"""Up, down and clean."""

from collections.abc import Collection
import pathlib
import shutil

from devstack.pocket import clients
from devstack.pocket import command
from devstack.pocket.config import writer
from devstack.pocket import environment
from devstack.pocket import errors
from devstack.pocket import health
from devstack.pocket import lock as pocket_lock
from devstack.pocket import packages
from devstack.pocket import ports
from devstack.pocket import process
from devstack.pocket import programs
from devstack.pocket import progress as pocket_progress
from devstack.pocket import reservations
from devstack.pocket import schema
from devstack.pocket import service
from devstack.pocket import state as pocket_state
from devstack.pocket import venv

#: Raised whenever the seed changes, so that "up" sows it again.
SEED_VERSION = '1'


class Cloud:
    """A pocket cloud, as a whole."""

    def __init__(self, state: pocket_state.State,
                 progress: pocket_progress.Progress) -> None:
        self._state = state
        self._progress = progress

    def up(self, features: Collection[str] = (),
           engines: int | None = None) -> None:
        """Bring it up, whatever state it is in; what is up stays up.

        Every step may be interrupted, and is then done again by the next
        call.

        :param features: services to add to it for good.
        :param engines: how many heat-engines it has from now on, beside
            Heat's API, with MariaDB and RabbitMQ; as before if None.
        :raises PocketError: with what to do about it.
        """
        self._progress.say('Pocket cloud in %s' % self._state.root)
        with pocket_lock.hold(self._state) as lock:
            was = self._state.load().engines if self._state.exists else None
            self._state.make(features, engines)
            if was is not None and bool(was) != bool(self._state.engines):
                self._progress.say(
                    'Heat goes on with another database: stacks made until '
                    'now are seen again with "up --engines %d"' % was)
            self._end_strays()
            self._settle_ports()
            runner = command.Runner(self._state, lock)
            installed = venv.Venv(self._state, runner)
            installed.make(self._progress)
            if self._state.engines:
                packages.Packages(self._state, runner).make(self._progress)
            prints = {
                name: writer.digest([installed.fingerprint(), one])
                for name, one in writer.write(self._state).items()}
            clients.write(self._state)
            self._stop_changed(prints)
            maker = schema.Maker(
                self._state, runner, installed.fingerprint())
            if self._state.engines:
                # Heat's tables are made in one of them.
                maker.make(self._progress, service.BACKENDS)
                self._start(service.BACKENDS, prints)
            maker.make(self._progress, self._state.services)
            self._start_all(runner, prints)

    def install(self, with_packages: bool = False) -> None:
        """Make the venv and start nothing; what is installed stays.

        :param with_packages: get MariaDB and RabbitMQ too.
        :raises PocketError: with what to do about it.
        """
        with pocket_lock.hold(self._state) as lock:
            self._state.make()
            runner = command.Runner(self._state, lock)
            venv.Venv(self._state, runner).make(self._progress)
            if with_packages:
                packages.Packages(self._state, runner).make(self._progress)

    def down(self, names: Collection[str] = ()) -> list[str]:
        """Stop some processes, or all; returns the names of what ran."""
        self._state.load()
        with pocket_lock.hold(self._state):
            return process.stop(self._state, names or None)

    def clean(self, keep_venv: bool = False) -> list[str]:
        """Stop everything and remove the folder.

        :param keep_venv: leave the folder ``venv`` in it, if complete,
            and ``packages``.
        :returns: the names of what ran.
        :raises StateError: the folder is not a pocket cloud's.
        """
        root = self._state.root
        if not root.exists():
            return []
        if not self._state.is_ours:
            raise errors.StateError(
                '%s is not a pocket cloud (it has no pocket.json); nothing '
                'was removed.' % root)
        keep_venv = keep_venv and self._state.venv_stamp.is_file()
        with pocket_lock.hold(self._state):
            stopped = process.stop(self._state)
            keep = {'lock', 'pocket.json'} | (
                {'venv', 'packages'} if keep_venv else set())
            for entry in list(root.iterdir()):
                if entry.name not in keep:
                    _remove(entry)
            # Last of all: until then the folder is known as a cloud's, and
            # a "clean" that is interrupted can be repeated.
            self._state.path('pocket.json').unlink(missing_ok=True)
            self._state.path('lock').unlink()
        if not keep_venv:
            root.rmdir()
        return stopped

    def _end_strays(self) -> None:
        """End what a killed "up" or service left behind."""
        lost = {name for name in process.strays(self._state).values()
                if not process.alive(self._state, name)}
        if lost:
            process.stop(self._state, lost)
            self._progress.say('Ended what was left of ' + ', '.join(
                sorted(lost)))

    def _settle_ports(self) -> None:
        """See that every port to be listened on is free.

        :raises PortTaken: one is not, and may not be changed.
        """
        for one in self._state.services:
            if process.alive(self._state, one.name):
                continue
            for name in one.ports:
                if not ports.is_free(self._state.ports[name]):
                    # A browser's address is in no catalog and in no stack.
                    self._move(name, allowed=name == 'horizon')
        # It has an address of its own once it was up, and looks to it.
        if (not self._state.path('director').exists()
                and not ports.is_free(self._state.ports['director'])):
            self._move('director', allowed=True)

    def _move(self, name: str, allowed: bool) -> None:
        port = self._state.ports[name]
        holder = ports.holder(port)
        if not allowed:
            raise errors.PortTaken(port=port, name=name, holder=holder)
        with reservations.hold(self._state.root) as reserved:
            self._state.ports[name] = ports.choose(
                name, {*self._state.ports.values(), *reserved})
            self._state.save()
        self._progress.say(
            'Port %d of %s is taken by %s; using %d instead'
            % (port, name, holder, self._state.ports[name]))

    def _stop_changed(self, prints: dict[str, str]) -> None:
        """Stop services whose configuration or code is another by now."""
        gone = [name for name in process.names(self._state)
                if service.of_engines(name) and name not in prints]
        process.stop(self._state, gone)
        changed = []
        for name, fingerprint in prints.items():
            running = process.running(self._state, name)
            if running and running.fingerprint != fingerprint:
                changed.append(name)
        if changed:
            self._progress.say('Restarting, since its configuration or code '
                               'changed: ' + ', '.join(changed))
            process.stop(self._state, changed)

    def _start_all(self, runner: command.Runner,
                   prints: dict[str, str]) -> None:
        wanted = self._state.services
        seed = writer.digest([SEED_VERSION, *self._state.features])
        with self._progress.step('Starting services'):
            if not self._state.stamped('seed', seed):
                first = [one for one in wanted if one.name in service.FIRST]
                self._start(first, prints)
                health.wait(self._state, first[:1], self._progress)
                self._seed(runner, 'identity')
            self._start(wanted, prints)
            health.wait(self._state, wanted, self._progress)
            if not self._state.stamped('seed', seed):
                self._seed(runner, 'cloud')
                self._state.stamp('seed', seed)

    def _start(self, services: Collection[service.Service],
               prints: dict[str, str]) -> None:
        for one in services:
            if not process.alive(self._state, one.name):
                argv, env = programs.command(self._state, one)
                process.spawn(self._state, one.name, argv, env,
                              prints[one.name])

    def _seed(self, runner: command.Runner, part: str) -> None:
        with self._progress.step('Seeding: ' + part):
            runner.run(
                'Seeding the ' + part,
                [str(self._state.path('venv', 'bin', 'python')), '-m',
                 'devstack.pocket.seed', '--state', str(self._state.root),
                 part],
                environment.build(self._state), 'seed')


def _remove(entry: pathlib.Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
