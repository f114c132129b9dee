# SPDX-License-Identifier: Apache-2.0
"""What a manifest of Cloud Foundry says of itself."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from cf_openstack.manifest.cloud_foundry import errors
from cf_openstack.manifest import fields
from cf_openstack.manifest import reading

_SMOKE_TESTS = 'smoke_tests'
_CLOUD_CONTROLLER = 'cloud_controller_ng'


def smoke_test(doc: Any) -> str:
    """The name of the errand that tests Cloud Foundry.

    :raises NoSmokeTest: there is none.
    :raises ManifestError: it is no manifest.
    """
    for group in reading.read(doc).instance_groups:
        named = group.name.replace('-', '_') == _SMOKE_TESTS
        if group.is_errand and (named or _SMOKE_TESTS in group.jobs):
            return group.name
    raise errors.NoSmokeTest()


def apps_domain(doc: Any) -> str | None:
    """The first domain of applications; None if the manifest has none.

    :param doc: the manifest with values for its variables.
    """
    for job in jobs(doc):
        if job.get('name') != _CLOUD_CONTROLLER:
            continue
        properties = job.get('properties')
        domains = (properties or {}).get('app_domains')
        if isinstance(domains, list) and domains:
            # A domain can be a map of a name and a group of routers.
            first = domains[0]
            name = first.get('name') if isinstance(first, Mapping) else first
            return str(name) if name else None
    return None


def jobs(doc: Any) -> Iterator[Mapping[str, Any]]:
    """All jobs, of instance groups and of add-ons.

    :raises FieldError: a part has another type.
    """
    for section in ('instance_groups', 'addons'):
        for holder in fields.mappings(doc.get(section), '"%s"' % section):
            yield from fields.mappings(holder.get('jobs'), '"jobs"')
