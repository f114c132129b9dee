# SPDX-License-Identifier: Apache-2.0
"""What anybody may ask: the director itself, and files."""

from typing import Any

import flask

from devstack.pocket_director import app
from devstack.pocket_director import director as directors

ROUTES = flask.Blueprint('info', __name__)


@ROUTES.get('/info')
def info() -> flask.Response:
    """The director; its user is null without right credentials."""
    director = app.current()
    identity = app.identified()
    return app.reply({
        'name': director.settings.name, 'uuid': director.uuid,
        'version': director.settings.version,
        'user': identity.user if identity else None,
        'cpi': 'openstack_cpi',
        'user_authentication': _authentication(director),
        'stemcell_os': '-', 'stemcell_version': '-',
        'features': {
            'local_dns': {'status': False,
                          'extras': {'domain_name': 'bosh'}},
            'power_dns': {'status': False},
            'snapshots': {'status': True},
            # It takes the place of one: no job is rendered, so that values
            # of variables need not be known
            'config_server': {'status': True, 'extras': {'urls': []}}},
        **director.faults.value('info', {})})


@ROUTES.get('/files/<name>')
def file(name: str) -> flask.Response:
    """A file that was laid into the director's ``files`` folder."""
    return flask.send_from_directory(
        app.current().settings.path('files'), name,
        # Else a .tgz is called a tar in transport encoding gzip, and
        # clients unpack it.
        mimetype='application/octet-stream')


def _authentication(director: directors.Director) -> dict[str, Any]:
    if director.uaa_url is None:
        return {'type': 'basic', 'options': {}}
    return {'type': 'uaa', 'options': {
        'url': director.uaa_url, 'urls': [director.uaa_url]}}
