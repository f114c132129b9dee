# SPDX-License-Identifier: Apache-2.0
"""Requests and configurations that are nearly right, for hypothesis."""

from collections.abc import Iterable
import json
from typing import Any

from hypothesis import strategies as st

from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud

SERVER_ID = 'aaaaaaaa-0000-4000-8000-000000000001'
VOLUME_ID = 'bbbbbbbb-0000-4000-8000-000000000001'
ABSENT_ID = 'cccccccc-0000-4000-8000-000000000001'

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10 ** 400),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(['', ' ', '..', 'a/b', '\x00', '\u2028', 'None', '1']),
    st.text(
        # JSON has no halves of surrogate pairs.
        st.characters(exclude_categories=('Cs',)), max_size=12),
)

NAMES = st.text(st.characters(exclude_categories=('Cs',)), max_size=6)

ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        NAMES, inner, max_size=3),
    max_leaves=5)


one = st.just
pick = st.sampled_from


def several(right: Any, most: int = 2) -> Any:
    """An Array of what ``right`` draws."""
    return st.lists(right, max_size=most, unique_by=repr)


def hash_of(required: dict[str, Any] | None = None, **optional: Any) -> Any:
    """A Hash with these keys and some of the optional ones."""
    return st.fixed_dictionaries(required or {}, optional=optional)


@st.composite
def mutated(draw: Any, right: Any) -> Any:
    """What ``right`` draws, with none, one or two mistakes put in."""
    # A copy: strategies hand out the same objects again.
    document = json.loads(json.dumps(draw(right)))
    for _number in range(draw(pick([0, 0, 1, 1, 1, 2]))):
        places = list(_places(document))
        if places:
            container, key = draw(pick(places))
            _damage(draw, container, key)
    return document


def _damage(draw: Any, container: Any, key: Any) -> None:
    what = draw(pick(['replace', 'replace', 'remove', 'add']))
    if what == 'remove':
        del container[key]
    elif what == 'add' and isinstance(container, dict):
        container[draw(NAMES)] = draw(ANY_JSON)
    else:
        container[key] = draw(ANY_JSON)


def _places(document: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(document, dict):
        items = list(document.items())
    elif isinstance(document, list):
        items = list(enumerate(document))
    else:
        return
    for key, value in items:
        yield document, key
        yield from _places(value)


METADATA = hash_of(
    director=one('d'), deployment=one('cf'), job=one('web'),
    index=pick([0, '0']), id=one('i'), name=one('web/i'),
    instance_group=one('web'), compiling=one('x'), created_at=one('2026'),
    director_name=one('d'), director_uuid=one('u'), agent_id=one('a'),
    instance_id=one('i'), team=ANY_JSON)

VM = hash_of(
    {'instance_type': pick(['m1.small', 'm1.small', 'eph', 'no.disk'])},
    key_name=one('bosh-key'),
    security_groups=several(pick(['bosh', fake_cloud.GROUP_ID])),
    availability_zone=pick(['az1', 'az2', '']),
    boot_from_volume=pick([True, False]),
    root_disk=hash_of(size=pick([1, 20, 2.5]), type=one('fast')),
    scheduler_hints=hash_of(group=one('g'), same_host=ANY_JSON),
    allowed_address_pairs=pick(['', '', '10.0.0.5', ['10.0.0.6']]),
    vrrp_port_check=one(False))

MORE_OF_VM = pick([
    {}, {}, {}, {'availability_zones': ['az1', 'az2']},
    {'loadbalancer_pools': [{'name': 'https', 'port': 443}]},
    {'loadbalancer_pools': [
        {'name': 'https', 'port': 443, 'monitoring_port': 8080}]},
    {'instance_type': 'absent'}, {'key_name': 'absent'},
    {'security_groups': ['absent']}, {'vrrp_port_check': True}])


def _network(kind: str, ip: str, net_id: str | None) -> Any:
    properties = hash_of(
        {'net_id': one(net_id)} if net_id else {},
        security_groups=several(one('bosh')), vrrp_port_check=one(False))
    of_vip = hash_of(network=pick(['a', 'b']))
    return hash_of(
        {'type': one(kind), 'ip': one(ip),
         'cloud_properties': properties if net_id else of_vip},
        prefix=pick(['128' if ':' in ip else '32']),
        netmask=one('255.255.255.0'), gateway=one('10.0.0.1'),
        dns=several(one('8.8.8.8')), nic_group=pick(['0', 'a']),
        default=several(pick(['dns', 'gateway'])))


NETWORKS = st.fixed_dictionaries(
    {'a': _network('manual', '10.0.0.10', fake_cloud.NET_ID)
     | _network('dynamic', '', fake_cloud.NET_ID)},
    optional={
        'b': _network('manual', '10.1.0.10', fake_cloud.OTHER_NET_ID)
        | _network('manual', 'fd00::10', fake_cloud.NET_ID)
        | _network('manual', '10.1.0.11', ABSENT_ID),
        'v': _network('vip', '192.0.2.1', None)
        | _network('vip', '192.0.2.2', None)})

ENV = hash_of({'bosh': hash_of(
    {'password': one('env-secret')},
    group=one('d-cf-web'), groups=several(pick(['d', 'cf', 'd-cf']), 3),
    tags=hash_of(team=one('a'), deployment=one('cf')),
    mbus=one({'cert': {'private_key': 'key-secret'}}))})

STEMCELL = hash_of(
    {'name': one('bosh-stemcell'), 'version': pick(['1.2', 1.2])},
    infrastructure=one('openstack'), hypervisor=one('kvm'),
    disk=one(5120), disk_format=one('qcow2'), container_format=one('bare'),
    os_type=one('linux'), os_distro=one('ubuntu'),
    architecture=one('x86_64'), auto_disk_config=one(True)) | hash_of(
        {'image_id': pick([fake_cloud.IMAGE_ID, ABSENT_ID])})

DISK = hash_of(type=one('fast'), name=one('dynamic-disk'))
VM_CID = pick([SERVER_ID, SERVER_ID, ABSENT_ID])
DISK_CID = pick([VOLUME_ID, VOLUME_ID, ABSENT_ID])
SIZE = pick([1024, 2048, 3000])
IMAGE = pick([
    fake_cloud.IMAGE_ID, f'{fake_cloud.IMAGE_ID} light',
    fake_cloud.IMAGE_ID, ABSENT_ID])
CLOUD_NETWORK = hash_of(
    {'type': one('manual'), 'range': pick(['10.9.0.0/24', 'fd00::/64']),
     'gateway': one('10.9.0.1')},
    netmask_bits=one(24), cloud_properties=hash_of(
        allocation_pool=one('10.9.0.200-10.9.0.210'),
        security_groups=several(one('bosh')), router=one('absent')))


def arguments_of(image_path: str) -> dict[str, tuple[Any, ...]]:
    """The arguments of every method of the protocol.

    :param image_path: the image of a stemcell.
    """
    vm = st.builds(lambda some, more: some | more, VM, MORE_OF_VM)
    return {
        'attach_disk': (VM_CID, DISK_CID),
        'calculate_vm_cloud_properties': (st.fixed_dictionaries({
            'cpu': pick([1, 2]), 'ram': pick([512, 2048, 10 ** 9]),
            'ephemeral_disk_size': pick([1024, 5000, 10 ** 9])}),),
        'create_disk': (SIZE, DISK, st.none() | VM_CID),
        'create_network': (CLOUD_NETWORK,),
        'create_stemcell': (
            pick([image_path, image_path, '/no/such/file']), STEMCELL,
            st.fixed_dictionaries({'tags': METADATA})),
        'create_vm': (
            one('agent-1'), IMAGE, vm, NETWORKS,
            st.lists(one(VOLUME_ID), max_size=1), ENV),
        'current_vm_id': (),
        'delete_disk': (DISK_CID,),
        'delete_network': (pick([fake_cloud.NET_ID, ABSENT_ID]),),
        'delete_snapshot': (pick([VOLUME_ID, ABSENT_ID]),),
        'delete_stemcell': (IMAGE,),
        'delete_vm': (VM_CID,),
        'detach_disk': (VM_CID, DISK_CID),
        'get_disks': (VM_CID,),
        'has_disk': (DISK_CID,),
        'has_vm': (VM_CID,),
        'info': (),
        'ping': (),
        'reboot_vm': (VM_CID,),
        'resize_disk': (DISK_CID, SIZE),
        'set_disk_metadata': (DISK_CID, METADATA),
        'set_vm_metadata': (VM_CID, METADATA),
        'snapshot_disk': (DISK_CID, METADATA),
        'update_disk': (DISK_CID, SIZE, DISK),
    }


#: Right values of properties of the configuration.
PROPERTIES: dict[str, Any] = {
    'auth_url': one(base.OPENSTACK['auth_url']),
    'username': one('demo'),
    'api_key': one('ctx-secret'),
    'project': one('demo'),
    'domain': one('Default'),
    'user_domain_name': one('Default'),
    'project_domain_id': one('default'),
    'region': one('r1'),
    'endpoint_type': pick(['publicURL', 'internal']),
    'state_timeout': pick([1, 2.5, 300]),
    'wait_resource_poll_interval': pick([1, 5]),
    'default_key_name': one('bosh-key'),
    'default_security_groups': several(one('bosh')),
    'default_volume_type': one('fast'),
    'boot_from_volume': pick([True, False]),
    'config_drive': pick(['disk', 'cdrom']),
    'disk_hint': pick(['device', 'by_id']),
    'use_dhcp': pick([True, False]),
    'ignore_server_availability_zone': pick([True, False]),
    'human_readable_vm_names': pick([True, False]),
    'stemcell_public_visibility': pick([True, False]),
    'connection_options': hash_of(
        connect_timeout=one(5), read_timeout=one(5),
        ssl_verify_peer=pick([True, False])),
}

#: The context of a request, some properties of a cpi-config in it.
CONTEXT = st.builds(
    lambda properties, rest: properties | rest,
    st.lists(
        pick(sorted(PROPERTIES)), max_size=3, unique=True).flatmap(
            lambda keys: st.fixed_dictionaries(
                {key: PROPERTIES[key] for key in keys})),
    hash_of({'director_uuid': one('dir-1')},
            request_id=one('cpi-123456'),
            vm=one({'stemcell': {'api_version': 3}})))

#: A configuration file.
FILE = hash_of({'cloud': hash_of(
    {'properties': hash_of(
        {'openstack': st.builds(
            lambda some: base.OPENSTACK | some, hash_of(**PROPERTIES))},
        agent=one(base.AGENT), use_dhcp=one(False),
        registry=one({'endpoint': 'http://r'}))},
    plugin=one('openstack'))})


def request(image_path: str, method: str) -> Any:
    """Requests of a method that are right or nearly so."""
    return mutated(st.fixed_dictionaries({
        'arguments': st.tuples(*arguments_of(image_path)[method]),
        'context': CONTEXT,
        'api_version': pick([None, 2, 3]),
    })).map(lambda rest: {'method': method} | rest)
