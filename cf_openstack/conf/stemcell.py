# SPDX-License-Identifier: Apache-2.0
"""Options on downloading stemcells."""

from oslo_config import cfg
from oslo_config import types

from cf_openstack.director import endpoint_policy

opts: list[cfg.Opt] = [
    cfg.ListOpt(
        'download_allowed_ports',
        item_type=types.Port(min=1),
        default=list(endpoint_policy.DOWNLOAD_PORTS),
        help='TCP ports that stemcells may be downloaded from, besides '
             'director_allowed_ports.'),
    cfg.IntOpt(
        'stemcell_max_size',
        default=10 * 1024 ** 3, min=1,
        help='Bytes that a stemcell tarball may have.'),
]
