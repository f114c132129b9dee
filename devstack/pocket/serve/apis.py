# SPDX-License-Identifier: Apache-2.0
"""The projects that are nothing but WSGI applications."""

import os
import pathlib
import sys

from devstack.pocket.config import horizon as horizon_config
from devstack.pocket.serve import program
from devstack.pocket import state as pocket_state

# Every application reads its configuration while it is imported, from the
# folders that the environment names, and takes sys.argv for its own.


def keystone(state: pocket_state.State) -> program.Program:
    """Identity."""
    sys.argv = ['keystone']
    from keystone.wsgi import api
    return program.Program({'keystone': api.application})


def glance(state: pocket_state.State) -> program.Program:
    """Images."""
    sys.argv = ['glance-api']
    from glance.wsgi import api
    return program.Program({'glance': api.application})


def placement(state: pocket_state.State) -> program.Program:
    """Placement."""
    sys.argv = ['placement-api']
    from placement.wsgi import api
    return program.Program({'placement': api.application})


def neutron(state: pocket_state.State) -> program.Program:
    """Networks; there are no agents."""
    sys.argv = ['neutron-api']
    threading_backend()
    from neutron.wsgi import api
    return program.Program({'neutron': api.application})


def barbican(state: pocket_state.State) -> program.Program:
    """Secrets; its configuration is in the home folder."""
    sys.argv = ['barbican-api']
    from paste import deploy
    paste = state.path('etc', 'barbican-api-paste.ini')
    return program.Program({'barbican': deploy.loadapp('config:%s' % paste)})


def octavia(state: pocket_state.State) -> program.Program:
    """Load balancers, by the provider pocket_drivers.octavia_provider."""
    sys.argv = ['octavia-api', '--config-file',
                str(state.path('etc', 'octavia.conf'))]
    from octavia.wsgi import api
    return program.Program({'octavia': api.application})


def horizon(state: pocket_state.State) -> program.Program:
    """The dashboard, with its static files."""
    sys.argv = ['horizon']
    os.environ['DJANGO_SETTINGS_MODULE'] = 'openstack_dashboard.settings'
    sessions = pathlib.Path(state.path('data', 'horizon', 'sessions'))
    sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
    from openstack_dashboard import wsgi
    import whitenoise
    application = whitenoise.WhiteNoise(
        wsgi.application, root=str(horizon_config.static_root(state)),
        prefix='static/')
    return program.Program({'horizon': application})


def threading_backend() -> None:
    """Choose oslo.service's native threads; before anything imports it."""
    from oslo_service import backend
    backend.init_backend(backend.BackendType.THREADING)
