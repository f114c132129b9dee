# SPDX-License-Identifier: Apache-2.0
"""python -m devstack.pocket.serve --state DIR SERVICE, inside the venv."""

import argparse
import faulthandler
import gc
import os
import signal
import sys
import traceback

from devstack.pocket.serve import apis
from devstack.pocket.serve import cinder
from devstack.pocket.serve import heat
from devstack.pocket.serve import nova
from devstack.pocket.serve import program
from devstack.pocket import service
from devstack.pocket import state as pocket_state

BUILDERS = {
    'barbican': apis.barbican,
    'cinder': cinder.cinder,
    'glance': apis.glance,
    'heat': heat.heat,
    'horizon': apis.horizon,
    'keystone': apis.keystone,
    'neutron': apis.neutron,
    'nova': nova.nova,
    'octavia': apis.octavia,
    'placement': apis.placement,
}


def main(argv: list[str]) -> None:
    # SIGUSR1: what every thread is doing, into the log.
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    parser = argparse.ArgumentParser(
        description='Run one OpenStack project in this process.')
    parser.add_argument('--state', required=True)
    parser.add_argument('service')
    options = parser.parse_args(argv)
    state = pocket_state.State(options.state).load()
    wanted = {one.name: one for one in state.services}
    if options.service not in wanted:
        parser.error('There is no service "%s" here' % options.service)
    try:
        # Thousands of modules, and no garbage: collecting while they are
        # imported takes a sixth of the time, for nothing.
        gc.disable()
        one = wanted[options.service]
        built = (heat.engine(one.name, state) if one.kind == service.ENGINE
                 else BUILDERS[one.name](state))
        gc.freeze()
        gc.enable()
        # Little of what a request makes is cyclic; the default of 700 has
        # these large processes look for it all the time.
        gc.set_threshold(20000, 20, 20)
        program.run(built, state, one.name)
    except BaseException:
        # Whatever threads it has started already must not keep it alive.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


if __name__ == '__main__':
    main(sys.argv[1:])
