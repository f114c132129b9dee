# SPDX-License-Identifier: Apache-2.0
"""Stemcells, sources and a Glance on requests_mock, for the tests here."""

import io
import json
import tarfile

from keystoneauth1 import session
from keystoneauth1 import token_endpoint
import openstack
from requests_mock import response

ENDPOINT = 'http://glance.test:9292/v2'
QCOW2 = b'QFI\xfb\x00\x00\x00\x03'
# as Glance words its errors
REFUSAL = ('<html>\n <head>\n  <title>%s Title</title>\n </head>\n <body>\n'
           '  <h1>Title</h1>\n  %s<br /><br />\n\n\n </body>\n</html>')


def tgz(members, compress=True):
    """A tar (.gz) of (name, content) pairs, in that order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w:gz' if compress else 'w') as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def image(root=QCOW2 + bytes(2000), name='root.img'):
    """A stemcell's ``image``."""
    return tgz([(name, root)])


class Dribble:
    """A source that gives at most so many bytes at a time, and no seek."""

    def __init__(self, data, sizes=(7,)):
        self._data = io.BytesIO(data)
        self._sizes = sizes
        self._turn = 0
        self.largest = 0

    def read(self, size=-1):
        self.largest = max(self.largest, size)
        bound = self._sizes[self._turn % len(self._sizes)]
        self._turn += 1
        return self._data.read(bound if size < 0 else min(size, bound))


class Glance:
    """Images API v2 as far as an upload goes; keeps what it was told."""

    def __init__(self, requests_mock):
        self.images = {}
        self.data = {}
        self.deleted = []
        self.requests = []
        #: method of the request -> (status, text), for refusals
        self.refusals = {}
        #: statuses that a GET shows before the image is active
        self.pending = []
        requests_mock.register_uri(
            'GET', ENDPOINT, json={'versions': [
                {'id': 'v2.15', 'status': 'CURRENT', 'links': [
                    {'rel': 'self', 'href': ENDPOINT + '/'}]}]})
        requests_mock.add_matcher(self._answer)

    def connection(self):
        """An SDK connection that needs no Keystone."""
        auth = token_endpoint.Token(ENDPOINT, 'token')
        return openstack.connection.Connection(
            session=session.Session(auth=auth),
            image_endpoint_override=ENDPOINT, image_api_version='2')

    def _answer(self, request):
        path = request.path.removeprefix('/v2/images')
        if path == request.path:
            return None
        self.requests.append(request)
        if request.method in self.refusals:
            status, text = self.refusals[request.method]
            return response.create_response(
                request, status_code=status, text=REFUSAL % (status, text),
                headers={'Content-Type': 'text/html; charset=UTF-8'})
        handle = getattr(self, '_' + request.method.lower())
        status, body = handle(request, path.strip('/').split('/')[0])
        return response.create_response(
            request, status_code=status, json=body)

    def _post(self, request, _):
        record = request.json()
        self.images[record['id']] = dict(record, status='queued')
        return 201, self.images[record['id']]

    def _put(self, request, image_id):
        self.data[image_id] = b''.join(request.body)
        self.images[image_id]['status'] = 'active'
        return 204, None

    def _get(self, request, image_id):
        if image_id not in self.images:
            return 404, {}
        shown = dict(self.images[image_id])
        if self.pending:
            shown['status'] = self.pending.pop(0)
        return 200, shown

    def _delete(self, request, image_id):
        self.deleted.append(image_id)
        if self.images.pop(image_id, None) is None:
            return 404, {}
        return 204, None

    def _patch(self, request, image_id):
        for change in json.loads(request.body):
            key = change['path'][1:].replace('~1', '/').replace('~0', '~')
            self.images[image_id][key] = change['value']
        return 200, self.images[image_id]
