# SPDX-License-Identifier: Apache-2.0
"""Sows what an operator provides: external network, flavors, volume type."""

import dataclasses
import time

from openstack import connection
from openstack import exceptions

from devstack.pocket.config import cinder
from devstack.pocket.config import neutron

NETWORK = 'public'
CIDR = '172.24.4.0/24'
GATEWAY = '172.24.4.1'
LIMIT_S = 120
GIB = 1024


@dataclasses.dataclass(frozen=True)
class Flavor:
    """RAM in MiB, disks in GiB."""
    name: str
    vcpus: int
    ram: int
    disk: int
    ephemeral: int = 0


# The vm_types of cf-deployment.  Its documented ephemeral disks are too
# small for the CPI, which wants twice the RAM, and for its own validator,
# which wants the documented size plus the RAM: the larger of the two here.
FLAVORS = (
    Flavor('minimal', 1, 3840, 3, 14),
    Flavor('small', 2, 7680, 3, 22),
    Flavor('small-50GB-ephemeral-disk', 2, 7680, 3, 58),
    Flavor('small-highmem', 4, 31232, 3, 60),
    Flavor('small-highmem-100GB-ephemeral-disk', 4, 31232, 3, 131),
    Flavor('medium', 8, 16384, 3, 66),
    Flavor('m1.tiny', 1, 512, 1),
    Flavor('m1.small', 1, 2048, 20),
)


class Infrastructure:
    """What every project of the cloud may use.

    :param cloud: the administrator's connection.
    """

    def __init__(self, cloud: connection.Connection) -> None:
        self._cloud = cloud

    def sow(self) -> None:
        """Make whatever is missing."""
        self._external_network()
        self._flavors()
        self._volume_type()
        self._wait_for_hypervisor()

    def _external_network(self) -> None:
        network = self._cloud.network.find_network(NETWORK)
        if network is None:
            network = self._cloud.network.create_network(
                name=NETWORK, is_router_external=True,
                provider_network_type='flat',
                provider_physical_network=neutron.PHYSICAL_NETWORK)
        if not network.subnet_ids:
            self._cloud.network.create_subnet(
                name=NETWORK + '-subnet', network_id=network.id,
                ip_version=4, cidr=CIDR, gateway_ip=GATEWAY,
                is_dhcp_enabled=False)

    def _flavors(self) -> None:
        known = {flavor.name for flavor in self._cloud.compute.flavors()}
        for flavor in FLAVORS:
            if flavor.name not in known:
                self._cloud.compute.create_flavor(
                    **dataclasses.asdict(flavor))

    def _volume_type(self) -> None:
        storage = self._cloud.block_storage
        if storage.find_type(cinder.BACKEND) is None:
            storage.create_type(name=cinder.BACKEND)

    def _wait_for_hypervisor(self) -> None:
        """nova-compute reports itself a moment after it started."""
        end = time.monotonic() + LIMIT_S
        while not any(self._cloud.compute.hypervisors()):
            if time.monotonic() > end:
                raise exceptions.ResourceTimeout(
                    'Nova shows no hypervisor after %d s; see its log'
                    % LIMIT_S)
            time.sleep(0.3)
