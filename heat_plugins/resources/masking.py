# SPDX-License-Identifier: Apache-2.0
"""Property values that Heat neither stores nor shows.

Heat writes the resolved properties of a resource to its database and shows
them in events and in the resource's details.  A masked property is replaced
there by a marker: a keyed digest of its value.  The marker tells nothing
about the value, and two markers are equal if the values are, so that an
update still sees that a secret has changed.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import hashlib
import hmac
import json
import re
from typing import Any

from oslo_config import cfg

from heat.common import exception
from heat.common.i18n import _
from heat.engine import function
from heat.engine import properties
from heat.engine import resource
from heat.engine import rsrc_defn

_MARKER = re.compile('redacted:[0-9a-f]{32}')
_KEY_INFO = b'cf-openstack property marker 1'


class Masker:
    """Turn values into markers.

    :param scope: what the markers are bound to; the same value has another
        marker in another scope.
    """

    def __init__(self, scope: str) -> None:
        self._scope = scope

    def marker(self, value: Any) -> str:
        """The marker of one value; that of a marker is itself."""
        if isinstance(value, str) and _MARKER.fullmatch(value):
            return value
        # Read anew at each use: the option is loaded after this module.
        key = hmac.new(cfg.CONF.auth_encryption_key.encode('utf-8'),
                       _KEY_INFO, hashlib.sha256).digest()
        text = json.dumps([self._scope, value], sort_keys=True, default=str)
        digest = hmac.new(key, text.encode('utf-8'), hashlib.sha256)
        return 'redacted:' + digest.hexdigest()[:32]

    def mask(self, value: Any) -> Any:
        """Mask the leaves of a value; the names in a map stay readable."""
        if value is None or value == '':
            return value
        if isinstance(value, Mapping):
            return {key: self.mask(item) for key, item in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self.mask(item) for item in value]
        return self.marker(value)


class MaskedProperties(Mapping):
    """The properties of a resource, some of them as markers.

    Everything else of :class:`heat.engine.properties.Properties` is passed
    on to the real ones.

    :param real: the properties with their values.
    :param masked: names of the properties to mask.
    :param masker: what makes the markers.
    """

    def __init__(self, real: properties.Properties,
                 masked: frozenset[str], masker: Masker) -> None:
        self._real = real
        self._masked = masked
        self._masker = masker

    def __getattr__(self, name: str) -> Any:
        if name in ('_real', '_masked', '_masker'):
            raise AttributeError(name)      # not initialised yet
        return getattr(self._real, name)

    def __getitem__(self, key: str) -> Any:
        value = self.reveal(key)
        return self._masker.mask(value) if key in self._masked else value

    def __len__(self) -> int:
        return len(self._real)

    def __iter__(self) -> Iterator[str]:
        return iter(self._real)

    def __contains__(self, key: object) -> bool:
        return key in self._real

    def __repr__(self) -> str:
        return '<masked properties: %s>' % ', '.join(sorted(self._real))

    def get_user_value(self, key: str) -> Any:
        """What the template says, without a default; maybe a marker."""
        value = self._real.get_user_value(key)
        return self._masker.mask(value) if key in self._masked else value

    def reveal(self, key: str) -> Any:
        """The value itself, for use and for nothing else.

        :raises ValueError: when there is no valid value; the text does not
            quote that of a masked property.
        """
        try:
            return self._real[key]
        except ValueError:
            if key not in self._masked or key not in self._real.data:
                raise
            raise ValueError(self._complaint(key)) from None

    def validate(self, with_value: bool = True) -> None:
        """Validate, without quoting a masked value in an error.

        :raises StackValidationFailed: when a value is not valid.
        """
        try:
            self._real.validate(with_value)
        except exception.StackValidationFailed as error:
            hit = self._masked.intersection(map(str, error.path))
            if not hit:
                raise
            raise exception.StackValidationFailed(
                error=error.error, path=error.path,
                message=self._complaint(sorted(hit)[0])) from None

    def _complaint(self, key: str) -> str:
        kind = self._real.props[key].type().lower()
        return _('The value of the property %(key)s is missing or is not a '
                 'valid %(kind)s.') % {'key': key, 'kind': kind}


class MaskedResource(resource.Resource):
    """A resource some of whose properties Heat must not keep or show.

    The values are at hand only where they come from the template: in create
    and, by way of the new definition, in update.
    """

    #: Names of the properties whose values are secret.
    masked_properties: frozenset[str] = frozenset()

    def _masker(self) -> Masker:
        return Masker(f'{self.stack.tenant_id}/{self.type()}')

    def _cover(self, props: Any) -> Any:
        """Make a view of properties that shows markers."""
        if not self.masked_properties or isinstance(props, MaskedProperties):
            return props
        return MaskedProperties(props, self.masked_properties,
                                self._masker())

    def _covered_data(self, props: Any) -> dict[str, Any]:
        """Resolve what the template says, masked."""
        masker = self._masker()
        data = function.resolve(props.data)
        return {key: (masker.mask(value) if key in self.masked_properties
                      else value)
                for key, value in data.items()}

    def reparse(self, client_resolve: bool = True) -> None:
        """Read the properties of the template."""
        super().reparse(client_resolve)
        self.properties = self._cover(self.properties)

    def new_properties(self, definition: rsrc_defn.ResourceDefinition) -> Any:
        """The properties of a new definition, within ``handle_update``."""
        props = definition.properties(self.properties_schema, self.context)
        self.translate_properties(props)
        return self._cover(props)

    def _update_stored_properties(self) -> None:
        # Overrides what Heat would write to resource_properties_data.
        before = self._stored_properties_data
        self._stored_properties_data = self._covered_data(self.properties)
        if self._stored_properties_data != before:
            self._rsrc_prop_data_id = None
            self.attributes.reset_resolved_values()

    def _prepare_update_props(self, after: Any, before: Any) -> Any:
        after_props, before_props = super()._prepare_update_props(
            after, before)
        return self._cover(after_props), self._cover(before_props)

    def preview_update(self, after: Any, before: Any, after_props: Any,
                       before_props: Any, prev_resource: Any,
                       check_init_complete: bool = False) -> bool:
        """Tell whether an update in place would be needed.

        :raises UpdateReplace: when a replacement would be needed.
        """
        return super().preview_update(
            after, before, self._cover(after_props),
            self._cover(before_props), prev_resource, check_init_complete)

    def _needs_update(self, after: Any, before: Any, after_props: Any,
                      before_props: Any, prev_resource: Any,
                      check_init_complete: bool = True) -> bool:
        # "before" comes from the database and holds markers.
        if self.masked_properties:
            after = after.freeze(properties=self._covered_data(after_props))
        return super()._needs_update(after, before, after_props,
                                     before_props, prev_resource,
                                     check_init_complete)
