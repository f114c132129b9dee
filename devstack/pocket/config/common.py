# SPDX-License-Identifier: Apache-2.0
"""Sections that are alike in every service."""

from devstack.pocket.config import ini
from devstack.pocket import service
from devstack.pocket import state as pocket_state

HOST = 'pocket'
# RPC stays inside the process: a project's API and its workers are threads
# of one process.
TRANSPORT = 'fake:/'


def default(**more: object) -> dict[str, object]:
    """What most services have in [DEFAULT]; the log goes to stderr."""
    return {'use_stderr': True, 'transport_url': TRANSPORT, **more}


def database_url(state: pocket_state.State, name: str) -> str:
    """A database's URL; the plugin is pocket_drivers.sqlite."""
    return ('sqlite:///%s?timeout=60&plugin=pocket'
            % state.path('data', 'db', name + '.sqlite'))


def database(state: pocket_state.State, name: str) -> ini.Section:
    """[database] of a service."""
    return {'connection': database_url(state, name)}


def credentials(state: pocket_state.State, user: str,
                **more: object) -> dict[str, object]:
    """How a service user logs in to the project "service"."""
    return {
        'auth_type': 'password',
        'auth_url': state.url('keystone'),
        'username': user,
        'password': state.password(user),
        'project_name': 'service',
        'user_domain_name': pocket_state.DOMAIN,
        'project_domain_name': pocket_state.DOMAIN,
        'region_name': pocket_state.REGION,
        **more,
    }


def authtoken(state: pocket_state.State, user: str) -> ini.Section:
    """[keystone_authtoken]: how a service checks the tokens it is given."""
    types = {one.name: one.type for one in service.ALL if one.endpoints}
    return credentials(
        state, user,
        # Without the type, an application credential with access rules is
        # refused everywhere with 401.
        service_type=types[user],
        www_authenticate_uri=state.url('keystone'),
        service_token_roles='service',
        service_token_roles_required=True)


def service_user(state: pocket_state.State, user: str) -> ini.Section:
    """[service_user]: calls made with a user's token say who makes them."""
    return credentials(state, user, send_service_user_token=True)


def concurrency(state: pocket_state.State) -> ini.Section:
    """[oslo_concurrency]."""
    return {'lock_path': state.path('data', 'lock')}


def installed(state: pocket_state.State, *parts: str) -> object:
    """A file that a project's wheel puts in the venv's etc folder."""
    return state.path('venv', 'etc', *parts)
