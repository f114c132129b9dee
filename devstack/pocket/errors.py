# SPDX-License-Identifier: Apache-2.0
"""What may go wrong with a pocket cloud; each text says what to do."""

from cf_openstack import exceptions


class PocketError(exceptions.CfOpenStackError):
    """Base of the pocket cloud's errors; its text is shown to a person."""


class StateError(PocketError):
    """The state folder is missing, foreign or damaged."""


class Busy(PocketError):
    msg_fmt = ('Another command (pid %(pid)s) is still at work in '
               '%(path)s after %(limit)d s. Wait for it, or end it.')


class PortTaken(PocketError):
    msg_fmt = ('Port %(port)d of %(name)s is taken by %(holder)s. Stop that '
               'process and run "up" again. The pocket cloud keeps the ports '
               'it chose at first, because stacks and catalogs name them; '
               '"clean" and "up" make a new cloud on free ports.')


class NoFreePort(PocketError):
    msg_fmt = ('No free port was found for %(name)s: %(preferred)d is taken, '
               'and so is everything from %(first)d to %(last)d.')


class CommandFailed(PocketError):
    msg_fmt = ('%(what)s failed: "%(command)s" ended with status %(status)s. '
               'The end of %(log)s:\n%(tail)s')


class ServiceFailed(PocketError):
    msg_fmt = ('%(name)s %(what)s. The end of %(log)s:\n%(tail)s')


class PackagesError(PocketError):
    """Debian's packages cannot be had."""


class VenvError(PocketError):
    """The virtual environment could not be made."""
