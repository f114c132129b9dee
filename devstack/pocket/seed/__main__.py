# SPDX-License-Identifier: Apache-2.0
"""python -m devstack.pocket.seed --state DIR PART, inside the venv."""

import argparse
import sys

from devstack.pocket.seed import connection
from devstack.pocket.seed import identity
from devstack.pocket.seed import infrastructure
from devstack.pocket.seed import tenant
from devstack.pocket import state as pocket_state


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        description='Sow what a new pocket cloud holds.')
    parser.add_argument('--state', required=True)
    parser.add_argument('part', choices=('identity', 'cloud'))
    options = parser.parse_args(argv)
    state = pocket_state.State(options.state).load()
    admin = connection.connect(state, 'pocket-admin')
    if options.part == 'identity':
        identity.Identity(state, admin).sow()
    else:
        infrastructure.Infrastructure(admin).sow()
        tenant.Tenant(state, connection.connect(state)).sow()


if __name__ == '__main__':
    main(sys.argv[1:])
