# SPDX-License-Identifier: Apache-2.0
"""What can be wrong when a cloud config is made or read."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from cf_openstack.manifest import errors


class CloudConfigError(errors.ManifestError):
    """A cloud config cannot be made or read."""

    msg_fmt = 'The cloud config cannot be used: %(reason)s'


class InputError(CloudConfigError):
    """An input does not fit the manifest or the other inputs."""

    msg_fmt = 'No cloud config can be made: %(reason)s'


class UnknownNames(InputError):
    """The manifest uses names of which nobody knows what they mean.

    :ivar names: the names.
    """

    msg_fmt = ('The manifest uses %(kind)s that nothing is known of: '
               '%(names)s. %(advice)s')

    def __init__(self, kind: str, names: Iterable[str],
                 advice: str) -> None:
        self.names = tuple(sorted(names))
        super().__init__(kind=kind, names=', '.join(self.names),
                         advice=advice)


class NoFlavor(InputError):
    """VM types have no flavor that is large enough.

    :ivar names: of the VM types.
    :ivar sizes: what each of them needs, a
        :class:`cf_openstack.capacity.flavors.Size`.
    """

    msg_fmt = ('No flavor of this project is large enough for %(sizes)s. '
               'Ask for such a flavor, or give a flavor or another size for '
               'the VM type. There are: %(flavors)s')

    def __init__(self, sizes: Mapping[str, Any], flavors: str) -> None:
        self.names = tuple(sorted(sizes))
        self.sizes = dict(sizes)
        super().__init__(flavors=flavors, sizes='; '.join(
            '"%s" (%s)' % (name, sizes[name]) for name in self.names))


class Incomplete(CloudConfigError):
    """A cloud config does not define all that a manifest uses."""

    msg_fmt = ('The cloud config does not define what the manifest uses: '
               '%(missing)s')
