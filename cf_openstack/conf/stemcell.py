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
             'director_allowed_ports. Each redirect is held against this, '
             'denied_networks and allowed_networks again, and only https is '
             'followed.'),
    cfg.FloatOpt(
        'download_connect_timeout',
        default=10, min=0.1, max=300,
        help='Seconds to wait for a connection to the host of a stemcell.'),
    cfg.FloatOpt(
        'download_read_timeout',
        default=60, min=1, max=3600,
        help='Seconds to wait for the next bytes of a stemcell.'),
    cfg.FloatOpt(
        'download_total_timeout',
        default=7200, min=1, max=86400,
        help='Seconds that the download of a stemcell may take as a whole, '
             'redirects included. What is read of it goes to Glance at once, '
             'so Glance must be able to take it in that time.'),
    cfg.IntOpt(
        'stemcell_max_size',
        default=10 * 1024 ** 3, min=1,
        help='Bytes that a stemcell tarball may have, and the disk image in '
             'it.'),
    cfg.FloatOpt(
        'stemcell_max_expansion',
        default=100, min=1,
        help='How many times as large as what was read of the tarball the '
             'disk image in it may be. An archive that expands further is '
             'taken for one that is made to occupy whoever reads it. The '
             'first 64 MiB are free.'),
    cfg.IntOpt(
        'stemcell_max_uploads',
        default=8, min=1, max=1000,
        help='Stemcells that one engine uploads at the same time; the others '
             'wait. Each takes a thread and some MiB of memory.'),
]
