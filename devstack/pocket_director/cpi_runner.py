# SPDX-License-Identifier: Apache-2.0
"""Runs the CPI as a director does: a fresh process for every call."""

from collections.abc import Mapping
import json
import os
import pathlib
import random
import subprocess
import threading
import time
from typing import Any

from devstack.pocket_director import errors
from devstack.pocket_director import faults as fault_files
from devstack.pocket_director import tasks

_PREFERRED_VERSION = 3
_MINIMUM_VERSION = 2
_PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
_KNOWN_ERRORS = frozenset(f'Bosh::Clouds::{name}' for name in (
    'CpiError', 'NotSupported', 'NotImplemented', 'CloudError', 'VMNotFound',
    'NetworkNotFound', 'NoDiskSpace', 'DiskNotAttached', 'DiskNotFound',
    'VMCreationFailed'))
# The only types whose ok_to_retry a director believes.
_RETRIABLE = frozenset(f'Bosh::Clouds::{name}' for name in (
    'NoDiskSpace', 'DiskNotAttached', 'DiskNotFound', 'VMCreationFailed'))
NOT_IMPLEMENTED = frozenset(
    ('Bosh::Clouds::NotImplemented', 'Bosh::Clouds::NotSupported'))
_REDACTED = '<redacted>'


class Cpi:
    """One CPI for one task.

    :param path: the executable.
    :param director_uuid: goes into every request's context.
    :param faults: errors that a test orders.
    :param task: its ``cpi`` output takes the CPI's stderr as it comes.
    :param closing: set when the director stops: no process is begun then.
    :param properties: a cpi-config's, merged flat into the context.
    """

    def __init__(self, path: pathlib.Path, director_uuid: str,
                 faults: fault_files.Faults, task: tasks.TaskRun,
                 closing: threading.Event,
                 properties: Mapping[str, Any] | None = None) -> None:
        self._path = path
        self._director_uuid = director_uuid
        self._faults = faults
        self._task = task
        self._closing = closing
        self._properties = dict(properties or {})

    def call(self, method: str, *arguments: Any,
             stemcell_api_version: int | None = None) -> Any:
        """Ask ``info``, then run a method; its result.

        :param stemcell_api_version: given for the calls on a VM whose
            stemcell the director knows.
        :raises: CpiError.
        """
        info = self._run('info', [], None, stemcell_api_version)
        version = min(info['api_version'], _PREFERRED_VERSION)
        if method == 'create_stemcell' and version < 3:
            arguments = arguments[:2]
        result = self._run(
            method, list(arguments), version, stemcell_api_version)
        if method == 'attach_disk' and not result:
            raise errors.CpiError(
                'Bosh::Clouds::AttachDiskResponseError', 'No disk_hint')
        return result

    def info(self) -> dict[str, Any]:
        """The CPI's ``info``.

        :raises: CpiError when it is too old or answers no version.
        """
        info: dict[str, Any] = self._run('info', [], None, None)
        return info

    def _run(self, method: str, arguments: list[Any], version: int | None,
             stemcell_api_version: int | None) -> Any:
        request_id = f'cpi-{random.randrange(100000, 1000000)}'
        context: dict[str, Any] = {
            **self._properties, 'director_uuid': self._director_uuid,
            'request_id': request_id}
        if stemcell_api_version is not None:
            context['vm'] = {
                'stemcell': {'api_version': stemcell_api_version}}
        request: dict[str, Any] = {
            'method': method, 'arguments': arguments, 'context': context}
        if version is not None:
            request['api_version'] = version
        self._task.debug(
            '[external-cpi] [%s] request: %s with command: %s', request_id,
            json.dumps({'method': method,
                        'arguments': _redact(method, arguments)}),
            self._path)
        started = time.monotonic()
        fault = self._faults.cpi(method, json.dumps(arguments))
        if fault is None:
            reply = self._reply(method, request, request_id)
        else:
            time.sleep(fault.get('delay', 0))
            reply = (self._reply(method, request, request_id)
                     if fault.get('after') or 'type' not in fault else {})
            if 'type' in fault:
                reply = {'result': None, 'log': '', 'error': {
                    'ok_to_retry': False, **{
                        k: fault[k] for k in
                        ('type', 'message', 'ok_to_retry') if k in fault}}}
        self._task.debug(
            '[external-cpi] [%s] response: %s after %.2f s', request_id,
            json.dumps({key: reply.get(key) for key in ('result', 'error')}),
            time.monotonic() - started)
        if reply['error'] is not None:
            raise _error(method, reply['error'], request_id)
        if method == 'info':
            _check_info(reply['result'], request_id)
        return reply['result']

    def _reply(self, method: str, request: dict[str, Any],
               request_id: str) -> dict[str, Any]:
        if self._closing.is_set():
            raise errors.DirectorError(
                100, f"'{method}' was not begun: the director is stopping. "
                     'Do the same again once it is up')
        if not os.access(self._path, os.X_OK):
            raise errors.CpiError(
                'Bosh::Clouds::ExternalCpi::NonExecutable',
                f"Failed to run cpi: '{self._path}' is not executable")
        environment = {
            'PATH': _PATH,
            'HOME': os.environ.get('HOME', '/'),
            'TMPDIR': os.environ.get('TMPDIR', '/tmp')}
        with self._task.cpi_log.open('ab') as log:
            # Whatever the exit status, the reply on stdout counts.
            process = subprocess.run(
                [str(self._path)], input=json.dumps(request).encode(),
                stdout=subprocess.PIPE, stderr=log, env=environment,
                check=False)
            try:
                reply = json.loads(process.stdout)
                if not _is_reply(reply):
                    raise ValueError('the keys differ from the schema')
            except ValueError as error:
                raise errors.CpiError(
                    'Bosh::Clouds::ExternalCpi::InvalidResponse',
                    f"Invalid CPI response to '{method}': {error}; exit "
                    f'status {process.returncode}, {len(process.stdout)} '
                    'bytes. Check the cpi log of the task. '
                    f"(CPI request ID: '{request_id}')") from error
            if reply['log']:
                log.write(reply['log'].encode() + b'\n')
        return dict(reply)


def _is_reply(reply: Any) -> bool:
    if not isinstance(reply, dict) or not {
            'result', 'error', 'log'} <= reply.keys():
        return False
    error = reply['error']
    return isinstance(reply['log'], str) and (error is None or (
        isinstance(error, dict) and isinstance(error.get('type'), str)
        and isinstance(error.get('message'), str)
        and isinstance(error.get('ok_to_retry'), bool)))


def _check_info(info: Any, request_id: str) -> None:
    version = info.get('api_version') if isinstance(info, dict) else None
    if not isinstance(version, int) or version < _MINIMUM_VERSION:
        raise errors.CpiError(
            'Bosh::Clouds::NotSupported',
            f'CPI API version {version} is not supported. Minimum required '
            f"version is {_MINIMUM_VERSION} (CPI request ID: "
            f"'{request_id}')")


def _error(method: str, error: dict[str, Any],
           request_id: str) -> errors.CpiError:
    kind = error['type']
    known = kind in _KNOWN_ERRORS
    return errors.CpiError(
        kind,
        f"{'CPI' if known else 'Unknown CPI'} error '{kind}' with message "
        f"'{error.get('message', '')}' in '{method}' CPI method "
        f"(CPI request ID: '{request_id}')",
        ok_to_retry=error['ok_to_retry'] and kind in _RETRIABLE)


def _redact(method: str, arguments: list[Any]) -> list[Any]:
    """The arguments of a call as the debug log may show them."""
    shown = list(arguments)
    if method == 'create_vm' and len(shown) == 6:
        shown[2] = shown[5] = _REDACTED
        shown[3] = {
            name: {**network, 'cloud_properties': _REDACTED}
            for name, network in shown[3].items()}
    elif method == 'create_disk':
        shown[1] = _REDACTED
    return shown
