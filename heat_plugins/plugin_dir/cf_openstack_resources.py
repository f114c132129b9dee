# SPDX-License-Identifier: Apache-2.0
"""Makes the resource types known to Heat.

Heat imports every module under its option ``plugin_dirs`` by itself, under
another name.  This folder is the one to put there: the resources' own
modules then keep their names and are imported once.
"""

from oslo_log import log as logging

LOG = logging.getLogger(__name__)


def resource_mapping() -> dict[str, type]:
    """All resource types of the project by their names."""
    from heat_plugins.resources import cf_deployment
    from heat_plugins.resources import config
    from heat_plugins.resources import deployment
    from heat_plugins.resources import director
    from heat_plugins.resources import release
    from heat_plugins.resources import stemcell

    types: dict[str, type] = {}
    for module in (cf_deployment, config, deployment, director, release,
                   stemcell):
        types.update(module.resource_mapping())
    return types


def constraint_mapping() -> dict[str, type]:
    """All custom constraints of the project by their names.

    None when something they need is missing: then the resource types are
    missing as well.
    """
    try:
        from heat_plugins.constraints import checksum
        from heat_plugins.constraints import connection
        from heat_plugins.constraints import download_url
    # As below.
    except Exception:
        LOG.exception('The constraints cf_openstack.* are not available.')
        return {}
    return {'cf_openstack.checksum': checksum.Checksum,
            'cf_openstack.connection': connection.SealedConnection,
            'cf_openstack.download_url': download_url.DownloadUrl}


def available_resource_mapping() -> dict[str, type]:
    """The resource types, or none when something they need is missing.

    An error raised here would keep heat-engine from starting.
    """
    try:
        return resource_mapping()
    # Whatever is wrong with this plug-in, the other resources must work.
    except Exception:
        LOG.exception('The resource types CloudFoundry::* are not available.')
        return {}
