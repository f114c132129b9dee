# SPDX-License-Identifier: Apache-2.0
"""Runs the same work on several things at once."""

from collections.abc import Callable
from collections.abc import Iterable
from concurrent import futures
from typing import Any
from typing import TypeVar

from devstack.pocket_director import tasks

T = TypeVar('T')


def each(task: tasks.TaskRun, threads: int, items: Iterable[T],
         work: Callable[[T], Any]) -> None:
    """Do ``work`` on every item, ``threads`` at once.

    What has begun is finished; after a failure, or when the task is
    cancelled, nothing more is begun.

    :raises: the first failure.
    """
    failed: list[BaseException] = []

    def guarded(item: T) -> None:
        if failed:
            return
        try:
            task.checkpoint()
            work(item)
        except BaseException as error:
            failed.append(error)
            raise

    with futures.ThreadPoolExecutor(max(1, threads)) as pool:
        list(futures.wait([pool.submit(guarded, item) for item in items])[0])
    if failed:
        raise failed[0]
