# SPDX-License-Identifier: Apache-2.0
"""What all resources of a BOSH director have in common."""

from collections.abc import Iterable
from typing import Any

from oslo_config import cfg

from cf_openstack.director import client
from cf_openstack.director import connection
from cf_openstack.director import exceptions as director_exceptions
from cf_openstack.director import tasks as director_tasks
from cf_openstack import exceptions

from heat.common import exception
from heat.common.i18n import _
from heat.engine import attributes
from heat.engine import check_resource
from heat.engine import constraints
from heat.engine import event
from heat.engine import function
from heat.engine import properties
from heat.engine import resource
from heat.engine import rsrc_defn
from heat.engine import support
from heat.objects import stack as stack_objects

from heat_plugins.clients import bosh_director
from heat_plugins.resources import masking
from heat_plugins.tasks import journal

_REASON_LENGTH = 255      # of an event, in Heat's database

#: Journal key: the uuid of the director that a resource lives on.
DIRECTOR_UUID = 'director_uuid'

#: Journal key: whether the resource was adopted, and not updated since.
ADOPTED = 'adopted'

SUPPORT = support.SupportStatus(
    status=support.UNSUPPORTED,
    message=_('Part of cf-openstack, not supported by the Heat team.'),
    version='0.1.0')


class AnotherDirector(exceptions.CfOpenStackError):
    """Where a director was, another one answers."""

    msg_fmt = ('Another director answers now at %(endpoint)s: its uuid is '
               '%(found)s, and "%(name)s" lives on the director %(known)s. '
               'Nothing was changed. Bring that director back, with its '
               'database; or abandon this stack, or give the resource '
               'another name in the template, to begin anew.')


class BoshResource(masking.MaskedResource):
    """A resource that talks to a BOSH director."""

    default_client_name = bosh_director.CLIENT_NAME

    # A second director, deployment or config is never the cure for a
    # failed check; needs_replace_failed decides.
    always_replace_on_check_failed = False

    support_status = SUPPORT

    #: Names of the attributes that are read only when asked for by name.
    slow_attributes: frozenset[str] = frozenset()

    #: Journal keys that an adoption takes over as they are, beside those
    #: that it knows.
    adopted_entries: frozenset[str] = frozenset()

    #: Whether this update is to mend a failed resource.
    had_failed = False

    @property
    def journal(self) -> journal.Journal:
        """What this resource remembers across engines."""
        return journal.Journal(self)

    def open_director(self, token: str) -> client.Director:
        """Make a client for the director of a sealed connection.

        :raises SealError: when this project cannot open it.
        """
        plugin = self.client_plugin()
        return self.client().open(
            plugin.unseal(token, self.stack.tenant_id))

    def report(self, text: str) -> None:
        """Show progress as an event of the action under way."""
        if len(text) > _REASON_LENGTH:
            text = text[:_REASON_LENGTH - 1] + '…'
        # The name serves as the physical id as long as the action runs:
        # python-heatclient takes an id that equals a stack's name for that
        # stack, and a deployment may well be named like its stack.
        progress = event.Event(
            self.context, self.stack, self.action, self.status, text,
            self.physical_resource_name(), self._rsrc_prop_data_id,
            self._stored_properties_data, self.name, self.type())
        progress.store()
        self.stack.dispatch_event(progress)

    def poll_later(self, seconds: float | None = None) -> None:
        """End this poll; the next one comes after some seconds.

        :param seconds: at most the operator's ``poll_interval``.
        :raises PollDelay: to be polled again.
        :raises CancelOperation: when a person has cancelled the action of
            the stack; Heat then calls the handler's ``_cancel``.
        """
        if self._is_cancelled():
            raise check_resource.CancelOperation()
        limit = cfg.CONF.cf_openstack.poll_interval
        wait = limit if seconds is None else min(seconds, limit)
        raise resource.PollDelay(max(1, round(wait)))

    def _is_cancelled(self) -> bool:
        """Whether the action of the stack was cancelled without rollback.

        Heat leaves what is in progress to end by itself then.  A director's
        task may take an hour, so we look.  Heat marks the stack as failed
        and gives it the id of a traversal that nobody makes; a failure of
        another resource leaves no such id, and a newer update one that is
        in progress.
        """
        mine = self.stack.current_traversal
        if not self.stack.convergence or not mine:
            return False
        row = stack_objects.Stack.get_by_id(self.context, self.stack.id)
        return (row is not None and row.status == self.stack.FAILED
                and row.current_traversal not in ('', None, mine))

    def is_given(self, key: str) -> bool:
        """Whether the template gives a property, whatever its value."""
        if key not in self.properties.data:
            return False
        # An "if" without "else" leaves the property out.
        value = function.resolve(self.properties.data[key], nullable=True)
        return value is not Ellipsis

    def require_one_of(self, one: str, other: str) -> None:
        """Check that exactly one of two properties is given.

        :raises StackValidationFailed: when it is not.
        """
        given = self.is_given(one), self.is_given(other)
        if all(given):
            raise exception.ResourcePropertyConflict(one, other)
        if not any(given):
            raise exception.PropertyUnspecifiedError(one, other)

    def is_resolvable(self, keys: Iterable[str]) -> bool:
        """Whether properties can be read before anything was created."""
        for key in keys:
            value = self.properties.data.get(key)
            for rsrc in function.dependencies(value):
                if rsrc.action == rsrc.INIT:
                    return False
        return True

    def needs_replace_failed(self) -> bool:
        """Never replaced for a failure: an update tries again in place.

        It does so whatever the director has.  Heat would make the
        replacement first and delete the failed resource then, which may be
        the owner of what both are about.
        """
        return False

    def _needs_update(self, *args: Any, **kwargs: Any) -> bool:
        # Heat would declare an unchanged failed resource complete.
        needed = super()._needs_update(*args, **kwargs)
        self.had_failed = self.status == self.FAILED
        return needed or self.had_failed or self.is_unlike_template()

    def is_unlike_template(self) -> bool:
        """Whether an update is due though the template did not change."""
        return False

    def is_left_alone(self) -> bool:
        """Whether a deletion has to leave what the resource stands for.

        When the adoption of a stack fails, Heat may roll it back, and
        deletes what it has adopted so far.
        """
        return (self.stack.action == self.stack.ROLLBACK
                and self.journal.get(ADOPTED) is True)

    def clear_stored_attributes(self) -> None:
        """Delete the stored attributes, once.

        Heat keeps the id of the deleted row and deletes by it again at the
        end of the action.  Where a database gives an id anew, as SQLite
        does, that row holds the new properties by then.
        """
        super().clear_stored_attributes()
        self._attr_data_id = None

    def _show_resource(self) -> dict[str, Any]:
        """All attributes at once; a director out of reach costs one wait."""
        shown: dict[str, Any] = {}
        for name, schema in self.attributes_schema.items():
            if name == self.SHOW or name in self.slow_attributes:
                continue
            live = schema.cache_mode == attributes.Schema.CACHE_NONE
            if live and 'error' in shown:
                shown[name] = None
                continue
            try:
                shown[name] = self._resolve_attribute(name)
            except exceptions.CfOpenStackError as error:
                shown[name] = None
                shown['error'] = str(error)
        return shown

    def get_live_state(self, resource_properties: Any) -> dict[str, Any]:
        """Properties are not read back from the director."""
        return {}


class DirectorUser(BoshResource):
    """A resource on a director that another resource stands for."""

    DIRECTOR = 'director'

    #: The director, for the action under way; opened when first needed.
    _director: client.Director | None = None

    @staticmethod
    def director_schema() -> properties.Schema:
        """The schema of the property ``director``."""
        return properties.Schema(
            properties.Schema.STRING,
            _('The director, as the attribute "connection" of a '
              'CloudFoundry::BOSH::Director resource of the same project.'),
            required=True,
            constraints=[
                constraints.CustomConstraint('cf_openstack.connection')],
            update_allowed=True,
        )

    def director(self) -> client.Director:
        """The director that this resource was last deployed to."""
        if self._director is None:
            self._director = self.open_director(self.sealed_connection())
        return self._director

    def sealed_connection(self) -> str | None:
        """The connection that this resource was last deployed with."""
        # Whoever looks at one resource only, has no attributes of the
        # others: get_attr gives nothing then.
        stored = self._stored_properties_data or {}
        return stored.get(self.DIRECTOR) or self.properties[self.DIRECTOR]

    def use_director(self, token: str) -> None:
        """Talk to the director of a new connection from now on."""
        self._director = self.open_director(token)

    def begin_update(self,
                     definition: rsrc_defn.ResourceDefinition) -> Any:
        """The properties of a new definition, and its director from now on.

        Within ``handle_update``.
        """
        props = self.new_properties(definition)
        self.use_director(props[self.DIRECTOR])
        self.journal.put(**{ADOPTED: None})
        return props

    def claim_director(self) -> None:
        """Remember, or verify, which director this resource lives on.

        :raises UpdateReplace: when the template names another one.
        :raises AnotherDirector: when another one answers at its address.
        :raises DirectorError: when the director does not answer.
        """
        uuid = self.director().info().uuid
        known = self.journal.get(DIRECTOR_UUID)
        if known is None:
            self.journal.put(**{DIRECTOR_UUID: uuid})
        elif known != uuid:
            if self._is_moved():
                raise resource.UpdateReplace(self.name)
            raise self._another_director(uuid)

    def verify_director(self) -> None:
        """Verify that this is the director that the resource lives on.

        What has the same name on another one is somebody else's.

        :raises AnotherDirector: when another one answers at its address.
        :raises DirectorError: when the director does not answer.
        """
        uuid = self.director().info().uuid
        if self.journal.get(DIRECTOR_UUID) not in (None, uuid):
            raise self._another_director(uuid)

    def _another_director(self, uuid: str) -> AnotherDirector:
        return AnotherDirector(
            endpoint=self.director().connection.endpoint, found=uuid,
            known=self.journal.get(DIRECTOR_UUID),
            name=self.resource_id or self.name)

    def _is_moved(self) -> bool:
        """Whether an update brings the address of another director."""
        stored = (self._stored_properties_data or {}).get(self.DIRECTOR)
        try:
            before = stored and self.client_plugin().unseal(
                stored, self.stack.tenant_id)
        except connection.SealError:
            return False      # who knows
        return bool(before) and (
            before.endpoint != self.director().connection.endpoint)

    def find_task(self, task_id: int | None) -> director_tasks.Task | None:
        """A task as it is now.

        :param task_id: its id, None for none.
        :returns: None when the director has cleaned it up long ago.
        """
        if task_id is None:
            return None
        try:
            return self.director().tasks.get(task_id)
        except director_exceptions.NotFound:
            return None
