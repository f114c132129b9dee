# SPDX-License-Identifier: Apache-2.0
"""Heat: both APIs, and the engine as threads or in processes of its own."""

from collections.abc import Callable
import sys
from typing import Any

from devstack.pocket import health
from devstack.pocket.serve import apis
from devstack.pocket.serve import program
from devstack.pocket import state as pocket_state


def heat(state: pocket_state.State) -> program.Program:
    """Orchestration, and CloudFormation for its signals.

    The engine is there too, unless there are engines of their own.
    """
    _begin('heat-api', state)
    from heat.common import config
    from heat.wsgi import api
    cloud_formation = config.load_paste_app('heat-api-cfn')
    from oslo_config import cfg
    return program.Program(
        {'heat': api.application, 'heat_cfn': cloud_formation},
        [] if state.engines else _engine(cfg.CONF.host))


def engine(name: str, state: pocket_state.State) -> program.Program:
    """One of several heat-engines.

    :param name: what it calls itself, as ``host``.
    """
    _begin('heat-engine', state)
    from heat.common import config  # noqa: F401 (it registers options)
    from heat.common import messaging
    from oslo_config import cfg
    import oslo_i18n
    from oslo_log import log
    oslo_i18n.enable_lazy()
    log.register_options(cfg.CONF)
    cfg.CONF(sys.argv[1:], project='heat', prog='heat-engine')
    log.setup(cfg.CONF, 'heat-engine')
    messaging.setup()
    health.wait_for(state, ('mariadb', 'rabbitmq', 'keystone'))
    return program.Program({}, _engine(name))


def _begin(name: str, state: pocket_state.State) -> None:
    sys.argv = [name, '--config-file', str(state.path('etc', 'heat.conf'))]
    apis.threading_backend()


def _engine(host: str) -> list[Callable[[], Any]]:
    from heat.common import config
    # imported before the check, which wants the options it registers
    from heat.engine import service
    from heat.engine import template
    from heat.rpc import api as rpc_api
    config.startup_sanity_check()
    # as heat-engine does: fail now if a template version cannot be loaded
    template._get_template_extension_manager()
    started = service.EngineService(host, rpc_api.ENGINE_TOPIC)
    started.start()
    return [started.stop]
