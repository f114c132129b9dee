# SPDX-License-Identifier: Apache-2.0
"""Options of cf-openstack, all in the group ``[cf_openstack]``.

They are read by heat-engine, from heat.conf.
"""

from oslo_config import cfg

from cf_openstack.conf import director
from cf_openstack.conf import manifest
from cf_openstack.conf import stemcell

GROUP = 'cf_openstack'


def _group() -> cfg.OptGroup:
    # A new one each time: oslo.config keeps overrides in it.
    return cfg.OptGroup(
        GROUP, title='Cloud Foundry and BOSH',
        help='What the resources CloudFoundry::* may reach and read for a '
             'tenant.')


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    """List all options, for oslo-config-generator."""
    return [(_group(), [*director.opts, *stemcell.opts, *manifest.opts])]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Make the options known; doing it again does no harm."""
    for group, opts in list_opts():
        conf.register_group(group)
        conf.register_opts(opts, group=group.name)
