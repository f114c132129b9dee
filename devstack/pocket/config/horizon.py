# SPDX-License-Identifier: Apache-2.0
"""Horizon's settings, and the panels that are switched on.

Horizon finds neither by configuration: both lie in its own package, so they
are copied into the venv, which is this cloud's alone.
"""

from collections.abc import Collection
import pathlib

from devstack.pocket import state as pocket_state

PANEL = pocket_state.REPOSITORY / 'horizon_panel'
# Folders of a panel's package, and of Horizon's "local" package.
SWITCHES = ('enabled', 'local_settings.d')
SETTINGS = '''\
DEBUG = False
COMPRESS_OFFLINE = True
ALLOWED_HOSTS = ['127.0.0.1', 'localhost']
WEBROOT = '/'
LOGIN_URL = '/auth/login/'
LOGOUT_URL = '/auth/logout/'
LOGIN_REDIRECT_URL = '/'
STATIC_URL = '/static/'
STATIC_ROOT = %(static)r
SECRET_KEY = %(key)r
OPENSTACK_HOST = '127.0.0.1'
OPENSTACK_KEYSTONE_URL = %(keystone)r
OPENSTACK_KEYSTONE_MULTIDOMAIN_SUPPORT = False
OPENSTACK_KEYSTONE_DEFAULT_DOMAIN = %(domain)r
OPENSTACK_API_VERSIONS = {'identity': 3, 'image': 2, 'volume': 3}
# Files: a catalog does not fit a cookie, and a login outlives a restart.
SESSION_ENGINE = 'django.contrib.sessions.backends.file'
SESSION_FILE_PATH = %(sessions)r
CACHES = {'default': {
    'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}}
EMAIL_BACKEND = 'django.core.mail.backends.console.EmailBackend'
TIME_ZONE = 'UTC'
LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'formatters': {'time': {
        'format': '%%(asctime)s %%(levelname)s %%(name)s %%(message)s'}},
    'handlers': {'stderr': {'class': 'logging.StreamHandler',
                            'formatter': 'time'}},
    'root': {'handlers': ['stderr'], 'level': 'INFO'},
}
'''


def settings(state: pocket_state.State) -> str:
    """The text of local_settings.py."""
    return SETTINGS % {
        'static': str(static_root(state)),
        'key': state.secrets['horizon_session'],
        'keystone': state.url('keystone'),
        'domain': pocket_state.DOMAIN,
        'sessions': str(state.path('data', 'horizon', 'sessions')),
    }


def static_root(state: pocket_state.State) -> pathlib.Path:
    """Where the collected static files go."""
    return state.path('data', 'horizon', 'static')


def files(state: pocket_state.State) -> dict[str, str]:
    """The files, absolute path -> text."""
    site = site_packages(state)
    dashboard = site / 'openstack_dashboard'
    found = {dashboard / 'local' / 'local_settings.py': settings(state)}
    for package in (site / 'heat_dashboard', PANEL):
        for folder in SWITCHES:
            for file in sorted((package / folder).glob('_[0-9]*.py')):
                found[dashboard / 'local' / folder / file.name] = (
                    file.read_text())
        for file in sorted((package / 'conf').rglob('*.yaml')):
            target = dashboard / 'conf' / file.relative_to(package / 'conf')
            found[target] = file.read_text()
    return {str(target): text for target, text in found.items()}


def prune(state: pocket_state.State, keep: Collection[str]) -> None:
    """Remove switches that were copied earlier and no longer exist."""
    local = site_packages(state) / 'openstack_dashboard' / 'local'
    for folder in SWITCHES:
        for file in (local / folder).glob('_[0-9]*.py'):
            if str(file) not in keep:
                file.unlink()


def site_packages(state: pocket_state.State) -> pathlib.Path:
    """The venv's site-packages."""
    return next(state.path('venv', 'lib').glob('python3*/site-packages'))
