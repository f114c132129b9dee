# SPDX-License-Identifier: Apache-2.0
"""The demo's command line: any Python 3.11 starts it, nothing installed.

It brings up the pocket cloud and hands over to ``devstack.demo.run`` in the
cloud's own virtual environment.
"""

import argparse
from collections.abc import Sequence
import os
import pathlib
import subprocess
import sys

from devstack.pocket import state as pocket_state

STACK = 'cloud-foundry'
DESCRIPTION = """\
Cloud Foundry on a real OpenStack, from nothing.

Brings up a pocket cloud and a pocket director, makes a small stemcell, and
creates the Heat stack of examples/cloud-foundry.yaml with python-heatclient.
Run again, it updates the stack.
"""


def parser() -> argparse.ArgumentParser:
    """The options, shared by both halves of the demo."""
    options = argparse.ArgumentParser(
        prog='python3 -m devstack.demo', description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        '--state', type=pathlib.Path, default=pocket_state.default_path(),
        metavar='DIR', help='folder of the pocket cloud (default: '
        '$POCKET_STATE, or .pocket in the clone)')
    options.add_argument(
        '--cf-deployment', type=pathlib.Path, metavar='DIR',
        help='deploy cf-deployment.yml of this folder, with its '
        'operations/openstack.yml, in place of the small manifest')
    options.add_argument(
        '--system-domain', default='cf.example.com', metavar='NAME',
        help='domain of Cloud Foundry (default: %(default)s)')
    options.add_argument(
        '--diego-cells', type=int, default=2, metavar='N',
        help='cells of the small manifest (default: %(default)s)')
    options.add_argument(
        '--stack', default=STACK, metavar='NAME',
        help="the stack's name (default: %(default)s)")
    options.add_argument(
        '--delete', action='store_true',
        help='delete the stack and leave the cloud up')
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Bring up the cloud and run the demo on it; returns the exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    options = parser().parse_args(argv)
    folder = options.cf_deployment
    if folder and not (folder / 'cf-deployment.yml').is_file():
        parser().error(f'{folder} has no cf-deployment.yml; give the folder '
                       f'of a clone of cf-deployment')
    root = pocket_state.REPOSITORY
    env = {**os.environ, 'POCKET_STATE': str(options.state.absolute()),
           'PYTHONPATH': str(root)}
    up = subprocess.run([sys.executable, '-m', 'devstack.pocket', 'up'],
                        env=env, cwd=root, check=False)
    if up.returncode:
        return up.returncode
    python = options.state.absolute() / 'venv' / 'bin' / 'python'
    return subprocess.run([python, '-m', 'devstack.demo.run', *argv],
                          env=env, check=False).returncode
