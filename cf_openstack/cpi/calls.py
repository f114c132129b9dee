# SPDX-License-Identifier: Apache-2.0
"""One call of one method: its configuration and its connection."""

import functools
import logging
import os
import tempfile
from types import TracebackType
from typing import Self
import uuid

from openstack import connection as sdk_connection

from cf_openstack.cloud import connection
from cf_openstack.cloud import memory
from cf_openstack.cloud import naming
from cf_openstack.cloud import redaction
from cf_openstack.cloud import waits
from cf_openstack.cpi import config
from cf_openstack.cpi import dispatch
from cf_openstack.cpi import journal
from cf_openstack.cpi import protocol

LOG = logging.getLogger(__name__)

#: Of the ids that OpenStack's logs have for calls of ours.
_NAMESPACE = uuid.UUID('8f7cf4a2-55c5-4a0d-9ae4-8ad1a5d1f9b6')

#: Seconds that a token from the cache must be good for.  An upload may
#: last, and Glance uses the token again when the data has come.
_TOKEN_LIFE = {'create_stemcell': 1800}


class Call:
    """What a method needs beside its arguments.

    Reads the configuration at once and connects at first use.  Used as a
    context, it removes its temporary files at the end.

    :ivar request: the director's request.
    :ivar config: the configuration, the request's context merged in.
    :raises errors.InvalidCall: the configuration is wrong.
    """

    def __init__(
        self,
        request: protocol.Request,
        files: dispatch.ConfigFiles,
        log: journal.Journal,
    ) -> None:
        self.request = request
        self._files = files
        self._ca_file: str | None = None
        # Before the configuration is checked: an error may quote it.
        self._redactor = redactor = redaction.Redactor(
            redaction.secret_strings([request.context, request.arguments]))
        log.redact_with(redactor)
        self.config = config.load(files.config, request.context)
        redactor.add(self.config.settings.secrets())
        redactor.add(redaction.secret_strings(self.config.agent))

    @functools.cached_property
    def cloud(self) -> sdk_connection.Connection:
        """The connection to OpenStack, the same for the whole call."""
        settings = self.config.settings
        if settings.verify is True:
            ca_file = self._ca_path()
            if ca_file:
                settings = settings.verified_by(ca_file)
        request_id = global_request_id(
            self.request.director_uuid, self.request.request_id)
        LOG.info('OpenStack at %s, global request id %s', settings.auth_url,
                 request_id)
        return connection.connect(
            settings, request_id,
            _TOKEN_LIFE.get(self.request.method, memory.LEAST_LIFE),
            self._redactor.add)

    @functools.cached_property
    def waiter(self) -> waits.Waiter:
        """Waits as long and polls as rarely as is configured."""
        return waits.Waiter(
            self.config.state_timeout, self.config.poll_interval)

    def origin(self, deployment: str | None = None) -> naming.Origin:
        """What is created bears this."""
        return naming.Origin(
            self.request.director_uuid, self.request.request_id, deployment)

    def _ca_path(self) -> str | None:
        given = self._files.ca_cert
        text = self.config.ca_cert
        if self.config.ca_from_job and given and _holds_certificate(given):
            return given
        if text is None:
            return None
        descriptor, self._ca_file = tempfile.mkstemp(
            prefix='openstack-cpi-', suffix='.pem')
        with open(descriptor, 'w', encoding='utf-8') as file:
            file.write(text)
        return self._ca_file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._ca_file:
            os.unlink(self._ca_file)
        if 'cloud' in self.__dict__:
            self.cloud.close()


def global_request_id(director_uuid: str, request_id: str) -> str:
    """The id that the logs of all OpenStack services have for a call.

    It follows from the director's own id of the call, ``cpi-`` and six
    digits, so that either leads to the other.
    """
    return f'req-{uuid.uuid5(_NAMESPACE, f"{director_uuid}/{request_id}")}'


def _holds_certificate(path: str) -> bool:
    # The job's template writes an empty file when there is none.
    try:
        with open(path, encoding='utf-8') as file:
            return 'BEGIN CERTIFICATE' in file.read()
    except (OSError, ValueError) as exc:
        LOG.warning("The CA file '%s' cannot be read: %s", path, exc)
        return False
