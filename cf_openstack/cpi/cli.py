# SPDX-License-Identifier: Apache-2.0
"""The executable ``openstack_cpi``.

A director starts it afresh for each call, writes a request to stdin and
reads the reply from stdout; it ignores the exit status, the bosh CLI does
not.  So whatever happens, one JSON document goes out and the status is 0.
"""

import os
import sys

# No more than these: what else is needed is imported once it is known that
# the request is not for info.
from cf_openstack.cpi import shortcut
from cf_openstack.cpi import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cf_openstack.cpi import dispatch

USAGE = """\
usage: openstack_cpi CONFIG.json [CACERT.pem]
       openstack_cpi -configFile=CONFIG.json [-caCert=CACERT.pem]
       openstack_cpi --help | --version

BOSH CPI for OpenStack.  Reads one CPI request (JSON) from stdin and writes
one reply (JSON) to stdout; logs to stderr.

  CONFIG.json  configuration of the job openstack_cpi: JSON or YAML with
               cloud.properties.openstack, cloud.properties.agent
  CACERT.pem   CA certificates that OpenStack's endpoints are checked with
"""

_OPTIONS = {'configFile': 'config', 'caCert': 'ca_cert'}


class WrongArguments(ValueError):
    """The command line is wrong."""


def _files(arguments: list[str]) -> dict[str, str]:
    """Read the command line, in either of upstream's forms."""
    found: dict[str, str] = {}
    rest = list(arguments)
    places = ['config', 'ca_cert']
    while rest:
        argument = rest.pop(0)
        if not argument.startswith('-') or argument == '-':
            place = next((p for p in places if p not in found), None)
            if place is None:
                raise WrongArguments(f"one file too many: '{argument}'")
            found[place] = argument
            continue
        name, equals, value = argument.lstrip('-').partition('=')
        if name not in _OPTIONS:
            raise WrongArguments(f"option '{argument}' is not known")
        if not equals:
            if not rest:
                raise WrongArguments(f"option '{argument}' needs a file")
            value = rest.pop(0)
        found[_OPTIONS[name]] = value
    return found


def parse_arguments(arguments: list[str]) -> 'dispatch.ConfigFiles':
    """Find the files that the command line names.

    :raises errors.InvalidCall: an option is unknown or lacks its value,
        or there are too many files.
    """
    from cf_openstack.cpi import dispatch
    from cf_openstack.cpi import errors

    try:
        return dispatch.ConfigFiles(**_files(arguments))
    except WrongArguments as exc:
        raise errors.InvalidCall(f'Command line: {exc}') from None


def respond(
    arguments: list[str],
    raw: bytes,
    settled: 'Callable[[], object] | None' = None,
) -> str:
    """Return the reply to one request.

    :param arguments: the command line without the program.
    :param raw: what came on stdin.
    :param settled: is called once the method has succeeded.
    """
    try:
        _files(arguments)
    except WrongArguments:
        reply = None
    else:
        reply = shortcut.reply_to(raw)
    if reply is not None:
        return reply
    from cf_openstack.cpi import dispatch
    from cf_openstack.cpi import errors

    try:
        files = parse_arguments(arguments)
    except errors.InvalidCall as exc:
        return _failure(exc)
    return dispatch.answer(raw, files, settled or dispatch.nothing)


def _failure(exc: BaseException) -> str:
    from cf_openstack.cpi import dispatch
    from cf_openstack.cpi import journal
    from cf_openstack.cpi import protocol

    return dispatch.failure(
        exc, journal.Journal(protocol.request_id_of(None)))


def _reply_to_stdin(arguments: list[str]) -> str:
    try:
        try:
            streams.stop_by_exception()
            return respond(arguments, streams.read_all(),
                           streams.ignore_stop_signals)
        finally:
            streams.ignore_stop_signals()
    except BaseException as exc:
        # A signal between the end of the call and the line above.
        return _failure(exc)


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version('cf-openstack')
    except metadata.PackageNotFoundError:
        return 'unknown'


def main() -> None:
    """Run as a CPI executable; ends the process with status 0."""
    streams.open_missing()
    arguments = sys.argv[1:]
    if arguments and arguments[0].lstrip('-') in ('h', 'help', 'version'):
        wants_version = arguments[0].endswith('version')
        text = f'openstack_cpi {_version()}\n' if wants_version else USAGE
        streams.write_all(1, text.encode())
        os._exit(0)
    output = streams.claim_stdout()
    reply = _reply_to_stdin(arguments)
    streams.write_all(output, reply.encode() + b'\n')
    # At once: neither a leftover thread nor a broken stderr may change
    # the exit status or hold the director up.
    os._exit(0)


if __name__ == '__main__':
    main()
