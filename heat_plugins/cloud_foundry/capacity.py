# SPDX-License-Identifier: Apache-2.0
"""Whether the project has room for a deployment."""

import collections
from collections.abc import Callable
from collections.abc import Mapping
from concurrent import futures
from typing import Any

from oslo_log import log as logging

from cf_openstack.capacity import errors as capacity_errors
from cf_openstack.capacity import planning
from cf_openstack.capacity import report as capacity_report
from cf_openstack.capacity import servers
from cf_openstack.director import client
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack.manifest import document

from heat.common.i18n import _

from heat_plugins.cloud_foundry import cloud
from heat_plugins.cloud_foundry import cloud_config
from heat_plugins.resources import base

LOG = logging.getLogger(__name__)

#: Seconds that the validation of a template may take for it.
VALIDATION_TIMEOUT = 15

#: Journal key: the last report, while there is no room.
_KEY = 'shortages'

# What a template is not to blame for.
_OUT_OF_REACH = (cloud.CloudFailed, capacity_errors.LimitsUnknown,
                 director_exceptions.DirectorError)


def before(
    director: client.Director, name: str,
    content: Callable[[], Mapping[str, Any] | None] = lambda: None,
) -> planning.Before | None:
    """What a director has of a deployment, None when it has none.

    :param content: gets the cloud config it was deployed with, if that is
        known.
    :raises DirectorError: the director does not tell.
    """
    if director.deployments.get(name) is None:
        return None
    # Detached instances and errands have no VM.
    vms = collections.Counter(
        found.group for found in director.deployments.instances(name)
        if found.cid)
    text = director.deployments.manifest(name)
    config = content() if text else None
    if not text or config is None:
        # Disks come with the first VM of an instance.
        return planning.Before(vms=vms, disks=vms)
    return planning.Before(document.load(text, name), config, vms)


def require(rsrc: base.DirectorUser, doc: Any,
            choices: planning.Choices) -> planning.Plan:
    """Make the cloud config and see that there is room.

    :raises CapacityExceeded: there is none, with every shortage.
    :raises CfOpenStackError: the choices do not fit one another or the
        cloud, or the cloud does not answer.
    """
    deployed = None
    if rsrc.resource_id is not None:
        deployed = before(rsrc.director(), rsrc.resource_id,
                          cloud_config.CloudConfig(rsrc).content)
    with cloud.asking():
        plan = planning.plan(cloud.connect(rsrc), doc, choices, deployed)
    _take_note(rsrc, plan.report)
    return plan


def require_for_resuming(rsrc: base.DirectorUser,
                         options: servers.Options) -> None:
    """See that there is room for all VMs of a deployment.

    :raises CapacityExceeded: there is none, with every shortage.
    :raises CfOpenStackError: the cloud or the director does not answer.
    """
    report = _examine(rsrc, options)
    if report is not None:
        _take_note(rsrc, report)


def _take_note(rsrc: base.DirectorUser,
               report: capacity_report.Report) -> None:
    rsrc.journal.put(**{_KEY: None if report.fits else _short(report)})
    report.require()
    rsrc.report(
        _('The project has room for the deployment; not known: %s')
        % ', '.join(sorted(report.unknown)) if report.unknown
        else _('The project has room for the deployment'))


def _short(report: capacity_report.Report) -> dict[str, Any]:
    """A report without what only an expert asks for."""
    return {**report.to_dict(), 'phases': []}


def _examine(rsrc: base.DirectorUser, options: servers.Options,
             ) -> capacity_report.Report | None:
    config = cloud_config.CloudConfig(rsrc).content()
    if rsrc.resource_id is None or config is None:
        return None
    found = before(rsrc.director(), rsrc.resource_id, lambda: config)
    if found is None or found.doc is None:
        return None
    with cloud.asking():
        return planning.examine(cloud.connect(rsrc), config, found, options)


def report(rsrc: base.DirectorUser,
           options: servers.Options) -> dict[str, Any] | None:
    """Need against limits as they are now; or what kept it from a deploy.

    :raises CfOpenStackError: the cloud or the director does not answer.
    """
    stored = rsrc.journal.get(_KEY)
    if stored is not None:
        return stored
    found = _examine(rsrc, options)
    return None if found is None else _short(found)


def validate(rsrc: base.DirectorUser, doc: Any, choices: planning.Choices,
             name: str) -> None:
    """See that there is room before anything exists, if the cloud tells.

    :param name: of the deployment; what it takes already is not needed
        again.
    :raises CapacityExceeded: there is no room.
    :raises ManifestError: the choices do not fit one another or the cloud.
    :raises NeedUnknown: a number in the manifest is not known.
    """
    conn, director = cloud.connect(rsrc), rsrc.director()

    def judge() -> None:
        with cloud.asking():
            planning.plan(conn, doc, choices,
                          before(director, name)).report.require()

    pool = futures.ThreadPoolExecutor(1)
    try:
        pool.submit(judge).result(VALIDATION_TIMEOUT)
    except futures.TimeoutError:
        LOG.warning('The capacity for %s was not checked at validation: it '
                    'took too long', rsrc.name)
    except _OUT_OF_REACH as error:
        LOG.warning('The capacity for %s was not checked at validation: %s',
                    rsrc.name, error)
    finally:
        # What is under way has time-outs of its own.
        pool.shutdown(wait=False)
