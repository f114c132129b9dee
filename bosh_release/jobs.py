# SPDX-License-Identifier: Apache-2.0
"""The release's jobs: a specification and templates that Ruby renders."""

from bosh_release import archive
from bosh_release import errors
from bosh_release import work as release_work

FOLDER = release_work.REPOSITORY / 'bosh_release' / 'jobs'
JOB = 'openstack_cpi'
#: Upstream's two jobs had the same properties; manifests name either.
NAMES = (JOB, 'openstack_cpi_golang')


def entries(name: str) -> list[archive.Entry]:
    """The files of a job's tarball.

    :param name: one of NAMES; they differ in nothing but their name.
    """
    folder = FOLDER / JOB
    spec = (folder / 'spec').read_text()
    named = spec.replace(f'\nname: {JOB}\n', f'\nname: {name}\n')
    if name != JOB and named == spec:
        raise errors.ReleaseError(
            f"{folder / 'spec'} does not have the line \"name: {JOB}\"")
    return [
        archive.Entry('job.MF', named.encode()),
        # Nothing runs, so there is nothing for monit to watch.
        archive.Entry('monit', b''),
        *archive.tree(folder / 'templates', 'templates'),
    ]
