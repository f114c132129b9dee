# SPDX-License-Identifier: Apache-2.0
"""Stemcells and releases: uploaded by body and URL, deleted."""

import hashlib
import json
from typing import Any

import ddt
import requests
import requests_mock

from tests.unit.pocket_director import base

URL = 'https://u:secret@files.example/thing.tgz'
NAME = 'bosh-openstack-kvm-ubuntu-noble'


@ddt.ddt
class StemcellsTest(base.DirectorTestCase):

    def upload_body(self, content: bytes, query: str = '') -> Any:
        return self.http.post(
            f'/stemcells{query}', data=content,
            content_type='application/x-compressed')

    def test_body(self) -> None:
        content = base.stemcell()
        digest = hashlib.sha256(content).hexdigest()
        task = self.done(self.upload_body(
            content, f'?sha1=sha256:{digest}'))
        self.assertEqual(
            (f'/stemcells/{NAME}/1.1', 'create stemcell'),
            (task['result'], task['description']))
        (shown,) = self.get('/stemcells')
        (cid,) = self.in_cloud('stemcells')
        self.assertEqual(
            {'name': NAME, 'operating_system': 'ubuntu-noble',
             'version': '1.1', 'cid': cid, 'cpi': '', 'api_version': 3,
             'deployments': [], 'id': 1}, shown)
        (call,) = self.calls('create_stemcell')
        self.assertEqual({'disk': 3072}, call['arguments'][1])
        self.assertEqual({'tags': {}}, call['arguments'][2])
        self.assertEqual(
            [], list((self.root / 'director' / 'tmp').iterdir()))
        self.assertEqual(
            ['Verifying stemcell', 'Extracting stemcell archive',
             'Verifying stemcell manifest',
             'Checking if this stemcell already exists',
             f'Uploading stemcell {NAME}/1.1 to the cloud',
             f'Save stemcell {NAME}/1.1 ({cid})'],
            [e['task'] for e in self.events(task)
             if e['state'] == 'finished'])

    def test_url(self) -> None:
        content = base.stemcell()
        with requests_mock.Mocker() as http:
            http.get(URL, content=content)
            self.done(self.http.post('/stemcells', json={
                'location': URL, 'sha1': hashlib.sha1(content).hexdigest()}))
        self.assertEqual(1, len(self.get('/stemcells')))

    @ddt.data(({'status_code': 404}, 100002), ({'status_code': 500}, 100001),
              ({'exc': requests.ConnectTimeout('too late')}, 100001))
    @ddt.unpack
    def test_url_fails(self, answer: dict[str, Any], code: int) -> None:
        with requests_mock.Mocker() as http:
            http.get(URL, **answer)
            error = self.error(self.http.post(
                '/stemcells', json={'location': URL}))
        self.assertEqual(code, error['code'])
        self.assertIn('https://files.example/thing.tgz', error['message'])
        self.assertNotIn('secret', error['message'])

    def test_twice(self) -> None:
        self.done(self.upload_body(base.stemcell()))
        task = self.done(self.upload_body(base.stemcell()))
        self.assertIn('already exists, skipped',
                      self.events(task)[-1]['task'])
        self.assertEqual(1, len(self.calls('create_stemcell')))
        self.done(self.upload_body(base.stemcell(), '?fix=true'))
        self.assertEqual(2, len(self.calls('create_stemcell')))
        self.assertEqual(1, len(self.get('/stemcells')))

    @ddt.data(
        (b'junk', '', 50000), (base.archive(image=b''), '', 50000),
        (base.archive(stemcell_MF={'name': 'x'}), '', 50000),
        (base.archive(stemcell_MF={
            'name': 'x', 'version': 1, 'operating_system': 'o'}), '', 50001),
        (base.stemcell(stemcell_formats=['vsphere-ova']), '', 50008),
        (base.stemcell(), '?sha1=' + '0' * 40, 50007),
        (base.stemcell(), '?sha1=md5:00', 50007))
    @ddt.unpack
    def test_bad(self, content: bytes, query: str, code: int) -> None:
        error = self.error(self.upload_body(content, query))
        self.assertEqual(code, error['code'], error['message'])
        self.assertEqual([], self.get('/stemcells'))
        self.assertEqual(
            [], list((self.root / 'director' / 'tmp').iterdir()))

    def test_light(self) -> None:
        self.done(self.upload_body(base.stemcell(
            cloud_properties={'image_id': 'abc'})))
        self.assertEqual('abc light', self.get('/stemcells')[0]['cid'])

    def test_needed(self) -> None:
        body = {'stemcell': {'name': NAME, 'version': '1.1'}}

        def needed() -> bool:
            answer = self.http.post('/stemcell_uploads', json=body)
            found: bool = json.loads(answer.data)['needed']
            return found

        self.assertTrue(needed())
        self.upload()
        self.assertFalse(needed())

    def test_delete(self) -> None:
        self.done(self.upload_body(base.stemcell()))
        path = f'/stemcells/{NAME}/1.1'
        task = self.done(self.http.delete(path))
        self.assertEqual(
            f'delete stemcell: {NAME}/1.1', task['description'])
        self.assertEqual({}, self.in_cloud('stemcells'))
        answer = self.http.delete(path)
        self.assertEqual(
            (404, 50003), (answer.status_code,
                           json.loads(answer.data)['code']))

    def test_delete_in_use(self) -> None:
        self.upload()
        self.done(self.deploy(base.manifest(base.group('web'))))
        error = self.error(self.http.delete(f'/stemcells/{NAME}/1.1'))
        self.assertEqual(
            {'code': 50004, 'message': f"Stemcell '{NAME}/1.1' is still in "
                                       'use by: dep'}, error)
        self.assertEqual(
            [{'name': 'dep'}], self.get('/stemcells')[0]['deployments'])

    def test_one_per_cpi(self) -> None:
        self.http.post('/configs', json={
            'type': 'cpi', 'name': 'default', 'content': json.dumps({
                'cpis': [{'name': name, 'type': 'openstack',
                          'exec_path': str(self.cpi),
                          'properties': {'region': name}}
                         for name in ('north', 'south')]})})
        self.done(self.upload_body(base.stemcell()))
        self.assertEqual(
            ['north', 'south'], [s['cpi'] for s in self.get('/stemcells')])
        self.assertEqual(
            ['north', 'south'], [call['context']['region']
                                 for call in self.calls('create_stemcell')])


@ddt.ddt
class ReleasesTest(base.DirectorTestCase):

    def upload_body(self, content: bytes, query: str = '') -> Any:
        return self.http.post(
            f'/releases{query}', data=content,
            content_type='application/x-compressed')

    def test_body(self) -> None:
        task = self.done(self.upload_body(base.release()))
        self.assertEqual("Created release 'rel/1'", task['result'])
        self.assertEqual([{'name': 'rel', 'release_versions': [{
            'version': '1', 'commit_hash': 'abc',
            'uncommitted_changes': False, 'currently_deployed': False,
            'job_names': ['job']}]}], self.get('/releases'))
        shown = self.get('/releases/rel?version=1')
        self.assertEqual('job', shown['jobs'][0]['name'])
        self.assertEqual(['1'], self.get('/releases/rel')['versions'])
        self.done(self.upload_body(base.release()))
        self.assertEqual(1, len(self.get('/releases')[0]['release_versions']))

    def test_url(self) -> None:
        with requests_mock.Mocker() as http:
            http.get(URL, content=base.release())
            self.done(self.http.post('/releases', json={'location': URL}))
        self.assertEqual('rel', self.get('/releases')[0]['name'])

    @ddt.data((b'junk', '', 30002), (base.archive(x=b''), '', 30003),
              (base.archive(release_MF={'name': 'x'}), '', 30003),
              (base.release(), '?sha1=sha256:0', 30015))
    @ddt.unpack
    def test_bad(self, content: bytes, query: str, code: int) -> None:
        error = self.error(self.upload_body(content, query))
        self.assertEqual(code, error['code'], error['message'])

    def test_checksum_twice(self) -> None:
        answer = self.http.post('/releases?sha1=a', json={
            'location': URL, 'sha1': 'a'})
        self.assertEqual(400, answer.status_code)

    def test_delete(self) -> None:
        self.done(self.upload_body(base.release()))
        self.done(self.upload_body(base.release('2')))
        self.done(self.http.delete('/releases/rel?version=1'))
        self.assertEqual(['2'], self.get('/releases/rel')['versions'])
        self.done(self.http.delete('/releases/rel'))
        self.assertEqual([], self.get('/releases'))
        answer = self.http.delete('/releases/rel')
        self.assertEqual(404, answer.status_code)

    def test_delete_in_use(self) -> None:
        self.upload()
        self.done(self.deploy(base.manifest(base.group('web'))))
        for query, code in (('', 30007), ('?version=1', 30008)):
            error = self.error(self.http.delete(f'/releases/rel{query}'))
            self.assertEqual(code, error['code'])

    def test_packages_are_all_missing(self) -> None:
        answer = self.http.post('/packages/matches', data='a: 1',
                                content_type='text/yaml')
        self.assertEqual(b'[]', answer.data)
