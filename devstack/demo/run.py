# SPDX-License-Identifier: Apache-2.0
"""The demo itself, within the pocket cloud's virtual environment."""

import argparse
import json
import pathlib
import subprocess
import sys
import time
from typing import Any

import openstack
import openstack.connection

from cf_openstack import exceptions
from devstack.demo import artifacts
from devstack.demo import cli
from devstack.demo import report
from devstack.demo import stack as demo_stack
from devstack.pocket import state as pocket_state

EXAMPLES = pocket_state.REPOSITORY / 'examples'
TEMPLATE = EXAMPLES / 'cloud-foundry.yaml'
MANIFEST = EXAMPLES / 'manifests' / 'cloud-foundry.yml'


def connect(state: pocket_state.State) -> openstack.connection.Connection:
    """The tenant's connection to the pocket cloud."""
    return openstack.connect(
        auth_url=state.url('keystone'), username=pocket_state.USER,
        password=state.password(pocket_state.USER),
        project_name=pocket_state.PROJECT,
        user_domain_name=pocket_state.DOMAIN,
        project_domain_name=pocket_state.DOMAIN,
        region_name=pocket_state.REGION, load_yaml_config=False,
        load_envvars=False)


def director_up(state: pocket_state.State) -> dict[str, str]:
    """Start the pocket director, if it is not up; returns how to reach it.

    :returns: ``endpoint``, ``ca_file``, ``client``, ``client_secret``.
    """
    subprocess.run(
        [sys.executable, '-m', 'devstack.pocket_director', 'up',
         '--state', str(state.root)], check=True)
    return json.loads(state.path('director', 'director.json').read_text())


def parameters(state: pocket_state.State, director: dict[str, str],
               cf_deployment: pathlib.Path | None = None,
               **more: Any) -> dict[str, Any]:
    """Make the artifacts and return the template's parameters.

    :param cf_deployment: folder of cf-deployment; None for the small
        manifest of the examples.
    :param more: further parameters of the template.
    """
    folder = state.path('director', 'files')
    base_url = director['endpoint'] + '/files'
    authority = pathlib.Path(director['ca_file']).read_text()
    path = (cf_deployment / 'cf-deployment.yml' if cf_deployment
            else MANIFEST)
    text = path.read_text()
    parts = artifacts.ManifestParts(text, str(path))
    stemcell = artifacts.make_stemcell(folder, parts)
    values = {
        'director_endpoint': director['endpoint'],
        'director_ca_certificate': authority,
        'director_client': director['client'],
        'director_client_secret': director['client_secret'],
        'stemcell_location': f'{base_url}/{stemcell.path.name}',
        'stemcell_checksum': stemcell.checksum,
        'artifact_ca_certificate': authority, **more}
    if cf_deployment:
        openstack_yml = cf_deployment / 'operations' / 'openstack.yml'
        values |= {'manifest': text, 'operations': [
            openstack_yml.read_text(),
            artifacts.local_releases(folder, parts, base_url)]}
    else:
        [(name, version)] = parts.releases()
        release = artifacts.make_release(folder, name, version,
                                         parts.jobs(name))
        values |= {'release_location': f'{base_url}/{release.path.name}',
                   'release_checksum': release.checksum}
    return values


def show(state: pocket_state.State,
         cloud: openstack.connection.Connection, outputs: dict[str, Any],
         options: argparse.Namespace) -> None:
    """Print what a person wants to see at the end."""
    again = 'python3 -m devstack.demo'
    where = ''
    if options.stack != cli.STACK:
        again += f' --stack {options.stack}'
    if state.root != pocket_state.default_path():
        where = f' --state {state.root}'
        again += where
    scale = '' if options.cf_deployment else (
        f'Scale:     {again} --diego-cells {options.diego_cells + 2}\n')
    print('\n' + report.outputs(outputs))
    print('\nThe instances of the deployment, and the Nova servers they are:')
    print(report.instances(cloud, outputs['instances']))
    print(f'''
Horizon:   {state.url('horizon')}
           user {pocket_state.USER}, \
password {state.password(pocket_state.USER)}
OpenStack: eval "$(python3 -m devstack.pocket env{where})"
BOSH:      eval "$(python3 -m devstack.pocket_director env{where})"

{scale}Tear down: {again} --delete
           deletes the stack
           python3 -m devstack.pocket clean{where}
           removes the whole cloud''')


def main(argv: list[str]) -> int:
    """Run the demo; returns the exit code."""
    options = cli.parser().parse_args(argv)
    begun = time.monotonic()
    try:
        return _run(options, begun)
    except exceptions.CfOpenStackError as exc:
        print(f'\n{exc}', file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as exc:
        return exc.returncode


def _run(options: argparse.Namespace, begun: float) -> int:
    state = pocket_state.State(options.state).load()
    cloud = connect(state)
    stack = demo_stack.Stack(cloud, options.stack)
    if options.delete:
        stack.delete()
        print(f'The stack {options.stack} is gone.')
        return 0
    director = director_up(state)
    print('Making the stemcell and the releases', flush=True)
    values = parameters(state, director, options.cf_deployment,
                        system_domain=options.system_domain,
                        diego_cells=options.diego_cells)
    print(f'Stack {options.stack} from {TEMPLATE}', flush=True)
    action = stack.apply(TEMPLATE, values)
    show(state, cloud, stack.outputs(), options)
    print(f'\nStack {options.stack}: {action}_COMPLETE, '
          f'{time.monotonic() - begun:.0f} s after the cloud was up')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
