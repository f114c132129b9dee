# SPDX-License-Identifier: Apache-2.0
"""Heat's configuration."""

from devstack.pocket.config import common
from devstack.pocket.config import ini
from devstack.pocket.config import mariadb
from devstack.pocket.config import rabbitmq
from devstack.pocket import state as pocket_state

# A director's own port, its UAA's and its CredHub's.
DIRECTOR_PORTS = (25555, 8443, 8844)
#: Where tests may start directors of their own.
MORE_DIRECTORS = range(25560, 25600)
PLUGIN_DIR = pocket_state.REPOSITORY / 'heat_plugins' / 'plugin_dir'


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text."""
    return {'heat.conf': ini.render(_sections(state))}


def _sections(state: pocket_state.State) -> dict[str, ini.Section]:
    keystone_root = state.url('keystone').removesuffix('/v3')
    signals = state.url('heat_cfn')
    return {
        'DEFAULT': common.default(
            **_bus(state),
            host=common.HOST,
            num_engine_workers=1,
            convergence_engine=True,
            enable_stack_abandon=True,
            enable_stack_adopt=True,
            plugin_dirs=PLUGIN_DIR,
            environment_dir=common.installed(
                state, 'heat', 'environment.d'),
            template_dir=common.installed(state, 'heat', 'templates'),
            stack_user_domain_name='heat',
            stack_domain_admin='heat_domain_admin',
            stack_domain_admin_password=state.password('heat_domain_admin'),
            auth_encryption_key=state.secrets['heat_auth_encryption'],
            encrypt_parameters_and_properties=True,
            heat_metadata_server_url=signals,
            heat_waitcondition_server_url=signals + '/v1/waitcondition',
            deferred_auth_method='trusts',
            # a deployment may outlast the token that started it
            reauthentication_auth_method='trusts',
            default_deployment_signal_transport='HEAT_SIGNAL',
            default_software_config_transport='POLL_SERVER_HEAT',
            server_keystone_endpoint_type='public',
            region_name_for_services=pocket_state.REGION),
        'database': _database(state),
        'keystone_authtoken': common.authtoken(state, 'heat'),
        'trustee': {
            'auth_type': 'password',
            'auth_url': state.url('keystone'),
            'username': 'heat',
            'password': state.password('heat'),
            'user_domain_name': pocket_state.DOMAIN},
        'clients_keystone': {'auth_uri': keystone_root},
        # An unversioned address with credentials, or CloudFormation's
        # signal URLs answer 500.
        'ec2authtoken': common.credentials(
            state, 'heat', endpoint_override=keystone_root),
        'paste_deploy': {'api_paste_config': common.installed(
            state, 'heat', 'api-paste.ini')},
        'oslo_concurrency': common.concurrency(state),
        'cf_openstack': {
            'director_allowed_ports': sorted(
                {*DIRECTOR_PORTS, *MORE_DIRECTORS, state.ports['director']}),
            # the pocket director lives on this machine
            'allowed_networks': '127.0.0.0/8',
            'poll_interval': 1},
    }


def _bus(state: pocket_state.State) -> dict[str, object]:
    """How the APIs and the engines reach each other."""
    if not state.engines:
        return {}
    return {'transport_url': rabbitmq.url(state)}


def _database(state: pocket_state.State) -> ini.Section:
    if not state.engines:
        return common.database(state, 'heat')
    return {'connection': mariadb.url(state, 'heat')}
