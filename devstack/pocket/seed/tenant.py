# SPDX-License-Identifier: Apache-2.0
"""Sows what a tenant who deploys with BOSH has before: all as that tenant."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives import serialization
from openstack import connection

from devstack.pocket.seed import infrastructure
from devstack.pocket import state as pocket_state

NETWORK = 'private'
SUBNET = 'private-subnet'
CIDR = '10.100.0.0/22'
DNS = '8.8.8.8'
ROUTER = 'router'
#: Of the key pair and of the security group; the key's file is bosh.pem.
BOSH = 'bosh'
# From anywhere: SSH, the agent at bootstrap, and the director.
PORTS = (22, 6868, 25555)


class Tenant:
    """The content of the project.

    :param cloud: the tenant's connection.
    """

    def __init__(self, state: pocket_state.State,
                 cloud: connection.Connection) -> None:
        self._state = state
        self._cloud = cloud

    def sow(self) -> None:
        """Make whatever is missing."""
        self._network()
        self._security_group()
        self._key_pair()

    def _network(self) -> None:
        neutron = self._cloud.network
        network = (neutron.find_network(NETWORK)
                   or neutron.create_network(name=NETWORK))
        subnet = (neutron.find_subnet(SUBNET)
                  or neutron.create_subnet(
                      name=SUBNET, network_id=network.id, ip_version=4,
                      cidr=CIDR, dns_nameservers=[DNS]))
        external = neutron.find_network(infrastructure.NETWORK)
        router = (neutron.find_router(ROUTER)
                  or neutron.create_router(
                      name=ROUTER,
                      external_gateway_info={'network_id': external.id}))
        if not any(neutron.ports(device_id=router.id,
                                 network_id=network.id)):
            neutron.add_interface_to_router(router, subnet_id=subnet.id)

    def _security_group(self) -> None:
        neutron = self._cloud.network
        group = neutron.find_security_group(BOSH)
        if group is None:
            group = neutron.create_security_group(
                name=BOSH, description='BOSH director and its instances')
        known = {_key(rule) for rule in neutron.security_group_rules(
            security_group_id=group.id, direction='ingress')}
        wanted: list[dict[str, Any]] = [
            {'remote_group_id': group.id}, {'protocol': 'icmp'}]
        wanted += [{'protocol': 'tcp', 'port_range_min': port,
                    'port_range_max': port} for port in PORTS]
        for rule in wanted:
            if (rule.get('remote_group_id'), rule.get('protocol'),
                    rule.get('port_range_min')) not in known:
                neutron.create_security_group_rule(
                    security_group_id=group.id, direction='ingress',
                    ether_type='IPv4', **rule)

    def _key_pair(self) -> None:
        """A key pair whose private half stays in the state folder."""
        file = self._state.path(BOSH + '.pem')
        if not file.exists():
            made = ed25519.Ed25519PrivateKey.generate()
            self._state.write(file.name, made.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.OpenSSH,
                serialization.NoEncryption()).decode())
        private = serialization.load_ssh_private_key(
            file.read_bytes(), password=None)
        public = private.public_key().public_bytes(
            serialization.Encoding.OpenSSH,
            serialization.PublicFormat.OpenSSH).decode()
        found = self._cloud.compute.find_keypair(BOSH)
        if found is not None and found.public_key.strip() != public:
            # its private half is gone with an earlier state folder
            self._cloud.compute.delete_keypair(found)
            found = None
        if found is None:
            self._cloud.compute.create_keypair(name=BOSH, public_key=public)


def _key(rule: Any) -> tuple[str | None, str | None, int | None]:
    return rule.remote_group_id, rule.protocol, rule.port_range_min
