# SPDX-License-Identifier: Apache-2.0
"""Putting a disk image into Glance, in one pass and without leftovers.

Protocol: Image service API v2, https://docs.openstack.org/api-ref/image/v2/.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import logging
import time
from typing import Any
import uuid

from keystoneauth1 import exceptions as ksa_exceptions
import openstack
from openstack import exceptions as sdk_exceptions

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import interruptions
from cf_openstack.cloud import retry
from cf_openstack import exceptions
from cf_openstack.stemcell import archive
from cf_openstack.stemcell import errors
from cf_openstack.stemcell import properties as stemcell_properties

LOG = logging.getLogger(__name__)

#: Seconds that Glance may take to make an image active once it has the data.
ACTIVE_TIMEOUT = 600

_CHUNK_SIZE = 1024 * 1024
_FIRST_POLL = 0.2
_LAST_POLL = 3.0
_CLIENT_ERRORS = (sdk_exceptions.SDKException,
                  ksa_exceptions.ClientException)
_GONE = ('deleted', 'pending_delete', 'killed')
_PATCH = 'application/openstack-images-v2.1-json-patch'


def _never() -> bool:
    return False


def _reason(error: Exception) -> str:
    """What Glance said, without the URL that the SDK puts before it."""
    status = getattr(error, 'status_code', None)
    details = getattr(error, 'details', None)
    return '%s %s' % (status, details) if status and details else str(error)


class _Body:
    """The request body: as long as promised, or an error; sent once.

    It has a length, so that the request bears Content-Length: not every
    WSGI server takes a chunked body.  It has no ``read``, so that the HTTP
    client takes the chunks as they are and not 16 KiB at a time.
    """

    def __init__(self, name: str, reader: archive.Readable, size: int,
                 cancelled: Callable[[], bool],
                 progress: Callable[[int], None] | None) -> None:
        self._name = name
        self._reader = reader
        self._size = size
        self._cancelled = cancelled
        self._progress = progress
        self.done = 0

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return '<%d bytes of image data>' % self._size

    def _failure(self, reason: object) -> errors.ReadFailed:
        return errors.ReadFailed(name=self._name, done=self.done,
                                 size=self._size, reason=reason)

    def check(self) -> None:
        """:raises UploadCancelled: the caller does not want it any more."""
        if self._cancelled():
            raise errors.UploadCancelled(
                name=self._name, done=self.done, size=self._size)

    def _read(self) -> bytes:
        self.check()
        try:
            return self._reader.read(_CHUNK_SIZE)
        except exceptions.CfOpenStackError:
            raise
        except Exception as error:
            # An OSError of the source, left as it is, would pass for one
            # of the connection to Glance.
            raise self._failure(error) from error

    def __iter__(self) -> Iterator[bytes]:
        if self.done:
            raise errors.UploadInterrupted(
                name=self._name, step='uploaded', reason='it would have to '
                'be sent again, but its data is read only once')
        chunk = self._read()
        while chunk:
            # One chunk is held back until the source has proven that it
            # goes on or ends well, so that Glance never gets the whole of
            # an image that turns out to be damaged.
            following = self._read()
            self.done += len(chunk)
            if self.done > self._size:
                raise self._failure('there is more data than expected')
            if not following and self.done < self._size:
                raise self._failure('the data ended early')
            yield chunk
            if self._progress is not None:
                self._progress(self.done)
            chunk = following
        if self.done < self._size:
            raise self._failure('there is no data')


class _Upload:
    """One image on its way; each step says what it was about to do."""

    def __init__(self, conn: openstack.connection.Connection, name: str,
                 image_id: str) -> None:
        self._conn = conn
        self._name = name
        self._path = '/images/%s' % image_id
        #: Whether there may be an image that is ours to remove.
        self.begun = False

    def _call(self, step: str, method: str, path: str,
              **kwargs: Any) -> Any:
        try:
            response = self._conn.image.request(path, method, **kwargs)
            sdk_exceptions.raise_from_response(response)
        except _CLIENT_ERRORS as error:
            raise self._failed(step, error) from error
        return response

    def _failed(self, step: str, error: Exception) -> errors.UploadFailed:
        # Of an image, 413 says that it is too large, now and later.
        passing = (cloud_errors.is_transient(error)
                   and cloud_errors.status_of(error) != 413)
        kind = errors.UploadInterrupted if passing else errors.UploadFailed
        return kind(name=self._name, step=step, reason=_reason(error))

    def create(self, record: Mapping[str, Any]) -> None:
        self.begun = True

        def post() -> bool:
            sdk_exceptions.raise_from_response(
                self._conn.image.post('/images', json=record))
            return True

        try:
            retry.create('image %s' % record['id'], post, self._find)
        except _CLIENT_ERRORS as error:
            # An answer of the 400s is a refusal: an image of this id, if
            # there is any, is somebody else's.
            self.begun = (cloud_errors.status_of(error) or 500) >= 500
            raise self._failed('created', error) from error

    def _find(self) -> bool | None:
        response = self._conn.image.get(self._path)
        if response.status_code == 404:
            return None
        sdk_exceptions.raise_from_response(response)
        return True

    def send(self, body: _Body) -> None:
        # A repetition cannot succeed: the data would be gone.
        try:
            self._call('uploaded', 'PUT', self._path + '/file', data=body,
                       headers={'Content-Type': 'application/octet-stream',
                                'X-OpenStack-Image-Size': str(len(body)),
                                'Accept': ''},
                       connect_retries=0, status_code_retries=0)
        except errors.UploadInterrupted:
            if body.done < len(body) or not self._has_data():
                raise
            LOG.warning('The answer to the upload was lost; Glance has all')

    def _has_data(self) -> bool:
        """Whether Glance has got to the end of the data."""
        image = self._call('found', 'GET', self._path).json()
        return image['status'] not in ('queued', *_GONE)

    def wait_active(self, body: _Body, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        pause = _FIRST_POLL
        while True:
            image = self._call('found', 'GET', self._path).json()
            if image['status'] == 'active':
                return
            if image['status'] in _GONE or time.monotonic() > deadline:
                raise errors.UploadFailed(
                    name=self._name, step='made active',
                    reason='its status is "%s"' % image['status'])
            body.check()
            time.sleep(pause)
            pause = min(pause * 2, _LAST_POLL)


def upload(conn: openstack.connection.Connection, *, name: str,
           reader: archive.Readable, size: int, disk_format: str,
           container_format: str = 'bare', visibility: str = 'private',
           properties: Mapping[str, str] | None = None,
           tags: Iterable[str] = (), image_id: str | None = None,
           cancelled: Callable[[], bool] = _never,
           progress: Callable[[int], None] | None = None,
           timeout: float = ACTIVE_TIMEOUT) -> str:
    """Make an image of a stream of bytes and wait until it is active.

    The image bears its properties and tags from birth.  Its id is chosen
    here (or by the caller, who may want to note it down before), not by
    Glance, so that it can be removed even if the answer to its creation was
    lost.  Memory stays flat whatever the size.

    :param reader: gives the data; read once, front to back.
    :param size: bytes that reader gives; not one more or less.
    :param properties: further image properties; values are made
        strings.
    :param image_id: the UUID that the image shall have.
    :param cancelled: asked at each chunk and poll; true ends the upload.
    :param progress: told, at each chunk, how many bytes were sent so far.
    :param timeout: seconds to wait for the state ``active``.
    :returns: the id of the image.
    :raises StemcellError: for whatever reason it failed; there is then no
        such image, unless it is an ImageLeftBehind.
    """
    image_id = image_id or str(uuid.uuid4())
    record = {key: stemcell_properties.text(value)
              for key, value in (properties or {}).items()}
    record.update(id=image_id, name=name, disk_format=disk_format,
                  container_format=container_format, visibility=visibility,
                  tags=sorted(set(tags)))
    body = _Body(name, reader, size, cancelled, progress)
    process = _Upload(conn, name, image_id)
    started = time.monotonic()
    try:
        body.check()
        process.create(record)
        process.send(body)
        process.wait_active(body, timeout)
    except BaseException as error:
        if process.begun:
            discard(conn, image_id, error)
        raise
    LOG.info('Uploaded image %(id)s "%(name)s": %(size)d bytes, '
             '%(seconds).1f s',
             {'id': image_id, 'name': name, 'size': size,
              'seconds': time.monotonic() - started})
    return image_id


def set_properties(conn: openstack.connection.Connection, image_id: str,
                   properties: Mapping[str, str], *,
                   name: str | None = None) -> None:
    """Add or change properties of an image, and its name.

    :raises UploadFailed: Glance refused it.
    """
    # To add a member that is there replaces it (RFC 6902, section 4.1);
    # "/" and "~" in a key are written "~1" and "~0" (RFC 6901).
    changes = [
        {'op': 'add', 'value': stemcell_properties.text(value),
         'path': '/' + key.replace('~', '~0').replace('/', '~1')}
        for key, value in sorted(properties.items())]
    if name is not None:
        changes.append({'op': 'replace', 'path': '/name', 'value': name})
    if not changes:
        return
    try:
        response = conn.image.patch('/images/%s' % image_id, json=changes,
                                    headers={'Content-Type': _PATCH})
        sdk_exceptions.raise_from_response(response)
    except _CLIENT_ERRORS as error:
        raise errors.UploadFailed(
            name=name or image_id, step='described',
            reason=_reason(error)) from error


def delete(conn: openstack.connection.Connection, image_id: str) -> bool:
    """Delete an image.

    :returns: whether there was one.
    :raises SDKException, ClientException: it could not be deleted.
    """
    response = conn.image.delete('/images/%s' % image_id, connect_retries=2,
                                 status_code_retries=2)
    if response.status_code == 404:
        return False
    sdk_exceptions.raise_from_response(response)
    return True


def discard(conn: openstack.connection.Connection, image_id: str,
            error: BaseException) -> None:
    """Delete an image because of an error that is about to be raised.

    :raises ImageLeftBehind: it could not be deleted, and ``error`` is one
        of ours: the new one tells of both.
    """
    try:
        with interruptions.postponed():
            delete(conn, image_id)
    except _CLIENT_ERRORS as failure:
        LOG.error('The image %(id)s could not be removed after a failure: '
                  '%(failure)s', {'id': image_id, 'failure': failure})
        if isinstance(error, exceptions.CfOpenStackError):
            raise errors.ImageLeftBehind(
                error=error, image_id=image_id,
                reason=_reason(failure)) from error
