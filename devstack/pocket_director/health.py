# SPDX-License-Identifier: Apache-2.0
"""Whether VMs live: the stand-in for what agents would say.

Without agents, a VM counts as responsive while its server is ACTIVE.
"""

from collections.abc import Sequence
import json
import pathlib
from typing import Protocol

import openstack

from devstack.pocket_director import cpi_runner
from devstack.pocket_director import parallel
from devstack.pocket_director import tasks


class Health(Protocol):
    """Asks for the state of VMs."""

    def responsive(self, task: tasks.TaskRun, cpi: cpi_runner.Cpi,
                   cids: Sequence[str]) -> set[str]:
        """Those of the VMs whose agent would answer."""


class CpiHealth:
    """Asks the CPI for each VM: it answers whether there is one."""

    def responsive(self, task: tasks.TaskRun, cpi: cpi_runner.Cpi,
                   cids: Sequence[str]) -> set[str]:
        """The VMs that exist."""
        found = set()

        def ask(cid: str) -> None:
            if cpi.call('has_vm', cid):
                found.add(cid)

        parallel.each(task, 4, cids, ask)
        return found


class NovaHealth:
    """Asks Nova for all servers at once, with the CPI's own credentials.

    :param config: the CPI's configuration file.
    """

    def __init__(self, config: pathlib.Path) -> None:
        self._config = config

    def responsive(self, task: tasks.TaskRun, cpi: cpi_runner.Cpi,
                   cids: Sequence[str]) -> set[str]:
        """The VMs whose server is ACTIVE."""
        options = json.loads(self._config.read_text())[
            'cloud']['properties']['openstack']
        auth = {'auth_url': options['auth_url']}
        if 'application_credential_id' in options:
            kind = 'v3applicationcredential'
            auth.update({key: options[key] for key in (
                'application_credential_id',
                'application_credential_secret')})
        else:
            kind = 'v3password'
            auth.update(
                username=options['username'], password=options['api_key'],
                project_name=options['project'],
                user_domain_name=options['domain'],
                project_domain_name=options['domain'])
        with openstack.connect(
                load_yaml_config=False, load_envvars=False, auth_type=kind,
                auth=auth, region_name=options.get('region'),
                app_name='pocket-director') as connection:
            active = {server.id for server in connection.compute.servers()
                      if server.status == 'ACTIVE'}
        return active & set(cids)


def beside(cpi: pathlib.Path) -> Health:
    """The best that the CPI at this path allows."""
    config = cpi.parent.parent / 'config' / 'cpi.json'
    if config.exists():
        return NovaHealth(config)
    return CpiHealth()
