# SPDX-License-Identifier: Apache-2.0
"""Heat: both APIs, and the engine as threads."""

from collections.abc import Callable
import sys
from typing import Any

from devstack.pocket.serve import apis
from devstack.pocket.serve import program
from devstack.pocket import state as pocket_state


def heat(state: pocket_state.State) -> program.Program:
    """Orchestration, and CloudFormation for its signals."""
    sys.argv = ['heat-api', '--config-file',
                str(state.path('etc', 'heat.conf'))]
    apis.threading_backend()
    from heat.common import config
    from heat.wsgi import api
    cloud_formation = config.load_paste_app('heat-api-cfn')
    return program.Program(
        {'heat': api.application, 'heat_cfn': cloud_formation}, _engine())


def _engine() -> list[Callable[[], Any]]:
    from heat.common import config
    # imported before the check, which wants the options it registers
    from heat.engine import service
    from heat.engine import template
    from heat.rpc import api as rpc_api
    from oslo_config import cfg
    config.startup_sanity_check()
    # as heat-engine does: fail now if a template version cannot be loaded
    template._get_template_extension_manager()
    engine = service.EngineService(cfg.CONF.host, rpc_api.ENGINE_TOPIC)
    engine.start()
    return [engine.stop]
