# SPDX-License-Identifier: Apache-2.0

import io
import uuid

import ddt
import fixtures
import hypothesis
from hypothesis import strategies
from oslotest import base
import requests
import requests_mock

from cf_openstack.stemcell import errors
from cf_openstack.stemcell import glance
from tests.unit.stemcell import fakes


class GlanceTestCase(base.BaseTestCase):

    def setUp(self):
        super().setUp()
        self.mock = requests_mock.Mocker()
        self.mock.start()
        self.addCleanup(self.mock.stop)
        self.glance = fakes.Glance(self.mock)
        self.conn = self.glance.connection()

    def upload(self, data=b'x' * 3000, **kwargs):
        kwargs.setdefault('reader', io.BytesIO(data))
        kwargs.setdefault('size', len(data))
        return glance.upload(self.conn, name='bosh-noble/1.2',
                             disk_format='raw', **kwargs)

    def assertNothingLeft(self):
        self.assertEqual({}, self.glance.images)


@ddt.ddt
class TestUpload(GlanceTestCase):

    def test_record_is_complete_from_birth(self):
        image_id = self.upload(
            visibility='public', tags=['b', 'a', 'b'],
            properties={'os_type': 'linux', 'auto_disk_config': True})
        uuid.UUID(image_id)
        self.assertEqual(
            {'id': image_id, 'name': 'bosh-noble/1.2', 'disk_format': 'raw',
             'container_format': 'bare', 'visibility': 'public',
             'tags': ['a', 'b'], 'os_type': 'linux',
             'auto_disk_config': 'true'},
            self.glance.requests[0].json())

    def test_data_goes_over_as_it_is(self):
        data = bytes(range(256)) * 9000
        done = []
        image_id = self.upload(data, progress=done.append)
        self.assertEqual(data, self.glance.data[image_id])
        put = self.glance.requests[1]
        self.assertEqual('application/octet-stream',
                         put.headers['Content-Type'])
        self.assertEqual(str(len(data)), put.headers['Content-Length'])
        self.assertEqual([1048576, 2097152, len(data)], done)

    @hypothesis.given(
        data=strategies.binary(min_size=1, max_size=5000),
        sizes=strategies.lists(strategies.integers(1, 4000), min_size=1))
    @hypothesis.settings(max_examples=25, deadline=None)
    def test_any_chunking_of_the_source(self, data, sizes):
        image_id = self.upload(
            reader=fakes.Dribble(data, sizes), size=len(data))
        self.assertEqual(data, self.glance.data[image_id])

    def test_waits_until_active(self):
        self.glance.pending = ['saving', 'importing']
        image_id = self.upload()
        self.assertIn(image_id, self.glance.images)
        self.assertEqual([], self.glance.pending)

    def test_id_may_be_given(self):
        image_id = str(uuid.uuid4())
        self.assertEqual(image_id, self.upload(image_id=image_id))
        self.assertEqual([image_id], list(self.glance.images))

    @ddt.data(
        ('POST', 403, 'created', 0), ('POST', 409, 'created', 0),
        ('POST', 500, 'created', 1), ('PUT', 413, 'uploaded', 1),
        ('PUT', 401, 'uploaded', 1), ('GET', 404, 'found', 1),
    )
    @ddt.unpack
    def test_refusal(self, method, status, step, deletions):
        self.glance.refusals[method] = (status, 'quota or policy')
        error = self.assertRaises(errors.UploadFailed, self.upload)
        self.assertIn('could not be %s' % step, str(error))
        self.assertIn('bosh-noble/1.2', str(error))
        self.assertIn('quota or policy', str(error))
        self.assertEqual(deletions, len(self.glance.deleted))
        self.assertNothingLeft()

    @ddt.data('killed', 'pending_delete')
    def test_image_lost(self, status):
        self.glance.pending = [status]
        error = self.assertRaises(errors.UploadFailed, self.upload)
        self.assertIn('its status is "%s"' % status, str(error))
        self.assertNothingLeft()

    def test_never_active(self):
        self.glance.pending = ['saving'] * 9
        self.assertRaises(errors.UploadFailed, self.upload, timeout=0)
        self.assertNothingLeft()

    @ddt.data(
        (2999, 'ended early'), (3001, 'more data than expected'),
        (0, 'no data'),
    )
    @ddt.unpack
    def test_length_differs(self, length, reason):
        error = self.assertRaises(
            errors.ReadFailed, self.upload, reader=io.BytesIO(
                b'x' * length), size=3000)
        self.assertIn(reason, str(error))
        self.assertNothingLeft()

    @ddt.data(
        (OSError('connection reset'), errors.ReadFailed),
        (errors.ChecksumMismatch('it differs'), errors.ChecksumMismatch),
        (KeyboardInterrupt(), KeyboardInterrupt),
    )
    @ddt.unpack
    def test_source_fails(self, failure, expected):
        class Source(io.BytesIO):
            def read(self, size=-1):
                data = super().read(1000)
                if not data:
                    raise failure
                return data

        self.assertRaises(expected, self.upload,
                          reader=Source(b'x' * 2000), size=3000)
        self.assertNothingLeft()

    def test_connection_lost(self):
        def lose(request):
            if request.method == 'PUT':
                raise requests.exceptions.ConnectionError('lost')

        self.mock.add_matcher(lose)
        error = self.assertRaises(errors.UploadFailed, self.upload)
        self.assertIn('could not be uploaded', str(error))
        self.assertNothingLeft()

    def _answer_by(self, glance_class):
        self.mock.stop()
        self.mock.start()
        self.glance = glance_class(self.mock)
        self.conn = self.glance.connection()

    def test_data_is_not_sent_twice(self):
        class Twice(fakes.Glance):
            def _put(self, request, image_id):
                for _chunk in request.body:
                    pass
                return super()._put(request, image_id)

        self._answer_by(Twice)
        error = self.assertRaises(errors.UploadInterrupted, self.upload)
        self.assertIn('sent again', str(error))
        self.assertNothingLeft()

    def test_answer_to_the_data_is_lost(self):
        class Lost(fakes.Glance):
            def _put(self, request, image_id):
                super()._put(request, image_id)
                raise requests.exceptions.ConnectionError('lost')

        self._answer_by(Lost)
        self.assertEqual(b'x' * 3000, self.glance.data[self.upload()])

    @ddt.data(True, False)
    def test_answer_to_the_record_is_lost(self, effective):
        class Lost(fakes.Glance):
            posts = 0

            def _post(self, request, _):
                self.posts += 1
                if self.posts > 1 or effective:
                    answer = super()._post(request, _)
                if self.posts == 1:
                    raise requests.exceptions.ConnectionError('lost')
                return answer

        self._answer_by(Lost)
        self.useFixture(fixtures.MonkeyPatch(
            'time.sleep', lambda seconds: None))
        self.assertEqual([self.upload()], list(self.glance.images))
        self.assertEqual(1 if effective else 2, self.glance.posts)

    @ddt.data((503, errors.UploadInterrupted), (413, errors.UploadFailed))
    @ddt.unpack
    def test_what_may_pass(self, status, expected):
        self.glance.refusals['PUT'] = (status, 'refused')
        error = self.assertRaises(errors.UploadFailed, self.upload)
        self.assertEqual(expected, type(error))

    @ddt.data(0, 1, 2, 3)
    def test_cancel_at_any_moment(self, moment):
        asked = []

        def cancelled():
            asked.append(True)
            return len(asked) > moment

        self.glance.pending = ['saving'] * 9
        error = self.assertRaises(
            errors.UploadCancelled, self.upload, cancelled=cancelled)
        self.assertIn('was cancelled after', str(error))
        self.assertNothingLeft()

    def test_clean_up_fails_too(self):
        self.glance.refusals['PUT'] = (413, 'over quota')
        self.glance.refusals['DELETE'] = (403, 'it is protected')
        error = self.assertRaises(errors.ImageLeftBehind, self.upload)
        image_id = list(self.glance.images)[0]
        for part in ('over quota', image_id, 'it is protected'):
            self.assertIn(part, str(error))


class TestSetProperties(GlanceTestCase):

    def test_properties_and_name(self):
        image_id = self.upload()
        glance.set_properties(self.conn, image_id, {'a/b~c': 5},
                              name='other/2')
        image = self.glance.images[image_id]
        self.assertEqual('5', image['a/b~c'])
        self.assertEqual('other/2', image['name'])

    def test_nothing_to_do(self):
        glance.set_properties(self.conn, 'x', {})
        self.assertEqual([], self.glance.requests)

    def test_refused(self):
        self.glance.refusals['PATCH'] = (403, 'reserved')
        error = self.assertRaises(
            errors.UploadFailed, glance.set_properties, self.conn, 'x',
            {'a': 'b'})
        self.assertIn('reserved', str(error))


class TestDelete(GlanceTestCase):

    def test_present_and_absent(self):
        image_id = self.upload()
        self.assertTrue(glance.delete(self.conn, image_id))
        self.assertFalse(glance.delete(self.conn, image_id))
