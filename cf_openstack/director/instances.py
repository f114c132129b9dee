# SPDX-License-Identifier: Apache-2.0
"""Instances of a deployment, and how they fare."""

from collections.abc import Mapping
import dataclasses
import json
from typing import Any

from cf_openstack.director import response

#: Instances that are read of a deployment.
MAX_INSTANCES = 100_000


@dataclasses.dataclass(frozen=True)
class Instance:
    """What the director has noted of an instance; no agent is asked.

    :ivar group: name of the instance group.
    :ivar cid: its server, None while it has none.
    :ivar expects_vm: whether it should have one; errands need not.
    """

    group: str
    index: int | None
    id: str
    cid: str | None = None
    agent_id: str | None = None
    az: str | None = None
    ips: tuple[str, ...] = ()
    vm_created_at: str | None = None
    expects_vm: bool = True

    @property
    def name(self) -> str:
        """Name as the bosh CLI shows it."""
        return f'{self.group}/{self.id}'


@dataclasses.dataclass(frozen=True)
class Process:
    """A process that the agent watches.

    :ivar memory_kb: memory in KiB.
    :ivar memory_percent: the same of the whole machine, 0 to 100.
    :ivar cpu_percent: 0 to 100 of one core.
    :ivar uptime: seconds.
    """

    name: str
    state: str
    memory_kb: float | None = None
    memory_percent: float | None = None
    cpu_percent: float | None = None
    uptime: float | None = None


@dataclasses.dataclass(frozen=True)
class InstanceVitals:
    """An instance with what its agent reports.

    Percentages are 0 to 100, sizes KiB, times seconds.  All numbers are None
    when the agent does not answer.

    :ivar state: the wanted state: started, stopped or detached.
    :ivar job_state: the real one: running, failing, starting, stopped,
        unresponsive agent; None when there is no VM.
    """

    group: str
    index: int | None
    id: str
    cid: str | None = None
    agent_id: str | None = None
    az: str | None = None
    ips: tuple[str, ...] = ()
    vm_type: str | None = None
    vm_created_at: str | None = None
    disk_cids: tuple[str, ...] = ()
    state: str | None = None
    job_state: str | None = None
    active: bool | None = None
    bootstrap: bool = False
    ignore: bool = False
    stemcell: str | None = None
    stemcell_version: str | None = None
    cpu_user: float | None = None
    cpu_sys: float | None = None
    cpu_wait: float | None = None
    load: tuple[float, ...] = ()
    memory_kb: float | None = None
    memory_percent: float | None = None
    swap_kb: float | None = None
    swap_percent: float | None = None
    system_disk_percent: float | None = None
    ephemeral_disk_percent: float | None = None
    persistent_disk_percent: float | None = None
    uptime: float | None = None
    processes: tuple[Process, ...] = ()

    @property
    def name(self) -> str:
        """Name as the bosh CLI shows it."""
        return f'{self.group}/{self.id}'

    @property
    def is_running(self) -> bool:
        """Whether all its processes run."""
        return self.job_state == 'running'


InstanceList = list[Instance]
VitalsList = list[InstanceVitals]


def parse(document: Mapping[str, Any]) -> Instance:
    """Read one entry of ``GET /deployments/D/instances``."""
    return Instance(
        group=str(document.get('job')), index=_index(document.get('index')),
        id=str(document.get('id')), cid=document.get('cid'),
        agent_id=document.get('agent_id'), az=document.get('az'),
        ips=tuple(document.get('ips') or ()),
        vm_created_at=document.get('vm_created_at'),
        expects_vm=bool(document.get('expects_vm', True)))


def parse_vitals(text: str) -> VitalsList:
    """Read the result of a task of ``instances?format=full``.

    :param text: one JSON object a line, in any order.
    :returns: the instances, ordered by group and index.
    """
    found = []
    for line in text.split('\n', MAX_INSTANCES)[:MAX_INSTANCES]:
        try:
            document = json.loads(line)
            if isinstance(document, dict):
                found.append(_parse_vitals(document))
        except (RecursionError, *response.MISSHAPEN):
            continue
    return sorted(found, key=lambda instance: (
        instance.group, instance.index or 0, instance.id))


def _parse_vitals(document: Mapping[str, Any]) -> InstanceVitals:
    vitals = document.get('vitals')
    cids = document.get('disk_cids')
    if cids is None:
        cids = [document.get('disk_cid')]
    stemcell = _at(document, 'stemcell') or {}
    return InstanceVitals(
        group=str(document.get('job_name')),
        index=_index(document.get('index')),
        id=str(document.get('id')), cid=document.get('vm_cid'),
        agent_id=document.get('agent_id'), az=document.get('az'),
        ips=tuple(document.get('ips') or ()),
        vm_type=document.get('vm_type'),
        vm_created_at=document.get('vm_created_at'),
        disk_cids=tuple(cid for cid in cids if cid),
        state=document.get('state'), job_state=document.get('job_state'),
        active=document.get('active'),
        bootstrap=bool(document.get('bootstrap')),
        ignore=bool(document.get('ignore')),
        stemcell=_at(stemcell, 'name'),
        stemcell_version=_at(stemcell, 'version'),
        cpu_user=_number(vitals, 'cpu', 'user'),
        cpu_sys=_number(vitals, 'cpu', 'sys'),
        cpu_wait=_number(vitals, 'cpu', 'wait'),
        load=tuple(_numbers(_at(vitals, 'load'))),
        memory_kb=_number(vitals, 'mem', 'kb'),
        memory_percent=_number(vitals, 'mem', 'percent'),
        swap_kb=_number(vitals, 'swap', 'kb'),
        swap_percent=_number(vitals, 'swap', 'percent'),
        system_disk_percent=_number(vitals, 'disk', 'system', 'percent'),
        ephemeral_disk_percent=_number(vitals, 'disk', 'ephemeral',
                                       'percent'),
        persistent_disk_percent=_number(vitals, 'disk', 'persistent',
                                        'percent'),
        uptime=_number(vitals, 'uptime', 'secs'),
        processes=tuple(map(_process, document.get('processes') or ())))


def _process(document: Mapping[str, Any]) -> Process:
    return Process(
        name=str(_at(document, 'name')), state=str(_at(document, 'state')),
        memory_kb=_number(document, 'mem', 'kb'),
        memory_percent=_number(document, 'mem', 'percent'),
        cpu_percent=_number(document, 'cpu', 'total'),
        uptime=_number(document, 'uptime', 'secs'))


def _index(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _at(document: Any, *keys: str) -> Any:
    for key in keys:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def _numbers(values: Any) -> list[float]:
    # The agent sends most numbers as text.
    numbers = []
    for value in values if isinstance(values, list | tuple) else ():
        try:
            numbers.append(float(value))
        except (OverflowError, TypeError, ValueError):
            continue
    return numbers


def _number(document: Any, *keys: str) -> float | None:
    numbers = _numbers([_at(document, *keys)])
    return numbers[0] if numbers else None
