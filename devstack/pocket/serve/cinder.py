# SPDX-License-Identifier: Apache-2.0
"""Cinder: API, and scheduler and volume service as threads."""

from collections.abc import Callable
import shlex
import sys
from typing import Any

from devstack.pocket.serve import program
from devstack.pocket import state as pocket_state


def cinder(state: pocket_state.State) -> program.Program:
    """Volumes."""
    from cinder import monkey_patch
    monkey_patch.patch()
    sys.argv = ['cinder-api', '--config-file',
                str(state.path('etc', 'cinder.conf'))]
    from cinder.wsgi import api
    return program.Program({'cinder': api.application}, _workers())


def _workers() -> list[Callable[[], Any]]:
    from cinder import context
    from cinder import objects
    from cinder import service
    from cinder import utils
    import os_brick
    from oslo_config import cfg
    from oslo_privsep import priv_context
    conf = cfg.CONF
    priv_context.init(root_helper=shlex.split(utils.get_root_helper()))
    os_brick.setup(conf)

    class Worker(service.Service):
        """Reports for itself.

        The stock one reports with a class attribute, of which a process
        with two services has only one.
        """

        def report_state(self) -> None:
            record = objects.Service.get_by_id(
                context.get_admin_context(), self.origin_service_id)
            record.report_count += 1
            record.save()

    stops = []
    for backend in conf.enabled_backends:
        conf.register_opt(cfg.StrOpt('backend_host'), group=backend)
        volume = Worker.create(
            host='%s@%s' % (conf.host, backend), service_name=backend,
            binary='cinder-volume', coordination=True)
        volume.start()
        stops.append(volume.stop)
    # after the volume service, whose report it waits for
    scheduler = Worker.create(binary='cinder-scheduler')
    scheduler.start()
    stops.append(scheduler.stop)
    return stops
