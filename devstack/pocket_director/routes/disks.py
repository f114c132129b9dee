# SPDX-License-Identifier: Apache-2.0
"""Orphaned disks and VMs, and single ones by cid."""

import flask

from devstack.pocket_director import app
from devstack.pocket_director import errors
from devstack.pocket_director.jobs import cleanup as cleanups
from devstack.pocket_director.jobs import disks as jobs
from devstack.pocket_director import store as stores

ROUTES = flask.Blueprint('disks', __name__)


@ROUTES.get('/disks')
@ROUTES.get('/orphan_disks')
def index() -> flask.Response:
    """The orphaned disks."""
    return app.json_reply([_view(row) for row in app.current().store.all(
        'SELECT * FROM disks WHERE orphaned_at IS NOT NULL '
        'ORDER BY orphaned_at DESC')])


@ROUTES.delete('/disks/<cid>')
@ROUTES.delete('/orphan_disks/<cid>')
def delete(cid: str) -> flask.Response:
    """Delete an orphaned disk, or orphan one that is none yet."""
    if app.flag('orphan'):
        return app.start('orphan_disk', f'orphan disk {cid}',
                         jobs.OrphanDisk(app.current(), cid))
    return app.start('delete_orphan_disks', 'delete orphan disks',
                     jobs.DeleteOrphanDisk(app.current(), cid))


@ROUTES.put('/disks/<cid>/attachments')
def attach(cid: str) -> flask.Response:
    """Give an instance that was stopped hard another disk."""
    given = flask.request.args
    for key in ('deployment', 'job', 'instance_id'):
        if not given.get(key):
            raise errors.DirectorError(
                40001, f"Required property '{key}' was not specified")
    job, instance = given['job'], given['instance_id']
    return app.start(
        'attach_disk', f"attach disk '{cid}' to '{job}/{instance}'",
        jobs.AttachDisk(app.current(), given['deployment'], job, instance,
                        cid), deployment=given['deployment'])


@ROUTES.get('/orphaned_vms')
def orphaned_vms() -> flask.Response:
    """VMs that were replaced but are not deleted yet: never any."""
    return app.json_reply([])


@ROUTES.get('/networks')
def networks() -> flask.Response:
    """Managed networks: there are none."""
    if not app.flag('orphaned'):
        raise errors.PlainTextError(500, 'Not supported')
    return app.json_reply([])


@ROUTES.delete('/vms/<cid>')
def delete_vm(cid: str) -> flask.Response:
    """Delete a VM, known or not."""
    return app.start('delete_vm', f'delete vm {cid}',
                     jobs.DeleteVm(app.current(), cid))


@ROUTES.post('/cleanup')
def cleanup() -> flask.Response:
    """Remove what is not used."""
    config = app.json_body().get('config') or {}
    remove_all = bool(config.get('remove_all'))
    return app.start(
        'delete_artifacts', 'clean up all' if remove_all else 'clean up',
        cleanups.Cleanup(app.current(), remove_all,
                         bool(config.get('keep_orphaned_disks'))))


@ROUTES.get('/cleanup/dryrun')
def cleanup_dry_run() -> flask.Response:
    """What a clean-up would remove."""
    found = cleanups.Cleanup(
        app.current(), app.flag('remove_all'),
        app.flag('keep_orphaned_disks')).found()
    return app.json_reply({
        'releases': [{'name': r['name'], 'versions': [r['version']]}
                     for r in found['releases']],
        'stemcells': [{
            'name': s['name'], 'version': s['version'], 'cid': s['cid'],
            'operating_system': s['operating_system'], 'cpi': s['cpi'],
            'api_version': s['api_version'], 'id': s['id'],
            'deployments': []} for s in found['stemcells']],
        'compiled_packages': [],
        'orphaned_disks': [_view(row) for row in found['orphaned_disks']],
        'orphaned_vms': [], 'exported_releases': [], 'dns_blobs': []})


def _view(row: stores.Row) -> dict[str, object]:
    return {
        'disk_cid': row['cid'], 'size': row['size'], 'az': row['az'],
        'deployment_name': row['deployment'],
        'instance_name': row['instance_name'],
        'cloud_properties': row['cloud_properties'],
        'orphaned_at': row['orphaned_at']}
