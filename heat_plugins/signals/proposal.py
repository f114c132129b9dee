# SPDX-License-Identifier: Apache-2.0
"""The manifest that a deployment would have with other properties."""

from collections.abc import Mapping
from typing import Any

from heat.common import exception
from heat.engine import function
from heat.engine import stk_defn

from heat_plugins.deploying import manifest as deployment_manifest
from heat_plugins.resources import base
from heat_plugins.resources import masking
from heat_plugins.signals import errors

#: What a diff cannot be asked for: a deployment on another director is
#: another one, and configs that were reviewed are the answer of a diff.
_NOT_PROPOSED = frozenset([base.DirectorUser.DIRECTOR, 'reviewed_configs'])


def property_names(rsrc: base.DirectorUser) -> list[str]:
    """The properties that a proposal may change."""
    return [name for name, schema in rsrc.properties_schema.items()
            if schema.update_allowed and name not in _NOT_PROPOSED]


def _resolved(rsrc: base.DirectorUser) -> dict[str, Any]:
    """The properties of the template, secrets and all.

    What the database has of them are markers where they are secret.
    """
    stack = rsrc.stack
    for name in rsrc.t.required_resource_names():
        other = stack.resources.get(name)
        if other is not None:
            # Otherwise get_attr gives nothing: only this one was loaded.
            stk_defn.update_resource_data(stack.defn, name,
                                          other.node_data())
    return function.resolve(rsrc.t._properties or {})


def manifest(rsrc: base.DirectorUser,
             values: Mapping[str, Any]) -> deployment_manifest.Manifest:
    """The manifest with some properties other than they are.

    :param values: the properties that differ.
    :raises BadSignal: when a value is not one of its property.
    :raises CfOpenStackError: when the properties make no manifest.
    """
    definition = rsrc.t.freeze(
        properties={**_resolved(rsrc), **values})
    try:
        props = rsrc.new_properties(definition)
        props.validate()
        return rsrc.manifest_of(props)
    except (exception.HeatException, ValueError) as error:
        raise errors.BadSignal(reason=str(error).rstrip('.')) from None


def digest(rsrc: base.DirectorUser,
           made: deployment_manifest.Manifest) -> str:
    """What tells one manifest from another, and nothing about secrets."""
    masker = masking.Masker(f'{rsrc.stack.tenant_id}/manifest')
    return masker.marker(made.digest).partition(':')[2]
