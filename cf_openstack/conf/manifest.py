# SPDX-License-Identifier: Apache-2.0
"""Options on manifests and their operations files."""

from oslo_config import cfg

from cf_openstack.manifest import bounds

opts: list[cfg.Opt] = [
    cfg.IntOpt(
        'manifest_max_size',
        default=bounds.DEFAULT.characters,
        min=64 * 1024, max=256 * 1024 ** 2,
        help='Characters that a manifest, an operations file or a config may '
             'have, and a manifest when its variables and YAML aliases are '
             'written out.'),
    cfg.IntOpt(
        'manifest_max_values',
        default=bounds.DEFAULT.nodes, min=10000, max=10 ** 7,
        help='Values, lists and maps that a manifest, an operations file or '
             'a config may have, counted in the same way. The manifest of '
             'Cloud Foundry has 7000.'),
    cfg.IntOpt(
        'manifest_max_depth',
        default=bounds.DEFAULT.depth, min=20, max=200,
        help='How many lists and maps may stand within each other in a '
             'manifest, an operations file or a config.'),
]
