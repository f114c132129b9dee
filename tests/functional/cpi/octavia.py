# SPDX-License-Identifier: Apache-2.0
"""Load balancers for tests of the CPI."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
import time
from typing import Any

from openstack import exceptions

from devstack.pocket import state as pocket_state
from tests.functional.cpi import base

SERVICE = 'octavia'
PAUSE_S = 0.05


class OctaviaTestCase(base.CpiTestCase):
    """A test on a cloud with Octavia, which is added to it if need be."""

    def load_state(self) -> pocket_state.State:
        """The state of the cloud, which has Octavia afterwards."""
        state = super().load_state()
        if SERVICE in state.features:
            return state
        done = subprocess.run(
            [sys.executable, '-m', 'devstack.pocket', '--state',
             str(state.root), 'up', '--with', SERVICE],
            cwd=pocket_state.REPOSITORY, env=os.environ.copy(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            self.fail(done.stdout)
        return super().load_state()

    def make_pools(self, *names: str) -> dict[str, Any]:
        """A load balancer with pools in the test's network.

        :returns: the load balancer's id as ``None`` and the pools' ids by
            name.
        """
        subnet, = self.cloud.network.subnets(network_id=self.network_id)
        response = self.cloud.load_balancer.post(
            '/lbaas/loadbalancers', json={'loadbalancer': {
                'name': self.name('lb'), 'vip_subnet_id': subnet.id,
                'pools': [{
                    'name': name, 'protocol': 'TCP',
                    'lb_algorithm': 'ROUND_ROBIN'} for name in names]}})
        exceptions.raise_from_response(response)
        balancer = response.json()['loadbalancer']['id']
        self.addCleanup(self._delete_balancer, balancer)
        self.wait_for(lambda: self.status(balancer) == 'ACTIVE',
                      'the load balancer')
        return {None: balancer} | {
            pool.name: pool.id for pool in self.cloud.load_balancer.pools(
                loadbalancer_id=balancer)}

    def status(self, balancer: str) -> str:
        """The provisioning status of a load balancer."""
        found = self.cloud.load_balancer.get_load_balancer(balancer)
        return found.provisioning_status

    def finish_while_busy(
        self, process: subprocess.Popen, balancer: str, sign: str
    ) -> dict[str, Any]:
        """Finish a call; the load balancer is busy until it is noticed.

        :param sign: what the line of the log has that notices it.
        """
        seen = threading.Event()
        busy = threading.Thread(
            target=self._keep_busy, args=(balancer, seen))
        busy.start()
        lines = []
        try:
            for line in process.stderr:
                lines.append(line.decode())
                if sign in lines[-1] and ' 409 ' in lines[-1]:
                    break
            else:
                self.fail('The load balancer was not busy:\n' + ''.join(lines))
        finally:
            seen.set()
            busy.join()
        return self.finish(process)

    def _keep_busy(self, balancer: str, until: threading.Event) -> None:
        """Do in its database what Octavia does during a long change.

        Again and again, since the pocket cloud's provider, when it is
        done with any other change, ends this one too.
        """
        file = self.state.path('data', 'db', 'octavia.sqlite')
        change = ('UPDATE load_balancer SET provisioning_status = ? '
                  'WHERE id = ? AND provisioning_status = ?')
        with contextlib.closing(sqlite3.connect(file, timeout=30)) as base:
            while not until.is_set():
                with base:
                    base.execute(
                        change, ('PENDING_UPDATE', balancer, 'ACTIVE'))
                time.sleep(PAUSE_S)
            with base:
                base.execute(change, ('ACTIVE', balancer, 'PENDING_UPDATE'))

    def _delete_balancer(self, balancer: str) -> None:
        octavia = self.cloud.load_balancer
        self.wait_for(lambda: self.status(balancer) == 'ACTIVE',
                      'the load balancer')
        octavia.delete_load_balancer(balancer, cascade=True)
        self.wait_gone(lambda: octavia.get_load_balancer(balancer),
                       'the load balancer')
