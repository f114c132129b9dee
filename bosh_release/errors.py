# SPDX-License-Identifier: Apache-2.0
"""What may go wrong with building a release; each text says what to do."""

from cf_openstack import exceptions


class ReleaseError(exceptions.CfOpenStackError):
    """Base of the builder's errors; its text is shown to a person."""


class CommandFailed(ReleaseError):
    msg_fmt = ('%(what)s failed: "%(command)s" ended with status %(status)s. '
               'The end of %(log)s:\n%(tail)s')


class Busy(ReleaseError):
    msg_fmt = ('Another build is at work in %(path)s. Wait for its end, or '
               'name another folder with --work.')


class ForeignFolder(ReleaseError):
    msg_fmt = ('%(path)s exists and was not made by this command. Name '
               'another folder with --work.')


class NoVenv(ReleaseError):
    msg_fmt = ('This Python (%(python)s) cannot make virtual environments: '
               'its module ensurepip is missing. On Debian and Ubuntu, run '
               '"apt-get install python%(version)s-venv".')


class NoTool(ReleaseError):
    msg_fmt = ('PyInstaller needs the program %(tool)s, which is not there. '
               'On Debian and Ubuntu, run "apt-get install binutils".')


class NoVersion(ReleaseError):
    msg_fmt = ('Git tells no version of this folder (%(path)s). Give one '
               'with --version.')


class BadVersion(ReleaseError):
    msg_fmt = ('"%(version)s" is no version that BOSH takes. It has letters, '
               'digits and dots, like 1.2.3 or 1.2.3+dev.4.')


class BadName(ReleaseError):
    msg_fmt = ('"%(name)s" is no name that BOSH takes. It has letters, '
               'digits, dots, dashes and underscores.')


class TooNew(ReleaseError):
    msg_fmt = ('The release would not run on stemcells with glibc '
               '%(limit)s:\n%(files)s\nBuild it with a Python that was built '
               'on an older system, or raise --max-glibc if your stemcells '
               'have a newer one (Jammy 2.35, Noble 2.39).')


class Missing(ReleaseError):
    msg_fmt = ('Libraries would be missing on a stemcell:\n%(files)s\n'
               'This is a fault of bosh_release/frozen/openstack_cpi.spec.')


class SmokeTest(ReleaseError):
    msg_fmt = ('The frozen executable does not work: %(what)s. It wrote:\n'
               '%(output)s')
