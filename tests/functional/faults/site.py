# SPDX-License-Identifier: Apache-2.0
"""What the cases share in the cloud, and how a case calls the CPI."""

import dataclasses
import itertools
import json
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
from typing import Any
import uuid

from openstack import connection

from devstack.pocket.seed import connection as seed_connection
from devstack.pocket.seed import tenant
from devstack.pocket import state as pocket_state
from devstack.pocket import stemcell_builder
from tests.functional.faults import kinds
from tests.functional.faults import proxy
from tests.functional.faults import recording

FLAVOR = 'm1.tiny'
SERVICES = ('keystone', 'nova', 'neutron', 'glance', 'cinder', 'octavia')
#: A call that takes longer hangs.
LIMIT_S = 150
_CIDR = '10.76.0.0/20'
_ENVIRONMENT = {
    'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/nonexistent'}


@dataclasses.dataclass
class Outcome:
    """What came of one call of the CPI.

    :ivar output: all of stdout.
    :ivar log: all of stderr.
    :ivar seconds: how long it ran.
    :ivar recording: its requests.
    :ivar injected: whether the fault came about.
    """

    output: str
    log: str
    seconds: float
    recording: recording.Recording
    injected: bool

    def reply(self) -> dict[str, Any]:
        """The reply.

        :raises ValueError: stdout is not one valid reply.
        """
        found = json.loads(self.output)
        if set(found) != {'error', 'log', 'result'} or not isinstance(
                found['log'], str):
            raise ValueError(f'not a reply: {self.output[:200]}')
        error = found['error']
        if error is not None and (
                set(error) != {'message', 'ok_to_retry', 'type'}
                or not isinstance(error['ok_to_retry'], bool)):
            raise ValueError(f'not an error: {error}')
        return found


class Trigger:
    """Injects a fault into the first request of a step, once.

    :ivar pulled: whether that happened.
    """

    def __init__(
        self, step: recording.Step | None, fault: kinds.Fault | None
    ) -> None:
        self._step = step
        self._fault = fault
        self.pulled = False

    def __call__(
        self, exchange: recording.Exchange
    ) -> kinds.Fault | None:
        if self.pulled or self._fault is None or (
                exchange.step != self._step):
            return None
        self.pulled = True
        return self._fault


class Site:
    """A network, a stemcell and addresses for the cases of one run.

    Used as a context; what it made is gone afterwards.

    :param state: the pocket cloud's.
    :param executable: the CPI; by default that of the pocket cloud's
        virtual environment.
    :ivar folder: for files, gone afterwards.
    """

    def __init__(
        self, state: pocket_state.State, executable: str | None = None
    ) -> None:
        self.state = state
        self._executable = executable or str(
            state.path('venv', 'bin', 'openstack_cpi'))
        self.tag = uuid.uuid4().hex[:12]
        self._local = threading.local()
        self._connections: list[connection.Connection] = []
        self._folder = tempfile.TemporaryDirectory(prefix='faults-')
        self.folder = self._folder.name
        self._addresses = (
            f'10.76.{n // 200}.{n % 200 + 10}' for n in itertools.count())
        self._lock = threading.Lock()
        self._stemcell: tuple[str, dict[str, Any]] | None = None
        self._image: str | None = None
        self._network: str | None = None
        self._upstreams = {
            name: state.url(name) for name in SERVICES
            if name != 'octavia' or 'octavia' in state.features}

    @property
    def cloud(self) -> connection.Connection:
        """A connection of this thread."""
        found = getattr(self._local, 'cloud', None)
        if found is None:
            found = seed_connection.connect(self.state)
            self._local.cloud = found
            with self._lock:
                self._connections.append(found)
        return found

    def address(self) -> str:
        """An address that no other case has."""
        with self._lock:
            return next(self._addresses)

    @property
    def network_id(self) -> str:
        """The network, made at first use."""
        cloud = self.cloud
        with self._lock:
            if self._network is None:
                self._network = cloud.network.create_network(
                    name=f'faults-{self.tag}').id
                cloud.network.create_subnet(
                    network_id=self._network, ip_version=4, cidr=_CIDR,
                    enable_dhcp=False, name=f'faults-{self.tag}')
            return self._network

    def stemcell(self) -> tuple[str, dict[str, Any]]:
        """Path and cloud properties of a small real stemcell."""
        with self._lock:
            if self._stemcell is None:
                self._stemcell = stemcell_builder.build_image(self.folder), {
                    'name': 'bosh-openstack-kvm', 'version': '1.1',
                    'hypervisor': 'kvm', 'disk_format': 'qcow2',
                    'container_format': 'bare', 'os_type': 'linux',
                    'os_distro': 'ubuntu', 'architecture': 'x86_64'}
            return self._stemcell

    def image_id(self) -> str:
        """An image to boot, made at first use."""
        cloud = self.cloud
        with self._lock:
            if self._image is None:
                self._image = cloud.create_image(
                    f'faults-{self.tag}', disk_format='raw',
                    container_format='bare', wait=True,
                    filename=__file__).id
            return self._image

    def call(
        self,
        method: str,
        arguments: list[Any],
        director_uuid: str,
        request_id: str,
        trigger: Trigger | None = None,
        **openstack: Any,
    ) -> Outcome:
        """Run the executable as a director does, through a proxy.

        :param openstack: further properties of the configuration.
        """
        trigger = trigger or Trigger(None, None)
        with proxy.Proxy(self._upstreams, trigger) as between, \
                tempfile.TemporaryDirectory(dir=self.folder) as folder:
            config = pathlib.Path(folder, 'cpi.json')
            config.write_text(json.dumps({'cloud': {
                'plugin': 'openstack', 'properties': {
                    'openstack': self.config(
                        between.url('keystone', '/v3')) | openstack,
                    'agent': {'mbus': 'nats://10.76.0.6:4222'}}}}))
            started = time.monotonic()
            process = subprocess.Popen(
                [self._executable, str(config)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, cwd=folder,
                env=_ENVIRONMENT | {'TMPDIR': folder})
            between.process = process.pid
            try:
                output, log = process.communicate(json.dumps({
                    'method': method, 'arguments': arguments,
                    'context': {'director_uuid': director_uuid,
                                'request_id': request_id},
                    'api_version': 3}).encode(), timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                output, log = process.communicate()
                log += b'\nThe call hung and was killed\n'
            return Outcome(
                output.decode(), log.decode(), time.monotonic() - started,
                between.recording, trigger.pulled)

    def config(self, auth_url: str) -> dict[str, Any]:
        """The OpenStack properties of the CPI's configuration."""
        return {
            'auth_url': auth_url,
            'username': pocket_state.USER,
            'api_key': self.state.passwords[pocket_state.USER],
            'project': pocket_state.PROJECT,
            'domain': pocket_state.DOMAIN,
            'region': pocket_state.REGION,
            'default_key_name': tenant.BOSH,
            'default_security_groups': [tenant.BOSH],
            'state_timeout': 60,
            'wait_resource_poll_interval': 1,
        }

    def __enter__(self) -> 'Site':
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._image:
            self.cloud.image.delete_image(self._image)
        if self._network:
            for port in self.cloud.network.ports(network_id=self._network):
                self.cloud.network.delete_port(port)
            self.cloud.network.delete_network(self._network)
        for opened in self._connections:
            opened.close()
        self._folder.cleanup()
