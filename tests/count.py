# SPDX-License-Identifier: Apache-2.0
"""Print how many tests of stestr's newest run passed, and how many failed."""

import subprocess
import sys

from subunit import v2
import testtools


def main() -> None:
    """Read the newest run from stestr's repository."""
    with subprocess.Popen(
            [sys.executable, '-m', 'stestr', 'last', '--subunit'],
            stdout=subprocess.PIPE) as last:
        summary = testtools.StreamSummary()
        summary.startTestRun()
        v2.ByteStreamToStreamResult(
            last.stdout, non_subunit_name='stdout').run(summary)
        summary.stopTestRun()
    failed = len(summary.failures) + len(summary.errors)
    # What succeeds against the expectation of its author is a failure too
    failed += len(summary.unexpectedSuccesses)
    print(summary.testsRun - failed - len(summary.skipped), failed)


if __name__ == '__main__':
    main()
