# SPDX-License-Identifier: Apache-2.0
"""A director on the fake CPI, asked through its WSGI application."""

import base64
import functools
import io
import json
import pathlib
import sys
import tarfile
import time
from typing import Any

import fixtures
import flask
from oslotest import base
import yaml

from devstack.pocket_director import app
from devstack.pocket_director import director as directors
from devstack.pocket_director import settings

FAKE = pathlib.Path(__file__).with_name('fake_cpi.py')
# Half of all calls are "info": the shell answers them in no time.
WRAPPER = """#!/bin/sh
request=$(cat)
case $request in
'{{"method": "info"'*)
    printf '%s\\n' "$request" >> {cloud}/calls
    echo '{{"result": {{"api_version": 3, "stemcell_formats":' \
         '["openstack-light", "openstack-qcow2"]}},' \
         '"error": null, "log": ""}}' ;;
*)
    printf '%s' "$request" | {python} -I -S {fake} {cloud} ;;
esac
"""
END = ('done', 'error', 'cancelled', 'timeout')

CLOUD_CONFIG: dict[str, Any] = {
    'azs': [{'name': 'z1', 'cloud_properties': {'availability_zone': 'nova'}},
            {'name': 'z2', 'cloud_properties': {'availability_zone': 'two'}}],
    'vm_types': [
        {'name': 'small', 'cloud_properties': {'instance_type': 'm1.small'}},
        {'name': 'large', 'cloud_properties': {'instance_type': 'm1.large'}}],
    'vm_extensions': [{'name': 'lb', 'cloud_properties': {
        'security_groups': ['web']}}],
    'disk_types': [
        {'name': '1GB', 'disk_size': 1024, 'cloud_properties': {}},
        {'name': '2GB', 'disk_size': 2048, 'cloud_properties': {}}],
    'networks': [
        {'name': 'default', 'type': 'manual', 'subnets': [
            {'az': 'z1', 'range': '10.0.1.0/24', 'gateway': '10.0.1.1',
             'reserved': ['10.0.1.2-10.0.1.9'], 'dns': ['10.0.1.2'],
             'static': ['10.0.1.100-10.0.1.110'],
             'cloud_properties': {'net_id': 'net-1'}},
            {'az': 'z2', 'range': '10.0.2.0/24', 'gateway': '10.0.2.1',
             'static': ['10.0.2.100-10.0.2.110'],
             'cloud_properties': {'net_id': 'net-2'}}]},
        {'name': 'second', 'type': 'manual', 'subnets': [
            {'azs': ['z1', 'z2'], 'range': '10.9.0.0/29',
             'gateway': '10.9.0.1', 'cloud_properties': {
                 'net_id': 'net-9'}}]},
        {'name': 'outside', 'type': 'dynamic',
         'cloud_properties': {'net_id': 'net-0'}},
        {'name': 'floating', 'type': 'vip'}],
    'compilation': {'workers': 1, 'vm_type': 'small', 'network': 'default',
                    'az': 'z1'}}


def group(name: str, instances: int = 1, **changes: Any) -> dict[str, Any]:
    """An instance group of a manifest."""
    return {'name': name, 'instances': instances, 'azs': ['z1', 'z2'],
            'vm_type': 'small', 'stemcell': 'default',
            'networks': [{'name': 'default'}],
            'jobs': [{'name': 'job', 'release': 'rel'}], **changes}


def manifest(*groups: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A manifest of these groups."""
    return {'name': 'dep',
            'releases': [{'name': 'rel', 'version': '1'}],
            'stemcells': [{'alias': 'default', 'os': 'ubuntu-noble',
                           'version': 'latest'}],
            'update': {'canaries': 1, 'max_in_flight': 2,
                       'canary_watch_time': 1000, 'update_watch_time': 1000},
            'instance_groups': list(groups), **changes}


def archive(**files: Any) -> bytes:
    """A gzipped tar; mappings become YAML; ``_`` in a name stands for .."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w:gz') as tar:
        for name, content in files.items():
            data = (content if isinstance(content, bytes)
                    else yaml.safe_dump(content).encode())
            info = tarfile.TarInfo(name.replace('_', '.'))
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def stemcell(version: str = '1.1', **changes: Any) -> bytes:
    """A stemcell tarball."""
    return archive(image=b'image', stemcell_MF={
        'name': 'bosh-openstack-kvm-ubuntu-noble', 'version': version,
        'operating_system': 'ubuntu-noble', 'api_version': 3, 'sha1': '',
        'stemcell_formats': ['openstack-qcow2'],
        'cloud_properties': {'disk': 3072}, **changes})


def release(version: str = '1', **changes: Any) -> bytes:
    """A release with nothing but its manifest."""
    return archive(release_MF={
        'name': 'rel', 'version': version, 'commit_hash': 'abc',
        'uncommitted_changes': False, 'jobs': [
            {'name': 'job', 'version': 'f1', 'sha1': 'x'}], **changes})


@functools.cache
def _application() -> flask.Flask:
    """One application for all tests: its routes are dear to compile."""
    return app.create(None)  # type: ignore[arg-type]


class FolderHealth:
    """Agents answer wherever the fake cloud has the VM."""

    def __init__(self, cloud: pathlib.Path) -> None:
        self._vms = cloud / 'vms'

    def responsive(self, task: Any, cpi: Any, cids: Any) -> set[str]:
        return {cid for cid in cids if (self._vms / cid).exists()}


class DirectorTestCase(base.BaseTestCase):
    """Makes a director in a folder of its own."""

    options: dict[str, Any] = {}

    def setUp(self) -> None:
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.cloud = self.root / 'cloud'
        for name in ('vms', 'disks', 'stemcells', 'snapshots'):
            (self.cloud / name).mkdir(parents=True)
        self.cpi = self.root / 'cpi'
        self.cpi.write_text(WRAPPER.format(
            cloud=self.cloud, python=sys.executable, fake=FAKE))
        self.cpi.chmod(0o700)
        self.start_director()

    def start_director(self) -> None:
        """Make the director, or another on the same state."""
        self.director = directors.Director(settings.Settings(
            root=self.root / 'director', port=0, cpi=self.cpi,
            **self.options))
        self.director.health = FolderHealth(self.cloud)
        self.addCleanup(self.director.close)
        application = _application()
        application.extensions['director'] = self.director
        self.http = application.test_client()
        secret = f'admin:{self.director.password}'.encode()
        self.http.environ_base['HTTP_AUTHORIZATION'] = (
            'Basic ' + base64.b64encode(secret).decode())

    def get(self, path: str, **kwargs: Any) -> Any:
        """The JSON that a path answers."""
        answer = self.http.get(path, **kwargs)
        self.assertEqual(200, answer.status_code, answer.text)
        return json.loads(answer.data)

    def task(self, answer: Any) -> dict[str, Any]:
        """The task that an answer sends to, once it has ended."""
        self.assertEqual(302, answer.status_code, answer.text)
        number = int(answer.headers['Location'].rpartition('/')[2])
        deadline = time.monotonic() + 30
        # The database is cheaper to ask than the application.
        while self.director.tasks.get(number)['state'] not in END:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        task: dict[str, Any] = self.get(f'/tasks/{number}')
        return task

    def done(self, answer: Any) -> dict[str, Any]:
        """The task of an answer, which must succeed."""
        task = self.task(answer)
        self.assertEqual('done', task['state'], task['result'])
        return task

    def events(self, task: dict[str, Any]) -> list[dict[str, Any]]:
        """The event stream of a task."""
        text = self.http.get(f"/tasks/{task['id']}/output?type=event").text
        return [json.loads(line) for line in text.splitlines()]

    def error(self, answer: Any) -> dict[str, Any]:
        """The error of a task that must fail."""
        task = self.task(answer)
        self.assertEqual('error', task['state'])
        error: dict[str, Any] = self.events(task)[-1]['error']
        return error

    def upload(self, version: str = '1.1') -> None:
        """Give the director a stemcell, a release and a cloud config."""
        self.director.store.insert(
            'stemcells', name='bosh-openstack-kvm-ubuntu-noble',
            version=version, operating_system='ubuntu-noble', cpi='',
            cid=f'stemcell-{version}', api_version=3)
        if self.director.store.one('SELECT id FROM releases') is None:
            self.director.store.insert(
                'releases', name='rel', version='1', commit_hash='abc',
                data={'jobs': [{'name': 'job'}], 'packages': []})
        self.configure(CLOUD_CONFIG)
        self.forget_calls()

    def configure(self, content: Any, name: str = 'default') -> None:
        """Store a cloud config."""
        answer = self.http.post('/configs', json={
            'type': 'cloud', 'name': name,
            'content': yaml.safe_dump(content)})
        self.assertEqual(201, answer.status_code, answer.text)

    def deploy(self, document: Any, query: str = '', **kwargs: Any) -> Any:
        """Deploy a manifest; the answer."""
        return self.http.post(
            f'/deployments{query}', data=yaml.safe_dump(document),
            content_type='text/yaml', **kwargs)

    def instances(self, job: str | None = None) -> list[dict[str, Any]]:
        """The instances of the deployment, by index."""
        return [i for i in self.get('/deployments/dep/instances')
                if job in (None, i['job'])]

    def calls(self, method: str | None = None) -> list[dict[str, Any]]:
        """What the CPI was asked, without ``info`` unless named."""
        text = (self.cloud / 'calls').read_text()
        found = [json.loads(line) for line in text.splitlines()]
        return [c for c in found if c['method'] == method or (
            method is None and c['method'] != 'info')]

    def forget_calls(self) -> None:
        """Begin anew with the calls."""
        (self.cloud / 'calls').write_text('')

    def in_cloud(self, kind: str) -> dict[str, Any]:
        """The VMs, disks or stemcells of the fake cloud."""
        return {path.name: json.loads(path.read_text())
                for path in self.cloud.glob(f'{kind}/*')}

    def order_faults(self, **content: Any) -> None:
        """Lay down a file of faults."""
        (self.root / 'director' / 'faults.json').write_text(
            json.dumps(content))
