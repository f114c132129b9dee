# SPDX-License-Identifier: Apache-2.0
"""The attributes of a deployment."""

from collections.abc import Callable
from typing import Any

from cf_openstack import exceptions

from heat.common.i18n import _
from heat.engine import attributes

from heat_plugins.deploying import look as looks
from heat_plugins.deploying import tasks_of
from heat_plugins.resources import base
from heat_plugins.signals import answers
from heat_plugins.signals import previews

ATTRIBUTES = (
    NAME_ATTR, INSTANCES_ATTR, VITALS_ATTR, TASK_ATTR, TASKS_ATTR,
    CONFIG_STATUS_ATTR, ERRANDS_ATTR, STEMCELLS_ATTR, RELEASES_ATTR,
    PROBLEMS_ATTR, CERTIFICATES_ATTR, MANIFEST_ATTR, ANSWER_ATTR,
    ANSWERS_ATTR, ERRAND_RUN_ATTR, PREVIEW_ATTR,
) = (
    'name', 'instances', 'vitals', 'task', 'tasks',
    'config_status', 'errands', 'stemcells', 'releases',
    'problems', 'certificates', 'deployed_manifest', 'answer',
    'answers', 'errand_run', 'preview',
)

#: Read only when asked for by name: they are slow or large.
SLOW = frozenset([VITALS_ATTR, MANIFEST_ATTR, ERRAND_RUN_ATTR, PREVIEW_ATTR])


def _live(kind: str, text: str) -> attributes.Schema:
    """The schema of what is asked for anew each time."""
    return attributes.Schema(text, type=kind,
                             cache_mode=attributes.Schema.CACHE_NONE)


SCHEMA = {
    NAME_ATTR: attributes.Schema(
        _('The name of the deployment.'),
        type=attributes.Schema.STRING,
    ),
    INSTANCES_ATTR: _live(
        attributes.Schema.LIST,
        _('The instances as the director knows them now, each a map '
          'with name, group, index, id, az, ips, cid of the server, '
          'expects_vm, and state: deployed, missing or none, as it has the '
          'server that it should have.')),
    VITALS_ATTR: _live(
        attributes.Schema.LIST,
        _('The instances with what their agents report now: states, '
          'load, memory, disks and processes. It takes a while.')),
    TASK_ATTR: _live(
        attributes.Schema.MAP,
        _('The task of the director that is under way for this resource, '
          'or else the last one: id, state, description, result, error, '
          'started_at, elapsed, stage, step, steps_done, steps_total, '
          'percent and stages.')),
    TASKS_ATTR: _live(
        attributes.Schema.LIST,
        _('The last tasks of the director on the deployment, whoever '
          'started them, the newest first.')),
    CONFIG_STATUS_ATTR: _live(
        attributes.Schema.STRING,
        _('Whether the deployment was deployed with the latest configs: '
          'latest, outdated or none.')),
    ERRANDS_ATTR: _live(
        attributes.Schema.LIST,
        _('The names of the errands that can be run.')),
    STEMCELLS_ATTR: _live(
        attributes.Schema.LIST,
        _('The stemcells that the deployment uses now, each as '
          'name/version.')),
    RELEASES_ATTR: _live(
        attributes.Schema.LIST,
        _('The releases that the deployment uses now, each as '
          'name/version.')),
    PROBLEMS_ATTR: _live(
        attributes.Schema.LIST,
        _('The problems that the last scan has found, each a map with id, '
          'type, group, description and resolutions: what one may choose, '
          'each with name, plan and deletes_data.')),
    CERTIFICATES_ATTR: _live(
        attributes.Schema.LIST,
        _('The certificates of the deployment that the config server of the '
          'director holds, each a map with name, expiry and days_left, '
          'those that expire first at the head.')),
    MANIFEST_ATTR: _live(
        attributes.Schema.STRING,
        _('The manifest as it was deployed, with the values of all '
          'properties hidden.')),
    ANSWER_ATTR: _live(
        attributes.Schema.MAP,
        _('What has come of the last signal: id, action, target, state, '
          'task, result and error.')),
    ANSWERS_ATTR: _live(
        attributes.Schema.LIST,
        _('What has come of the last signals, the newest first.')),
    ERRAND_RUN_ATTR: _live(
        attributes.Schema.MAP,
        _('What has come of the last errand that a signal has run: as in '
          'answer, and runs: each instance with exit_code, stdout and '
          'stderr.')),
    PREVIEW_ATTR: _live(
        attributes.Schema.MAP,
        _('What the last diff signal has shown: id, state, diff (a list of '
          'pairs: a line, and added, removed or nothing), configs, digest '
          'and error.')),
}


def _view(name: str) -> Callable[[base.DirectorUser], Any]:
    def reader(rsrc: base.DirectorUser) -> Any:
        return looks.at(rsrc).read(lambda view: getattr(view, name)())
    return reader


def _vitals(rsrc: base.DirectorUser) -> Any:
    look = looks.Look(rsrc, looks.VITALS_TIMEOUT)
    return look.read(lambda view: view.vitals())


_READERS: dict[str, Callable[[base.DirectorUser], Any]] = {
    NAME_ATTR: lambda rsrc: rsrc.resource_id,
    VITALS_ATTR: _vitals,
    TASK_ATTR: lambda rsrc: looks.at(rsrc).read(
        lambda view: tasks_of.current(rsrc, view)),
    MANIFEST_ATTR: _view('manifest'),
    ANSWER_ATTR: lambda rsrc: looks.at(rsrc).read(
        lambda view: answers.last(rsrc, view)),
    ANSWERS_ATTR: lambda rsrc: looks.at(rsrc).read(
        lambda view: answers.recent(rsrc, view)),
    ERRAND_RUN_ATTR: lambda rsrc: looks.at(rsrc).read(
        lambda view: answers.errand_run(rsrc, view)),
    PREVIEW_ATTR: previews.read,
    **{name: _view(name) for name in (
        INSTANCES_ATTR, TASKS_ATTR, CONFIG_STATUS_ATTR, ERRANDS_ATTR,
        STEMCELLS_ATTR, RELEASES_ATTR, PROBLEMS_ATTR, CERTIFICATES_ATTR)},
}


def resolve(rsrc: base.DirectorUser, name: str) -> Any:
    """The value of an attribute, as it is now.

    :param rsrc: the deployment's resource.
    :raises DirectorError: when the director does not tell, or not in time.
        In an output of a stack, Heat shows the text as the output's error;
        whatever needs the value to be created fails.
    """
    if rsrc.resource_id is None:
        return None
    return _READERS[name](rsrc)


def show(rsrc: base.DirectorUser) -> dict[str, Any]:
    """All attributes at once, but for the slow ones.

    What cannot be told is None, and ``error`` says why.  A director that is
    out of reach is waited for once.

    :param rsrc: the deployment's resource.
    """
    shown: dict[str, Any] = {}
    gone = False
    for name, schema in rsrc.attributes_schema.items():
        if name in rsrc.slow_attributes or name == rsrc.SHOW:
            continue
        live = schema.cache_mode == attributes.Schema.CACHE_NONE
        if live and gone:
            shown[name] = None
            continue
        try:
            shown[name] = rsrc.attribute(name)
        except exceptions.CfOpenStackError as error:
            shown[name] = None
            shown.setdefault('error', str(error))
            gone = gone or looks.is_gone(error)
    return shown
