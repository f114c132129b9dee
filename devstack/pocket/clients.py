# SPDX-License-Identifier: Apache-2.0
"""What OpenStack's command line and SDKs need to reach the cloud."""

import json
import shlex

from devstack.pocket import state as pocket_state

#: Cloud's name in clouds.yaml -> user and project.
CLOUDS = {
    'pocket': (pocket_state.USER, pocket_state.PROJECT),
    'pocket-admin': ('admin', 'admin'),
}


def auth(state: pocket_state.State, cloud: str) -> dict[str, str]:
    """What keystoneauth's password plugin wants.

    :param cloud: a key of CLOUDS.
    """
    user, project = CLOUDS[cloud]
    return {
        'auth_url': state.url('keystone'),
        'username': user,
        'password': state.password(user),
        'project_name': project,
        'user_domain_name': pocket_state.DOMAIN,
        'project_domain_name': pocket_state.DOMAIN,
    }


def clouds_yaml(state: pocket_state.State) -> str:
    """The text of a clouds.yaml; JSON, which is YAML too."""
    return json.dumps({'clouds': {
        cloud: {'auth': auth(state, cloud),
                'region_name': pocket_state.REGION,
                'identity_api_version': 3}
        for cloud in CLOUDS}}, indent=2) + '\n'


def exports(state: pocket_state.State, cloud: str) -> str:
    """Shell commands that set the environment."""
    pairs = {'OS_' + key.upper(): value
             for key, value in auth(state, cloud).items()}
    pairs.update(OS_REGION_NAME=pocket_state.REGION,
                 OS_IDENTITY_API_VERSION='3')
    return ''.join('export %s=%s\n' % (key, shlex.quote(value))
                   for key, value in pairs.items())


def write(state: pocket_state.State) -> None:
    """Write clouds.yaml into the state folder."""
    state.write('clouds.yaml', clouds_yaml(state))
