# SPDX-License-Identifier: Apache-2.0
"""The client and a director that restarts, or whose tokens are short."""

import io
import time

from oslotest import base as test_base
import yaml

from cf_openstack.director import exceptions
from tests.functional.director_switches import process
from tests.unit.pocket_director import base


class ClientTestCase(test_base.BaseTestCase):
    options: tuple[str, ...] = ()

    def setUp(self) -> None:
        super().setUp()
        self.director = self.useFixture(
            process.DirectorProcess(*self.options))
        self.client = self.director.connect()
        self.upload(self.client.releases, base.release())
        self.upload(self.client.stemcells, base.stemcell())
        self.client.configs.put('cloud', 'default',
                                yaml.safe_dump(base.CLOUD_CONFIG))
        self.manifest = yaml.safe_dump(base.manifest(base.group('web', 2)))

    def upload(self, kind, content: bytes) -> None:
        process.follow(self.client, kind.upload(
            io.BytesIO(content), len(content)))


class RestartTest(ClientTestCase):
    options = ('--task-timeout', '1')

    def test_17_restart_in_the_middle_of_a_task(self) -> None:
        uuid = self.client.info().uuid
        self.director.order(restart=[{
            'match': 'create deployment', 'stage': '^Updating instance',
            'down': 0.5}])
        monitor = self.client.tasks.monitor(
            self.client.deployments.create(self.manifest, 'mark'))
        seen = set()
        end = time.monotonic() + process.TASK_S
        while monitor.is_processing and time.monotonic() < end:
            try:
                monitor.refresh()
            except exceptions.ConnectionFailed as error:
                # First the proxy answers, then nothing does.
                seen.add(type(error))
                self.assertNotIn('<html>', str(error))
            time.sleep(0.02)
        self.assertEqual(
            {exceptions.Unavailable, exceptions.ConnectionFailed}, seen)
        self.assertEqual('timeout', monitor.task.state)
        self.assertIn('timeout', monitor.failure)
        self.assertEqual(uuid, self.client.info().uuid)
        found, = self.client.tasks.find('mark')
        self.assertEqual(monitor.task_id, found.id)
        # The state is looked at anew, and what is there is kept.
        kept = self.director.vms()
        self.assertEqual(2, len(kept))
        self.assertIsNone(self.client.deployments.manifest('dep'))
        process.follow(self.client, self.client.deployments.create(
            self.manifest, 'again'))
        self.assertEqual(kept, self.director.vms())
        process.follow(self.client, self.client.deployments.delete('dep'))
        self.assertEqual([], self.director.vms())


class TokenTest(ClientTestCase):
    options = ('--uaa', '--token-lifetime', '2', '--redirect', '303',
               '--location-host', '10.0.0.9:25555')

    def test_04_tokens_of_two_seconds(self) -> None:
        self.director.order(
            uaa={'with_refresh': True, 'refresh': 'refuse'},
            cpi=[{'method': 'create_vm', 'delay': 3}])
        begun = time.monotonic()
        stages = process.follow(self.client, self.client.deployments.create(
            self.manifest))
        self.assertGreater(time.monotonic() - begun, 3)
        self.assertEqual('Updating instance', stages[-1])
        self.assertNotIn('ConnectionFailed', stages)
        # Away for as long as a token lives, then back at once.
        self.director.order()
        process.follow(self.client, self.client.deployments.delete('dep'))
