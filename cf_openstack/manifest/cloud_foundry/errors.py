# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a manifest of Cloud Foundry."""

from collections.abc import Iterable
from collections.abc import Mapping

from cf_openstack.manifest import errors


class CloudFoundryError(errors.ManifestError):
    """A manifest is not one of Cloud Foundry as it was asked for."""

    msg_fmt = 'This Cloud Foundry cannot be deployed: %(reason)s'


class NoSmokeTest(CloudFoundryError):
    """A manifest has no errand that tests Cloud Foundry."""

    msg_fmt = ('The manifest has no errand with the job "smoke_tests": leave '
               'the smoke test out, or add that errand')


class NamesTaken(CloudFoundryError):
    """Other cloud configs define what this one does.

    :ivar names: by the other config.
    """

    msg_fmt = ('The director merges all its cloud configs, and others define '
               'the same names as the one of this deployment: %(taken)s. '
               'Take them out of there')

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        self.names = {config: tuple(some) for config, some in names.items()}
        super().__init__(taken='; '.join(
            '"%s" has %s' % (config, ', '.join(some))
            for config, some in sorted(self.names.items())))
