# SPDX-License-Identifier: Apache-2.0
"""The streaming of a stemcell into Glance, beside the polling engine."""

from collections.abc import Sequence
import dataclasses
import threading

import openstack.connection
from oslo_config import cfg
from oslo_log import log as logging

from cf_openstack.director import endpoint_policy
from cf_openstack.stemcell import errors as stemcell_errors
from cf_openstack.stemcell import glance
from cf_openstack.stemcell import source
from cf_openstack.stemcell import tarball

from heat.common import context as heat_context

LOG = logging.getLogger(__name__)

#: Image properties that tell what stemcell an image is.
NAME = 'stemcell_name'
VERSION = 'stemcell_version'
OPERATING_SYSTEM = 'stemcell_operating_system'
API_VERSION = 'stemcell_api_version'


_THREAD = 'stemcell-'


@dataclasses.dataclass(frozen=True)
class Order:
    """What to upload, and as what.

    :ivar image_id: the UUID that the image shall have.
    :ivar name: the image's name until the stemcell's own is known.
    """

    location: str
    checksum: str
    ca_certificate: str
    image_id: str
    name: str
    visibility: str
    tags: Sequence[str]


class _Counted:
    """A stream that counts what is read of it, until it is cancelled.

    :param name: of the image, for the error.
    """

    def __init__(self, stream: source.Stream, name: str,
                 cancelled: threading.Event) -> None:
        self._stream = stream
        self._name = name
        self._cancelled = cancelled
        self.done = 0

    def read(self, size: int = -1, /) -> bytes:
        if self._cancelled.is_set():
            raise stemcell_errors.UploadCancelled(
                name=self._name, done=self.done,
                size=self._stream.length or 0)
        data = self._stream.read(size)
        self.done += len(data)
        return data


class StemcellUpload:
    """One upload in a thread of its own.

    The thread holds nothing that must survive: when the engine dies, the
    image stays incomplete under the id that the resource has noted, and is
    deleted with it.

    :param order: what to do.
    :param conn: connection of the tenant.
    :param context: the request on behalf of which it is done.
    """

    def __init__(self, order: Order, conn: openstack.connection.Connection,
                 context: heat_context.RequestContext) -> None:
        self._order = order
        self._conn = conn
        self._context = context
        self._cancelled = threading.Event()
        self._counted: _Counted | None = None
        self._length: int | None = None
        self._published: tarball.Published | None = None
        self._error: BaseException | None = None
        self._begun = False
        self._thread = threading.Thread(
            target=self._run, daemon=True, name=_THREAD + order.image_id)

    def start(self) -> None:
        """Begin, unless this engine uploads enough; then it waits."""
        limit = cfg.CONF.cf_openstack.stemcell_max_uploads
        running = sum(thread.name.startswith(_THREAD)
                      for thread in threading.enumerate())
        if running < limit:
            self._begun = True
            self._thread.start()

    def cancel(self) -> None:
        """Ask for the end; the image is removed by the thread."""
        self._cancelled.set()

    def result(self) -> tarball.Published | None:
        """What became of it.

        :returns: the stemcell, None while the upload goes on.
        :raises Exception: what the upload failed of.
        """
        if not self._begun:
            self.start()
            return None
        if self._thread.is_alive():
            return None
        if self._error is not None:
            raise self._error
        return self._published

    @property
    def percent(self) -> int | None:
        """How much of the tarball was read, None when not known."""
        if self._counted is None or not self._length:
            return None
        return min(100, 100 * self._counted.done // self._length)

    def _run(self) -> None:
        # A new thread has no context; log records would lack request and
        # project.
        self._context.update_store()
        try:
            self._published = self._publish()
        # It must reach the resource, whatever it is.
        except BaseException as error:
            LOG.info('Upload of stemcell image %(id)s failed: %(error)s',
                     {'id': self._order.image_id, 'error': error})
            self._error = error

    def _publish(self) -> tarball.Published:
        order, group = self._order, cfg.CONF.cf_openstack
        policy = endpoint_policy.EndpointPolicy.for_downloads(cfg.CONF)
        with source.open_stream(
                order.location, order.ca_certificate or None, policy,
                connect_timeout=group.download_connect_timeout,
                read_timeout=group.download_read_timeout,
                total_timeout=group.download_total_timeout) as stream:
            self._length = stream.length
            self._counted = _Counted(stream, order.name, self._cancelled)
            published = tarball.publish(
                self._conn, self._counted, checksum=order.checksum,
                name_hint=order.name, visibility=order.visibility,
                tags=order.tags, image_id=order.image_id,
                max_size=group.stemcell_max_size,
                max_expansion=group.stemcell_max_expansion,
                cancelled=self._cancelled.is_set)
        described = {NAME: published.name, VERSION: published.version,
                     OPERATING_SYSTEM: published.operating_system}
        if published.api_version is not None:
            described[API_VERSION] = str(published.api_version)
        try:
            glance.set_properties(self._conn, published.image_id, described)
        except Exception as error:
            glance.discard(self._conn, published.image_id, error)
            raise
        return published
