# SPDX-License-Identifier: Apache-2.0
"""Leaving nothing behind: a stack of undo steps."""

from collections.abc import Callable
import logging
from types import TracebackType
from typing import Self

from cf_openstack.cloud import errors
from cf_openstack.cloud import interruptions

LOG = logging.getLogger(__name__)


class UndoStack:
    """Undoes, in reverse, what was done before something failed.

    Used as a context: if its body raises, be it a signal, the steps run,
    the last first.  A step that fails is only logged, so that the others
    run and the first error is what is raised.  The step of an object is
    pushed before the request that creates it, so that nothing is missed
    if the answer gets lost.  A signal that comes meanwhile waits until
    all steps are through.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[str, Callable[[], object]]] = []

    def push(self, description: str, action: Callable[[], object]) -> None:
        """Remember how to undo what comes next.

        :param description: what the step does, for the log.
        :param action: must tolerate that there is nothing to undo.
        """
        self._steps.append((description, action))

    def run(self) -> None:
        """Undo everything; failures are logged."""
        with interruptions.postponed():
            while self._steps:
                self._undo(*self._steps.pop())

    def _undo(
        self, description: str, action: Callable[[], object]
    ) -> None:
        LOG.info('Undoing: %s', description)
        try:
            action()
        except Exception as exc:
            LOG.error(
                'Undoing failed (%s); look whether something was left '
                'behind: %s', description, errors.detail(exc))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None and self._steps:
            with interruptions.postponed():
                LOG.warning('Failed, undoing what was done: %s',
                            exc or kind.__name__)
                self.run()
