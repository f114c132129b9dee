# SPDX-License-Identifier: Apache-2.0
"""Nova: API, metadata, and conductor, scheduler and compute as threads."""

from collections.abc import Callable
import shlex
import sys
from typing import Any

from devstack.pocket import health
from devstack.pocket.serve import program
from devstack.pocket import state as pocket_state


def nova(state: pocket_state.State) -> program.Program:
    """Servers."""
    sys.argv = ['nova-api-os-compute']
    # Either of them chooses native threads for the whole process, first of
    # all.
    from nova.wsgi import metadata
    from nova.wsgi import osapi_compute
    return program.Program(
        {'nova': osapi_compute.application,
         'nova_metadata': metadata.application},
        _workers(state))


def _workers(state: pocket_state.State) -> list[Callable[[], Any]]:
    from nova.compute import rpcapi as compute_rpcapi
    from nova.conductor import rpcapi as conductor_rpcapi
    import nova.conf
    from nova import context
    from nova import objects
    from nova.objects import host_mapping
    from nova.scheduler import rpcapi as scheduler_rpcapi
    from nova import service
    from nova import utils
    import os_brick
    import os_vif
    from oslo_privsep import priv_context
    from pocket_drivers import compute
    # compute_driver is always looked for below nova.virt
    sys.modules['nova.virt.pocket'] = compute
    objects.register_all()
    priv_context.init(root_helper=shlex.split(utils.get_root_helper()))
    os_brick.setup(nova.conf.CONF)
    os_vif.initialize()
    # nova-compute ends if these do not let it in, and they start just now
    health.wait_for(state, ('keystone', 'placement'))
    stops = []
    for binary, topic, alternative in (
            ('nova-conductor', conductor_rpcapi.RPC_TOPIC, None),
            ('nova-scheduler', scheduler_rpcapi.RPC_TOPIC, None),
            ('nova-compute', compute_rpcapi.RPC_TOPIC,
             compute_rpcapi.RPC_TOPIC_ALT)):
        worker = service.Service.create(
            binary=binary, topic=topic, topic_alt=alternative)
        worker.start()
        stops.append(worker.stop)
    # or the first servers would have to wait for the scheduler's own round
    host_mapping.discover_hosts(context.get_admin_context())
    return stops
