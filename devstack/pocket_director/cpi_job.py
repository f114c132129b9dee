# SPDX-License-Identifier: Apache-2.0
"""The CPI's job folder, as a director's template would render it."""

import json
import os
import pathlib
import shlex
from typing import Any

from devstack.pocket import state as pocket_state

_KEY = 'bosh'
_GROUP = 'bosh'


class CpiJob:
    """``jobs/openstack_cpi`` with ``bin/cpi`` and ``config/cpi.json``.

    :param state: the pocket cloud that the CPI works on.
    """

    def __init__(self, state: pocket_state.State) -> None:
        self._state = state
        self._folder = state.path('director', 'jobs', 'openstack_cpi')
        self.executable = self._folder / 'bin' / 'cpi'

    def write(self) -> None:
        """Write the files; their content follows the pocket cloud."""
        config = self._folder / 'config'
        for folder in (self.executable.parent, config):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(config / 'cpi.json', json.dumps(
            self._properties(), indent=2) + '\n', 0o600)
        # The pocket cloud's endpoints need no certificate.
        _write(config / 'cacert.pem', '', 0o600)
        command = shlex.join(map(str, (
            self._state.path('venv', 'bin', 'openstack_cpi'),
            config / 'cpi.json', config / 'cacert.pem')))
        _write(self.executable, f'#!/bin/sh\nexec {command}\n', 0o700)

    def _properties(self) -> dict[str, Any]:
        openstack = {
            'auth_url': self._state.url('keystone'),
            'username': pocket_state.USER,
            'api_key': self._state.password(pocket_state.USER),
            'project': pocket_state.PROJECT, 'domain': pocket_state.DOMAIN,
            'region': pocket_state.REGION,
            'default_key_name': _KEY, 'default_security_groups': [_GROUP],
            'human_readable_vm_names': True, 'state_timeout': 300,
            'wait_resource_poll_interval': 1,
            # What several manual networks on one VM need.
            'use_dhcp': False, 'config_drive': 'cdrom'}
        return {'cloud': {'plugin': 'openstack', 'properties': {
            'openstack': openstack,
            'agent': {'mbus': 'nats://127.0.0.1:4222',
                      'ntp': ['0.pool.ntp.org']}}}}


def _write(path: pathlib.Path, text: str, mode: int) -> None:
    partial = path.with_name(path.name + '.partial')
    partial.unlink(missing_ok=True)
    descriptor = os.open(
        partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, 'w') as file:
        file.write(text)
    os.replace(partial, path)
