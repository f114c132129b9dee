# SPDX-License-Identifier: Apache-2.0
"""What a director tells about a deployment, for people and templates."""

import dataclasses
import functools
import time
from typing import Any

from cf_openstack.director import client
from cf_openstack.director import deployments
from cf_openstack.director import exceptions as director_exceptions

#: Seconds that reading the vitals may take.
VITALS_TIMEOUT = 20.0

_FIRST_WAIT = 0.2
_LAST_WAIT = 2.0


class View:
    """One look at one deployment; ask for a new one to look again.

    :param director: the director.
    :param name: name of the deployment.
    """

    def __init__(self, director: client.Director, name: str) -> None:
        self._director = director
        self._name = name

    @functools.cached_property
    def _deployment(self) -> deployments.Deployment | None:
        return self._director.deployments.get(self._name)

    def exists(self) -> bool:
        """Whether the director has the deployment."""
        return self._deployment is not None

    def config_status(self) -> str | None:
        """Whether it was deployed with the latest configs."""
        return self._deployment and self._deployment.config_status

    def stemcells(self) -> list[str]:
        """The stemcells it uses."""
        return list(self._deployment.stemcells) if self.exists() else []

    def releases(self) -> list[str]:
        """The releases it uses."""
        return list(self._deployment.releases) if self.exists() else []

    def instances(self) -> list[dict[str, Any]]:
        """The instances, as the director has noted them."""
        if not self.exists():
            return []
        found = [{**dataclasses.asdict(item), 'name': item.name,
                  'ips': list(item.ips)}
                 for item in self._director.deployments.instances(self._name)]
        return sorted(found, key=lambda item: (item['group'],
                                               item['index'] or 0))

    def without_vm(self) -> list[str]:
        """The names of the instances that should have a VM and do not."""
        return [item['name'] for item in self.instances()
                if item['expects_vm'] and not item['cid']]

    def errands(self) -> list[str]:
        """The names of the errands that can be run."""
        if not self.exists():
            return []
        return sorted(errand.name for errand
                      in self._director.deployments.errands(self._name))

    def task(self, task_id: int | None) -> dict[str, Any] | None:
        """A task as it is now; None when the director forgot it."""
        if task_id is None:
            return None
        try:
            return dataclasses.asdict(self._director.tasks.get(task_id))
        except director_exceptions.NotFound:
            return None

    def vitals(self) -> list[dict[str, Any]] | None:
        """What the agents report; None when that takes too long.

        :raises TaskFailed: when the director could not ask them.
        """
        if not self.exists():
            return []
        tasks = self._director.tasks
        task_id = self._director.deployments.vitals(self._name)
        deadline = time.monotonic() + VITALS_TIMEOUT
        wait = _FIRST_WAIT
        monitor = tasks.monitor(task_id)
        while not monitor.check():
            if time.monotonic() > deadline:
                return None
            time.sleep(wait)
            wait = min(2 * wait, _LAST_WAIT)
        text = tasks.output(task_id, 'result')
        return [{**dataclasses.asdict(item), 'name': item.name}
                for item in self._director.deployments.parse_vitals(text)]
