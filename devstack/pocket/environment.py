# SPDX-License-Identifier: Apache-2.0
"""The environment that services and set-up commands run in."""

from collections.abc import Mapping
import os

from devstack.pocket import state as pocket_state

# Another cloud's credentials, another interpreter's settings.
FOREIGN = ('OS_', 'PYTHON', 'DJANGO_', 'VIRTUAL_ENV', 'POCKET_')
LOOPBACK = '127.0.0.1,localhost'


def build(state: pocket_state.State,
          base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for processes of the cloud.

    :param base: what to start from; this process's own if None.
    """
    env = without_foreign(os.environ if base is None else base)
    proxied = env.get('no_proxy') or env.get('NO_PROXY')
    no_proxy = ','.join(filter(None, (proxied, LOOPBACK)))
    etc = str(state.path('etc'))
    env.update({
        'HOME': str(state.path('data', 'home')),
        'PATH': '%s:%s' % (state.path('venv', 'bin'),
                           env.get('PATH', os.defpath)),
        'TMPDIR': str(state.path('data', 'tmp')),
        'LC_ALL': 'C.UTF-8',
        'no_proxy': no_proxy,
        'NO_PROXY': no_proxy,
        # this package, which is in no wheel
        'PYTHONPATH': str(pocket_state.REPOSITORY),
        'PYTHONUNBUFFERED': '1',
        # a dozen threads each: by default every one gets 64 MB arenas
        'MALLOC_ARENA_MAX': '2',
        'DJANGO_SETTINGS_MODULE': 'openstack_dashboard.settings',
        'OSLO_LOCK_PATH': str(state.path('data', 'lock')),
        'OS_KEYSTONE_CONFIG_DIR': etc,
        'OS_GLANCE_CONFIG_DIR': etc,
        'OS_PLACEMENT_CONFIG_DIR': etc,
        'OS_NEUTRON_CONFIG_DIR': etc,
        'OS_NEUTRON_CONFIG_FILES': 'neutron.conf',
        'OS_NOVA_CONFIG_DIR': etc,
        'OS_NOVA_CONFIG_FILES': 'nova-api-paste.ini;nova.conf',
        # native threads, as the projects will have it from now on
        'OS_NOVA_DISABLE_EVENTLET_PATCHING': '1',
        'OS_CINDER_DISABLE_EVENTLET_PATCHING': '1',
    })
    return env


def without_foreign(env: Mapping[str, str]) -> dict[str, str]:
    """A copy without what belongs to another cloud or interpreter."""
    return {key: value for key, value in env.items()
            if not key.startswith(FOREIGN)}
