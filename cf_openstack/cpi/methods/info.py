# SPDX-License-Identifier: Apache-2.0
"""What this CPI can do."""

from typing import Any

from cf_openstack.cpi import protocol


def info(call: Any) -> dict[str, Any]:
    """Return the API version and the stemcell formats.

    Needs neither configuration nor cloud: a director asks before nearly
    every other call.  Version 3 adds only the tags of create_stemcell; a
    director that prefers 2 keeps using 2.
    """
    return {
        'api_version': protocol.API_VERSION,
        'stemcell_formats': [
            'openstack-raw', 'openstack-qcow2', 'openstack-light',
        ],
    }
