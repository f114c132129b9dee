# SPDX-License-Identifier: Apache-2.0
"""The attributes of a deployment."""

from typing import Any

from heat.common.i18n import _
from heat.engine import attributes

from heat_plugins.deploying import runs
from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base

ATTRIBUTES = (
    NAME_ATTR, INSTANCES_ATTR, VITALS_ATTR, TASK_ATTR,
    CONFIG_STATUS_ATTR, ERRANDS_ATTR, STEMCELLS_ATTR, RELEASES_ATTR,
) = (
    'name', 'instances', 'vitals', 'task',
    'config_status', 'errands', 'stemcells', 'releases',
)

#: They would keep whoever looks at the resource waiting.
SLOW = frozenset([VITALS_ATTR])

SCHEMA = {
    NAME_ATTR: attributes.Schema(
        _('The name of the deployment.'),
        type=attributes.Schema.STRING,
    ),
    INSTANCES_ATTR: attributes.Schema(
        _('The instances as the director knows them now, each a map '
          'with name, group, index, id, az, ips, cid of the server, and '
          'expects_vm.'),
        type=attributes.Schema.LIST,
        cache_mode=attributes.Schema.CACHE_NONE,
    ),
    VITALS_ATTR: attributes.Schema(
        _('The instances with what their agents report now: states, '
          'load, memory, disks and processes. It takes a while.'),
        type=attributes.Schema.LIST,
        cache_mode=attributes.Schema.CACHE_NONE,
    ),
    TASK_ATTR: attributes.Schema(
        _('The last deploy task of the director, as it is now.'),
        type=attributes.Schema.MAP,
        cache_mode=attributes.Schema.CACHE_NONE,
    ),
    CONFIG_STATUS_ATTR: attributes.Schema(
        _('Whether the deployment was deployed with the latest configs: '
          'latest, outdated or none.'),
        type=attributes.Schema.STRING,
        cache_mode=attributes.Schema.CACHE_NONE,
    ),
    ERRANDS_ATTR: attributes.Schema(
        _('The names of the errands that can be run.'),
        type=attributes.Schema.LIST,
        cache_mode=attributes.Schema.CACHE_NONE,
    ),
    STEMCELLS_ATTR: attributes.Schema(
        _('The stemcells that the deployment uses now, each as '
          'name/version.'),
        type=attributes.Schema.LIST,
        cache_mode=attributes.Schema.CACHE_NONE,
    ),
    RELEASES_ATTR: attributes.Schema(
        _('The releases that the deployment uses now, each as '
          'name/version.'),
        type=attributes.Schema.LIST,
        cache_mode=attributes.Schema.CACHE_NONE,
    ),
}


def resolve(rsrc: base.DirectorUser, name: str) -> Any:
    """The value of an attribute, as it is now.

    :param rsrc: the deployment's resource.
    :raises DirectorError: when the director does not tell.
    """
    if rsrc.resource_id is None:
        return None
    if name == NAME_ATTR:
        return rsrc.resource_id
    view = deployment_view.View(rsrc.director(), rsrc.resource_id)
    if name == TASK_ATTR:
        return view.task(rsrc.journal.get(runs.LAST_TASK))
    return getattr(view, name)()
