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
from cf_openstack.cloud import naming
from cf_openstack.cloud import redaction
from cf_openstack.cloud import waits
from cf_openstack.cpi import config
from cf_openstack.cpi import dispatch
from cf_openstack.cpi import journal
from cf_openstack.cpi import protocol

LOG = logging.getLogger(__name__)


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
        redactor = redaction.Redactor(
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
        request_id = f'req-{uuid.uuid4()}'
        LOG.info('OpenStack at %s, global request id %s', settings.auth_url,
                 request_id)
        return connection.connect(settings, request_id)

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


def _holds_certificate(path: str) -> bool:
    # The job's template writes an empty file when there is none.
    try:
        with open(path, encoding='utf-8') as file:
            return 'BEGIN CERTIFICATE' in file.read()
    except (OSError, ValueError) as exc:
        LOG.warning("The CA file '%s' cannot be read: %s", path, exc)
        return False
