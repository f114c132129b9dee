# SPDX-License-Identifier: Apache-2.0
"""The methods under test: what they need, and what they must have done."""

from collections.abc import Callable
import threading
from typing import Any

from cf_openstack.cloud import naming
from devstack.pocket.seed import infrastructure
from devstack.pocket.seed import tenant
from tests.functional.faults import cases
from tests.functional.faults import patience
from tests.functional.faults import site as site_module

Census = dict[str, list[str]]


class Scenario:
    """One method, called in one way.

    :param site: what the cases share.
    :cvar name: in tables and on the command line.
    :cvar method: of the CPI.
    :cvar repeats: whether the call itself, made again, brings everything
        to the end that was wanted, whatever happened before.
    """

    name = ''
    method = ''
    repeats = False

    def __init__(self, site: site_module.Site) -> None:
        self.site = site
        self._local = threading.local()
        self._lock = threading.Lock()
        self._undo: list[Callable[[], Any]] = []

    def arguments(self, case: cases.Case) -> list[Any]:
        """Prepare a case; returns the arguments of its call."""
        raise NotImplementedError

    def made(self, case: cases.Case, result: Any) -> Census:
        """What must be there after a success."""
        return {}

    def pools(self) -> list[str]:
        """The pools of load balancers that members may be in."""
        return []

    def check_success(self, case: cases.Case, result: Any) -> None:
        """Look whether a success is one."""

    def check_failure(self, case: cases.Case) -> None:
        """Look whether a failed call has left all as it was."""

    def tidy(self, case: cases.Case) -> None:
        """Remove what prepare() has made and no sweep finds."""

    def close(self) -> None:
        """Remove what the cases shared."""
        for undo in reversed(self._undo):
            undo()

    def later(self, action: Callable[[], Any]) -> None:
        """Do something when all cases are through."""
        with self._lock:
            self._undo.append(action)

    def own(self, name: str, make: Callable[[], Any]) -> Any:
        """Something that each thread makes for itself, once."""
        if not hasattr(self._local, name):
            setattr(self._local, name, make())
        return getattr(self._local, name)

    def server(self) -> str:
        """A server of this thread."""
        return self.own('server_id', self._make_server)

    def volume(self) -> str:
        """A volume of this thread."""
        return self.own('volume_id', self._make_volume)

    def _make_server(self) -> str:
        made = patience.server(
            self.site.cloud, name=f'faults-{self.site.tag}',
            image=self.site.image_id(),
            network={'uuid': self.site.network_id})
        self.later(lambda: patience.remove_server(self.site.cloud, made))
        return made

    def _make_volume(self) -> str:
        made = patience.volume(
            self.site.cloud, name=f'faults-{self.site.tag}')
        self.later(lambda: patience.remove_volume(self.site.cloud, made))
        return made


class CreateStemcell(Scenario):
    """create_stemcell of a heavy stemcell."""

    name = method = 'create_stemcell'

    def arguments(self, case: cases.Case) -> list[Any]:
        return [*self.site.stemcell(), {'tags': {'team': 'faults'}}]

    def made(self, case: cases.Case, result: Any) -> Census:
        return {'image': [result]}

    def check_success(self, case: cases.Case, result: Any) -> None:
        image = self.site.cloud.image.get_image(result)
        case.expect(image.status == 'active',
                    f'the image is {image.status}')


class CreateDisk(Scenario):
    """create_disk for a VM."""

    name = method = 'create_disk'

    def arguments(self, case: cases.Case) -> list[Any]:
        return [1024, {}, self.server()]

    def made(self, case: cases.Case, result: Any) -> Census:
        return {'volume': [result]}

    def check_success(self, case: cases.Case, result: Any) -> None:
        volume = self.site.cloud.block_storage.get_volume(result)
        case.expect(volume.status == 'available',
                    f'the volume is {volume.status}')


class SnapshotDisk(Scenario):
    """snapshot_disk of a free disk."""

    name = method = 'snapshot_disk'

    def arguments(self, case: cases.Case) -> list[Any]:
        return [self.volume(), {
            'deployment': 'cf', 'job': 'api', 'index': 0,
            'director_name': 'faults', 'instance_id': 'i',
            'director_uuid': case.director_uuid, 'agent_id': 'a'}]

    def made(self, case: cases.Case, result: Any) -> Census:
        return {'snapshot': [result]}

    def check_success(self, case: cases.Case, result: Any) -> None:
        snapshot = self.site.cloud.block_storage.get_snapshot(result)
        case.expect(snapshot.status == 'available',
                    f'the snapshot is {snapshot.status}')
        case.expect(snapshot.metadata.get('instance_index') == '0',
                    f'its metadata is {snapshot.metadata}')


class AttachDisk(Scenario):
    """attach_disk; its leftovers are adopted by the next call."""

    name = method = 'attach_disk'
    repeats = True

    def arguments(self, case: cases.Case) -> list[Any]:
        return [self.server(), self.volume()]

    def check_success(self, case: cases.Case, result: Any) -> None:
        volume = self._volume()
        case.expect(
            volume.status == 'in-use' and [
                a['server_id'] for a in volume.attachments] == [
                    self.server()],
            f'the volume is {volume.status}: {volume.attachments}')

    def check_failure(self, case: cases.Case) -> None:
        volume = self._volume()
        case.expect(
            volume.status == 'available' and not volume.attachments,
            f'the volume is {volume.status}: {volume.attachments}')

    def tidy(self, case: cases.Case) -> None:
        patience.detach(self.site.cloud, self.server(), self.volume())

    def _volume(self) -> Any:
        return self.site.cloud.block_storage.get_volume(self.volume())


class CreateVm(Scenario):
    """create_vm on a manual network with a VIP."""

    name = method = 'create_vm'

    def arguments(self, case: cases.Case) -> list[Any]:
        # A floating IP needs a router, so the tenant's own network.
        network = self.own('private', lambda: (
            self.site.cloud.network.find_network(tenant.NETWORK).id))
        return [
            'agent-faults', self.site.image_id(),
            {'instance_type': site_module.FLAVOR},
            {'default': {
                'type': 'manual', 'ip': self._address(case),
                'prefix': '32', 'netmask': '255.255.252.0',
                'gateway': '10.100.0.1', 'dns': [], 'default': [
                    'dns', 'gateway'],
                'cloud_properties': {'net_id': network}},
             'vip': {'type': 'vip', 'ip': self._floating().
                     floating_ip_address, 'cloud_properties': {}}},
            [], {'bosh': {'groups': [
                'd', 'cf', 'api', 'd-cf', 'cf-api', 'd-cf-api']}}]

    def made(self, case: cases.Case, result: Any) -> Census:
        port, = self.site.cloud.network.ports(device_id=result[0])
        return {'server': [result[0]], 'port': [port.id]}

    def check_success(self, case: cases.Case, result: Any) -> None:
        server = self.site.cloud.compute.get_server(result[0])
        case.expect(server.status == 'ACTIVE',
                    f'the server is {server.status}')
        port, = self.site.cloud.network.ports(device_id=result[0])
        case.expect(port.mac_address == result[1]['default']['mac'],
                    f'the reply tells another MAC: {result[1]}')
        floating = self.site.cloud.network.get_ip(self._floating().id)
        case.expect(floating.port_id == port.id,
                    f'the floating IP leads to {floating.port_id}')

    def check_failure(self, case: cases.Case) -> None:
        floating = self.site.cloud.network.get_ip(self._floating().id)
        case.expect(floating.port_id is None,
                    f'the floating IP leads to {floating.port_id}')

    def _address(self, case: cases.Case) -> str:
        # Far from where Neutron and other tests take addresses.
        third, fourth = case.address.split('.')[2:]
        case.address = f'10.100.2.{(int(third) * 200 + int(fourth)) % 250 + 1}'
        return case.address

    def _floating(self) -> Any:
        return self.own('floating', self._make_floating)

    def _make_floating(self) -> Any:
        network = self.site.cloud.network
        made = network.create_ip(floating_network_id=network.find_network(
            infrastructure.NETWORK).id)
        self.later(lambda: self.site.cloud.network.delete_ip(made))
        return made


class DeleteVm(Scenario):
    """delete_vm of a VM with a port of its own and an attached disk."""

    name = method = 'delete_vm'
    repeats = True

    def arguments(self, case: cases.Case) -> list[Any]:
        cloud = self.site.cloud
        name = naming.server_name()
        origin = naming.Origin(case.director_uuid, case.request_id)
        port = cloud.network.create_port(
            network_id=self.site.network_id,
            name=naming.port_name(name, 0),
            fixed_ips=[{'ip_address': case.address}])
        server = patience.server(
            cloud, name=name, image=self.site.image_id(),
            network={'port': port.id}, metadata=origin.metadata())
        cloud.network.set_tags(
            port, [*origin.tags(), naming.port_tag(server)])
        patience.attach(cloud, server, self.volume())
        return [server]

    def check_success(self, case: cases.Case, result: Any) -> None:
        volume = self.site.cloud.block_storage.get_volume(self.volume())
        case.expect(volume.status == 'available',
                    f'the disk is {volume.status}')


ALL = {
    scenario.name: scenario for scenario in (
        CreateStemcell, CreateVm, CreateDisk, SnapshotDisk, AttachDisk,
        DeleteVm)}
