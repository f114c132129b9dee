# SPDX-License-Identifier: Apache-2.0
"""The director's endpoints, one module per resource."""

import importlib

import flask

_MODULES = (
    'info', 'tasks', 'stemcells', 'releases', 'configs', 'deployments',
    'instances', 'errands', 'problems', 'disks', 'snapshots', 'maintenance')


def blueprints() -> list[flask.Blueprint]:
    """The routes of every module."""
    # They use the application's helpers, and it registers them.
    return [importlib.import_module(f'{__name__}.{module}').ROUTES
            for module in _MODULES]
