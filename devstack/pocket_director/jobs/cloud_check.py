# SPDX-License-Identifier: Apache-2.0
"""Cloud check: finds VMs and disks that are gone, and mends them."""

from collections.abc import Mapping
from typing import Any

from devstack.pocket_director import cpi_runner
from devstack.pocket_director.deploy import vms as vm_keepers
from devstack.pocket_director import director as directors
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import context
from devstack.pocket_director import parallel
from devstack.pocket_director.plan import planner
from devstack.pocket_director import store as stores
from devstack.pocket_director import tasks

_SKIP = {'name': 'ignore', 'plan': 'Skip for now'}
_RECREATE = (
    {'name': 'recreate_vm_without_wait',
     'plan': 'Recreate VM without waiting for processes to start'},
    {'name': 'recreate_vm',
     'plan': 'Recreate VM and wait for processes to start'})
RESOLUTIONS: dict[str, tuple[dict[str, str], ...]] = {
    'missing_vm': (
        _SKIP, *_RECREATE,
        {'name': 'delete_vm_reference', 'plan': 'Delete VM reference'}),
    'unresponsive_agent': (
        _SKIP, {'name': 'reboot_vm', 'plan': 'Reboot VM'}, *_RECREATE,
        {'name': 'delete_vm', 'plan': 'Delete VM'},
        {'name': 'delete_vm_reference', 'plan':
         'Delete VM reference (forceful; may need to manually delete VM '
         'from the Cloud to avoid IP conflicts)'}),
    'missing_disk': (
        _SKIP, {'name': 'delete_disk_reference', 'plan':
                'Delete disk reference (DANGEROUS!)'}),
    'mount_info_mismatch': (
        _SKIP, {'name': 'reattach_disk',
                'plan': 'Reattach disk to instance'},
        {'name': 'reattach_disk_and_reboot',
         'plan': 'Reattach disk and reboot instance'})}
_AUTOMATIC = {'missing_vm': 'recreate_vm_without_wait'}


class Scan:
    """One scan, as the work of a task.

    :param director: the director that scans.
    :param deployment: the deployment's name.
    """

    def __init__(self, director: directors.Director,
                 deployment: str) -> None:
        self._director = director
        self._store = director.store
        self._deployment = deployment

    def __call__(self, task: tasks.TaskRun) -> str:
        """Scan.

        :raises: DirectorError.
        """
        with self._director.locks.hold(
                task.id, 'deployment', self._deployment):
            self.scan(task)
        return 'scan complete'

    def scan(self, task: tasks.TaskRun) -> None:
        """Forget the problems known before, and find those of now.

        :raises: DirectorError.
        """
        self._store.execute(
            'DELETE FROM problems WHERE deployment = ?', self._deployment)
        rows = self._store.all(
            'SELECT * FROM instances WHERE deployment = ?', self._deployment)
        lost = self._scan_vms(task, rows)
        self._scan_disks(task, [
            row for row in rows
            if row['vm_cid'] and row['uuid'] not in lost])

    def _scan_vms(self, task: tasks.TaskRun,
                  rows: list[stores.Row]) -> set[str]:
        wanted = [row for row in rows if row['lifecycle'] != 'errand'
                  and row['state'] != 'detached' and not row['ignored']]
        stage = task.events.stage(f'Scanning {len(wanted)} VMs', 2)
        cpi = self._director.cpi(task)
        gone: list[stores.Row] = []
        silent: list[stores.Row] = []
        with stage.step('Checking VM states'):
            cids = [row['vm_cid'] for row in wanted if row['vm_cid']]
            alive = self._director.responsive(task, cids)
            for row in wanted:
                if not row['vm_cid']:
                    gone.append(row)
                elif row['vm_cid'] not in alive:
                    (silent if cpi.call('has_vm', row['vm_cid'])
                     else gone).append(row)
        ignored = sum(1 for row in rows if row['ignored'])
        stage.skip(f'{len(wanted) - len(gone) - len(silent)} OK, '
                   f'{len(silent)} unresponsive, {len(gone)} missing, '
                   f'0 unbound' + (f', {ignored} ignored' if ignored else ''))
        for kind, found, text in (
                ('missing_vm', gone, 'missing.'),
                ('unresponsive_agent', silent, 'is not responding.')):
            for row in found:
                cid = (f" with cloud ID '{row['vm_cid']}'"
                       if row['vm_cid'] else '')
                self._record(kind, row, f"VM for '{planner.label(row)}'"
                                        f'{cid} {text}', {})
        return {row['uuid'] for row in gone + silent}

    def _scan_disks(self, task: tasks.TaskRun,
                    rows: list[stores.Row]) -> None:
        pairs = [(row, disk) for row in rows for disk in self._store.all(
            'SELECT * FROM disks WHERE instance = ? AND active = 1',
            row['uuid'])]
        stage = task.events.stage(
            f'Scanning {len(pairs)} persistent disks', 2)
        missing, loose = [], []
        with stage.step('Looking for inactive disks'):
            for row, disk in pairs:
                cpi = self._director.cpi(task, disk['cpi'] or '')
                if not cpi.call('has_disk', disk['cid']):
                    missing.append((row, disk))
                elif not _attached(cpi, row['vm_cid'], disk['cid']):
                    loose.append((row, disk))
        stage.skip(
            f'{len(pairs) - len(missing) - len(loose)} OK, '
            f'{len(missing)} missing, 0 inactive, '
            f'{len(loose)} mount-info mismatch')
        for row, disk in missing:
            self._record(
                'missing_disk', row,
                f"Disk '{disk['cid']}' ({planner.label(row)}, "
                f"{disk['size']}M) is missing", {'disk': disk['cid']})
        for row, disk in loose:
            self._record(
                'mount_info_mismatch', row,
                f"Inconsistent mount information:\nRecord shows that disk "
                f"'{disk['cid']}' should be mounted on {row['vm_cid']}.\n"
                'However it is currently :\n\tNot mounted in any VM',
                {'disk': disk['cid'], 'owner_vms': []})

    def _record(self, kind: str, row: stores.Row, description: str,
                data: dict[str, Any]) -> None:
        self._store.insert(
            'problems', deployment=self._deployment, instance=row['uuid'],
            type=kind, data=data, description=description, job=row['job'],
            state='open')


class Resolve:
    """Mends what a scan has found, as the work of a task.

    :param director: the director that mends.
    :param deployment: the deployment's name.
    :param resolutions: by problem id; None takes the automatic one.
    """

    def __init__(self, director: directors.Director, deployment: str,
                 resolutions: Mapping[str, str | None]) -> None:
        self._director = director
        self._store = director.store
        self._deployment = deployment
        self._resolutions = resolutions

    def __call__(self, task: tasks.TaskRun) -> str:
        """Mend.

        :raises: DirectorError.
        """
        with self._director.locks.hold(
                task.id, 'deployment', self._deployment):
            count = self.resolve(task)
        return f'{count} resolved'

    def resolve(self, task: tasks.TaskRun) -> int:
        """Apply the resolutions; how many.

        :raises: DirectorError 410002 for a problem without one.
        """
        problems = self._store.all(
            "SELECT * FROM problems WHERE deployment = ? AND state = 'open'",
            self._deployment)
        chosen = []
        for problem in problems:
            name = self._choice(problem)
            if name is not None:
                chosen.append((problem, name))
        known = context.deployed(self._director, self._deployment)
        vms = vm_keepers.Vms(
            self._director, task, dict(known.manifest.tags))
        plans = {p.row['uuid']: p for p in known.plan.instances}
        stage = task.events.stage('Applying problem resolutions', len(chosen))

        def mend(pair: tuple[stores.Row, str]) -> None:
            problem, name = pair
            plan = next(r['plan'] for r in RESOLUTIONS[problem['type']]
                        if r['name'] == name)
            with stage.step(
                    f"{problem['description']} ({problem['type']} "
                    f"{problem['id']}): {plan}"):
                self._apply(name, problem, plans[problem['instance']], vms)
            self._store.update(
                'problems', {'id': problem['id']}, state='closed')

        parallel.each(task, self._director.settings.threads, chosen, mend)
        return len(chosen)

    def _choice(self, problem: stores.Row) -> str | None:
        key = str(problem['id'])
        if key not in self._resolutions:
            raise errors.DirectorError(
                410002, f"Resolution for problem '{key}' "
                        f"({problem['type']}) is not provided")
        name = self._resolutions[key] or _AUTOMATIC.get(
            problem['type'], 'ignore')
        if name not in {r['name'] for r in RESOLUTIONS[problem['type']]}:
            raise errors.DirectorError(
                410003, f"Resolution '{name}' is not known for "
                        f"'{problem['type']}'")
        return name

    def _apply(self, name: str, problem: stores.Row,
               plan: planner.InstancePlan, vms: vm_keepers.Vms) -> None:
        row = plan.row
        disk = (problem['data'] or {}).get('disk')
        if name in ('recreate_vm', 'recreate_vm_without_wait'):
            # A director deletes even a VM that was said to be missing.
            vms.delete(row, detach=False)
            vms.create(row, plan.spec)
        elif name == 'reboot_vm':
            vms.reboot(row)
        elif name == 'delete_vm':
            vms.delete(row, detach=False)
        elif name == 'delete_vm_reference':
            vms.forget(row)
        elif name == 'delete_disk_reference':
            self._store.execute('DELETE FROM disks WHERE cid = ?', disk)
        elif name.startswith('reattach_disk'):
            found = vms.disks.active(row)
            if found is not None:
                vms.disks.attach(row, found)
            if name.endswith('reboot'):
                vms.reboot(row)


class ScanAndFix:
    """What a health monitor asks for, as the work of a task.

    :param director: the director that mends.
    :param deployment: the deployment's name.
    :param jobs: uuids or indexes of instances by group.
    """

    def __init__(self, director: directors.Director, deployment: str,
                 jobs: Mapping[str, list[str]]) -> None:
        self._director = director
        self._deployment = deployment
        self._jobs = jobs

    def __call__(self, task: tasks.TaskRun) -> str:
        """Scan, and take the automatic resolution for these instances.

        :raises: DirectorError.
        """
        store = self._director.store
        with self._director.locks.hold(
                task.id, 'deployment', self._deployment):
            Scan(self._director, self._deployment).scan(task)
            wanted: dict[str, str | None] = {}
            for problem in store.all(
                    'SELECT p.id, p.job, p.type, i.uuid, i.idx FROM problems '
                    'p JOIN instances i ON i.uuid = p.instance '
                    'WHERE p.deployment = ?', self._deployment):
                named = [str(n) for n in self._jobs.get(problem['job'], ())]
                meant = problem['uuid'] in named or (
                    str(problem['idx']) in named)
                lost = problem['type'] in ('missing_vm', 'unresponsive_agent')
                wanted[str(problem['id'])] = (
                    'recreate_vm_without_wait' if meant and lost
                    else 'ignore')
            count = Resolve(
                self._director, self._deployment, wanted).resolve(task)
        return f'scan and fix complete, {count} resolved'


def _attached(cpi: cpi_runner.Cpi, vm: str, disk: str) -> bool:
    try:
        return disk in cpi.call('get_disks', vm)
    except errors.CpiError as error:
        if error.kind not in cpi_runner.NOT_IMPLEMENTED:
            raise
        return True
