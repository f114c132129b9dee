# SPDX-License-Identifier: Apache-2.0
"""Print how many runs stestr has recorded, and of the newest one how many
tests passed and how many failed."""

from stestr.repository import abstract
from stestr.repository import util
from subunit import v2
import testtools


def main() -> None:
    """Read the newest run from stestr's repository."""
    try:
        repository = util.get_repo_open()
        runs = repository.count()
    except abstract.RepositoryNotFound:
        runs = 0
    if not runs:
        print(0, 0, 0)
        return
    summary = testtools.StreamSummary()
    summary.startTestRun()
    with repository.get_latest_run().get_subunit_stream() as stream:
        v2.ByteStreamToStreamResult(
            stream, non_subunit_name='stdout').run(summary)
    summary.stopTestRun()
    failed = len(summary.failures) + len(summary.errors)
    # What succeeds against the expectation of its author is a failure too
    failed += len(summary.unexpectedSuccesses)
    print(runs, summary.testsRun - failed - len(summary.skipped), failed)


if __name__ == '__main__':
    main()
