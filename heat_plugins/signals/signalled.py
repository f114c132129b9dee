# SPDX-License-Identifier: Apache-2.0
"""A resource whose signals are actions, and whose attributes are live."""

from collections.abc import Mapping
from typing import Any

from heat.engine import resource

from heat_plugins.deploying import attributes as deployment_attributes
from heat_plugins.deploying import look as looks
from heat_plugins.deploying import manifest as deployment_manifest
from heat_plugins.resources import base
from heat_plugins.signals import handling

_HOOK = 'unset_hook'


class SignalledDeployment(base.DirectorUser):
    """A deployment that can be acted on, beside being deployed.

    Whoever signals it authenticates as for any other request to Heat: no
    user is made for it, as SignalResponder does.
    """

    attributes_schema = deployment_attributes.SCHEMA
    slow_attributes = deployment_attributes.SLOW

    # Which actions go with which signals is checked for each signal.
    no_signal_actions = ()
    signal_needs_metadata_updates = False

    #: The look at the director that is under way.
    look: looks.Look | None = None

    _admitted: handling.Admitted | None = None

    def manifest_of(self, props: Any) -> deployment_manifest.Manifest:
        """The manifest that these properties make.

        :raises CfOpenStackError: when they make none.
        """
        return self._render(props)

    def _render(self, props: Any) -> deployment_manifest.Manifest:
        raise NotImplementedError

    def attribute(self, name: str) -> Any:
        """The value of an attribute, as it is now.

        :raises CfOpenStackError: when it cannot be told.
        """
        return self._resolve_attribute(name)

    def _resolve_attribute(self, name: str) -> Any:
        return deployment_attributes.resolve(self, name)

    def _show_resource(self) -> dict[str, Any]:
        return deployment_attributes.show(self)

    def _signal_check_hook(self, details: Any) -> None:
        # The one place where an error reaches the sender of a signal.
        if isinstance(details, Mapping) and _HOOK in details:
            super()._signal_check_hook(details)
        else:
            self._admitted = handling.admit(self, details)

    def handle_signal(self, details: Any) -> None:
        """Do what a signal asks for, after :meth:`_signal_check_hook`.

        :raises NoActionRequired: always, since events tell it already.
        """
        admitted = self._admitted or handling.admit(self, details)
        self._admitted = None
        handling.follow(self, admitted)
        raise resource.NoActionRequired(self.name)
