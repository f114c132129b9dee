# SPDX-License-Identifier: Apache-2.0
"""From the bytes of a request to the text of its reply."""

from collections.abc import Callable
import gc
import time
from typing import Any
from typing import NamedTuple

from cf_openstack.cpi import errors
from cf_openstack.cpi import journal
from cf_openstack.cpi import protocol
from cf_openstack.cpi import registry


class ConfigFiles(NamedTuple):
    """The files named on the command line.

    :ivar config: path of the CPI's configuration, or None.
    :ivar ca_cert: path of the CA certificates, or None.
    """

    config: str | None = None
    ca_cert: str | None = None


def nothing() -> None:
    """Do nothing."""


def answer(
    raw: bytes,
    files: ConfigFiles,
    settled: Callable[[], object] = nothing,
) -> str:
    """Carry out one request and return the JSON text of its reply.

    Never raises an Exception: whatever happens becomes a reply.  Only
    what is no Exception but ends the process (a signal) may still pass
    through here while the reply is being made.

    :param raw: what came on stdin.
    :param files: where the configuration is.
    :param settled: is called as soon as a method has done all it should:
        what it created is not undone from then on, so nothing may turn
        its reply into an error.
    """
    log = journal.Journal(protocol.request_id_of(None))
    try:
        document = protocol.decode(raw)
        if isinstance(document, dict):
            log.request_id = protocol.request_id_of(document.get('context'))
        request = protocol.parse(document, registry.KNOWN)
        request.request_id = log.request_id
        registry.check(request.method, request.arguments)
        return protocol.success(_timed(request, files, log, settled))
    except BaseException as exc:
        return failure(exc, log)


def failure(exc: BaseException, log: journal.Journal) -> str:
    """Render the reply to a call that ended with an exception."""
    error = _bosh_error(exc)
    message = log.clean(error.message)
    text = f'Rescued {error.type}: {message}'
    log.line(text, 'ERROR')
    if isinstance(error, errors.Unknown):
        backtrace = log.clean(_backtrace(exc))
        for line in backtrace.splitlines():
            log.line(f'| {line}', 'ERROR')
        text += f'. backtrace: {backtrace}'
    return protocol.failure(error.type, message, error.ok_to_retry, text)


def _timed(
    request: protocol.Request,
    files: ConfigFiles,
    log: journal.Journal,
    settled: Callable[[], object],
) -> Any:
    log.line(f'Starting {request.method}({_outline(request.arguments)})...')
    started = time.monotonic()
    outcome, shown = 'Failed', ''
    try:
        result = _invoke(request, files, log, settled)
        outcome = 'Finished'
        if result is not None and request.method != 'info':
            shown = f': {_outline([result])}'
        return result
    finally:
        seconds = time.monotonic() - started
        log.line(
            f'{outcome} {request.method} in {seconds:.2f} seconds{shown}')


def _invoke(
    request: protocol.Request,
    files: ConfigFiles,
    log: journal.Journal,
    settled: Callable[[], object],
) -> Any:
    if request.method == 'info':
        return registry.load('info')(None)
    # Importing makes many objects and next to no garbage.
    gc.disable()
    try:
        # Not for info, whose time this would double.
        from cf_openstack.cpi import calls

        method = registry.load(request.method)
    finally:
        gc.enable()
    log.capture_logging()
    try:
        with calls.Call(request, files, log) as call:
            result = method(call, *request.arguments)
            settled()
            return result
    except errors.BoshError:
        raise
    except Exception as exc:
        from cf_openstack.cpi import translation

        raise translation.to_bosh(exc) from exc


def _bosh_error(exc: BaseException) -> errors.BoshError:
    if isinstance(exc, errors.BoshError):
        return exc
    if isinstance(exc, errors.Terminated):
        return errors.CloudError(
            f'The CPI was stopped by {exc.signal_name}. What this call had '
            'created was removed again as far as possible, see the log.')
    text = str(exc)
    name = type(exc).__name__
    return errors.Unknown(f'{name}: {text}' if text else name)


def _backtrace(exc: BaseException) -> str:
    import traceback

    return ''.join(
        traceback.format_exception(type(exc), exc, exc.__traceback__))


def _outline(values: list[Any]) -> str:
    """Name arguments, or a result, for the log; hashes may hold secrets."""
    parts = []
    for value in values:
        if isinstance(value, str):
            parts.append(value[:100])
        elif isinstance(value, dict | list):
            parts.append('{...}' if isinstance(value, dict) else '[...]')
        else:
            parts.append(str(value))
    return ', '.join(parts)
