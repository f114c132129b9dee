# SPDX-License-Identifier: Apache-2.0
"""The CPI's configuration: upstream's job properties, checked.

Names, defaults and rules are those of the properties ``openstack.*`` of
upstream's job; keys nobody knows are accepted, as upstream does.
"""

import dataclasses
import logging
from typing import Any

from cf_openstack.cloud import connection
from cf_openstack.cpi import cloud_settings
from cf_openstack.cpi import config_file
from cf_openstack.cpi import errors
from cf_openstack.cpi import schema

LOG = logging.getLogger(__name__)

#: What a director's context holds besides a cpi-config's properties.
CONTEXT_KEYS = {
    'director_uuid': schema.ANYTHING,
    'request_id': schema.ANYTHING,
    'vm': schema.HASH,
}

#: Every property there is and its type.
PROPERTIES = schema.Schema(
    {
        'auth_url': schema.STRING,
        'username': schema.STRING,
        'user_id': schema.STRING,
        'api_key': schema.STRING,
        'application_credential_id': schema.STRING,
        'application_credential_secret': schema.STRING,
        'project': schema.STRING,
        'project_id': schema.STRING,
        'domain': schema.STRING,
        'domain_id': schema.STRING,
        'user_domain_name': schema.STRING,
        'user_domain_id': schema.STRING,
        'project_domain_name': schema.STRING,
        'project_domain_id': schema.STRING,
        'region': schema.STRING,
        'endpoint_type': tuple(cloud_settings.INTERFACES),
        'connection_options': schema.HASH,
        # Checked where it is used: true, false or a folder.
        'token_cache': schema.ANYTHING,
        'state_timeout': schema.NUMBER,
        'wait_resource_poll_interval': schema.POSITIVE,
        'default_key_name': schema.STRING,
        'default_security_groups': schema.STRINGS,
        'default_volume_type': schema.STRING,
        'boot_from_volume': schema.BOOLEAN,
        'config_drive': ('cdrom', 'disk'),
        'disk_hint': ('by_id', 'device'),
        'use_dhcp': schema.BOOLEAN,
        # Upstream has never checked the type of this one.
        'ignore_server_availability_zone': schema.ANYTHING,
        'human_readable_vm_names': schema.BOOLEAN,
        'stemcell_public_visibility': schema.BOOLEAN,
        **CONTEXT_KEYS,
    },
    # Of Keystone 2.0, nova-network, the registry, and a feature that
    # upstream has withdrawn.
    dead=(
        'tenant', 'use_nova_networking', 'registry',
        'enable_auto_anti_affinity'),
)

#: Those options of upstream's HTTP library that have a meaning here.
CONNECTION_OPTIONS = schema.Schema(
    {
        'ca_cert': schema.STRING,
        'ssl_ca_file': schema.STRING,
        'ssl_verify_peer': schema.BOOLEAN,
        'connect_timeout': schema.NUMBER,
        'read_timeout': schema.NUMBER,
        'write_timeout': schema.NUMBER,
    },
    prefix='connection_options.',
)


@dataclasses.dataclass(frozen=True)
class Config:
    """One call's configuration, the request's context merged in.

    :ivar state_timeout: seconds that each wait may take.
    :ivar poll_interval: longest pause between two polls, in seconds.
    :ivar ca_cert: CA certificates (PEM) of connection_options, or None.
    :ivar ca_from_job: whether ca_cert is the job's, which the job's
        template has also written to a file.
    :ivar disk_hint: what attach_disk tells of where a disk is: "device",
        /dev/sdX; "by_id", the link that udev makes of a virtio serial.
    :ivar agent: settings merged verbatim into the user data.
    """

    settings: connection.Settings
    ca_cert: str | None
    ca_from_job: bool
    state_timeout: float = 300
    poll_interval: int = 5
    default_key_name: str | None = None
    default_security_groups: tuple[str, ...] = ()
    default_volume_type: str | None = None
    boot_from_volume: bool = False
    config_drive: str | None = None
    use_dhcp: bool = True
    ignore_server_availability_zone: bool = False
    human_readable_vm_names: bool = False
    stemcell_public_visibility: bool = False
    disk_hint: str = 'device'
    agent: dict[str, Any] = dataclasses.field(
        default_factory=dict, repr=False)


def load(path: str | None, context: dict[str, Any]) -> Config:
    """Read, merge and check the configuration for one request.

    :param path: the configuration file.
    :param context: the context of the request; any OpenStack property in
        it wins over the file's.
    :raises errors.InvalidCall: a property is missing or wrong.
    """
    properties = config_file.load(path)
    values = config_file.merge(properties.openstack, context)
    _check(values)
    options = values.get('connection_options', {})
    return Config(
        settings=cloud_settings.settings(values),
        ca_cert=options.get('ca_cert') or None,
        ca_from_job=context.get('connection_options') is None,
        state_timeout=values.get('state_timeout', 300),
        poll_interval=values.get('wait_resource_poll_interval', 5),
        default_key_name=values.get('default_key_name') or None,
        default_security_groups=tuple(
            values.get('default_security_groups', ())),
        default_volume_type=values.get('default_volume_type') or None,
        boot_from_volume=values.get('boot_from_volume', False),
        config_drive=values.get('config_drive') or None,
        use_dhcp=values.get('use_dhcp', True),
        ignore_server_availability_zone=values.get(
            'ignore_server_availability_zone') not in (
                None, False, 'false'),
        human_readable_vm_names=values.get('human_readable_vm_names', False),
        stemcell_public_visibility=values.get(
            'stemcell_public_visibility', False),
        disk_hint=values.get('disk_hint') or 'device',
        agent=properties.agent,
    )


def _check(values: dict[str, Any]) -> None:
    """Warn of the keys nobody knows, refuse values of a wrong type."""
    unknown = PROPERTIES.unknown(values)
    wrong = PROPERTIES.wrong(values)
    options = values.get('connection_options')
    if isinstance(options, dict):
        unknown += CONNECTION_OPTIONS.unknown(options)
        wrong += CONNECTION_OPTIONS.wrong(options)
    for sentence in unknown:
        LOG.warning('OpenStack property without effect: %s', sentence)
    if wrong:
        raise errors.InvalidOpenStackProperty('; '.join(wrong))
