# SPDX-License-Identifier: Apache-2.0
"""What all actions that a signal may ask for have in common."""

import abc
from collections.abc import Mapping
import dataclasses
from typing import Any
from typing import ClassVar

from cf_openstack.director import client
from cf_openstack.director import tasks as director_tasks

from heat_plugins.deploying import view as deployment_view
from heat_plugins.resources import base
from heat_plugins.signals import fields
from heat_plugins.signals import records


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What has come of an action.

    :ivar task: the task of the director that was started.
    :ivar result: what was done, where that needs no task.
    """

    task: int | None = None
    result: str | None = None


class Action(abc.ABC):
    """One action, with the values that a signal gave.

    Making one checks nothing but the form.  :meth:`check` looks whether the
    director can do it, while whoever sent the signal waits, and :meth:`do`
    does it.

    :param values: the values of the fields.
    """

    #: What a signal calls it.
    name: ClassVar[str]
    #: What a signal may say, beside ``action`` and ``id``.
    accepts: ClassVar[Mapping[str, fields.Field]] = {}
    #: Whether it keeps a deploy from going on at the same time.
    changes: ClassVar[bool] = True

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    @classmethod
    def fields_for(cls, rsrc: base.DirectorUser
                   ) -> Mapping[str, fields.Field]:
        """What a signal to this resource may say."""
        return cls.accepts

    @property
    def target(self) -> str:
        """What it acts on, for people."""
        return ''

    def __str__(self) -> str:
        return f'{self.name} {self.target}'.strip()

    def check_form(self, rsrc: base.DirectorUser) -> None:
        """Check what can be checked without a director.

        :raises BadSignal: when the values do not go together.
        """

    @abc.abstractmethod
    def check(self, view: deployment_view.View) -> None:
        """Look whether the director can do it.

        :raises BadSignal: when a value is none that the director knows.
        :raises SignalRefused: when it must not be done.
        :raises DirectorError: when the director does not tell.
        """

    @abc.abstractmethod
    def do(self, rsrc: base.DirectorUser, director: client.Director,
           record: records.Record) -> Outcome:
        """Do it, or start the task that does it.

        :param rsrc: the deployment's resource.
        :param record: of the signal; its context id marks the task.
        :raises CfOpenStackError: when that fails.
        """

    def failure(self, director: client.Director,
                task: director_tasks.Task) -> str | None:
        """Why a task that has succeeded was no success nevertheless.

        :returns: None when it was one.
        """
        return None
