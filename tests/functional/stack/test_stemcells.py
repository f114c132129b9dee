# SPDX-License-Identifier: Apache-2.0
"""One image in Glance for the stemcells of two directors."""

import io
from typing import Any

from heatclient.common import event_utils

from devstack.demo import stack as demo_stack
from devstack.pocket import stemcell_builder
from tests.functional import base
from tests.functional import own_director


class SharedStemcellTest(base.FunctionalTestCase):
    """Has a stack with a stemcell and a deployment on each director."""

    def setUp(self) -> None:
        super().setUp()
        self.directors = [self.make_director(n) for n in (1, 2)]
        self.stemcell = self.name('stemcell')
        # The folder that the director serves.
        served = self.state.path(self.name('director1'), 'files')
        served.mkdir(exist_ok=True)
        self.checksum = stemcell_builder.build(
            served / 'it.tgz', name=self.stemcell, version='1',
            operating_system=self.stemcell)
        self.demo = demo_stack.Stack(
            self.cloud, self.name('stemcells'), out=io.StringIO())
        self.addCleanup(self.demo.delete)

    def make_director(self, number: int) -> own_director.OwnDirector:
        made = own_director.OwnDirector(
            self.state, self.name('director%d' % number))
        self.addCleanup(made.close)
        return made

    def test_one_upload_serves_many_directors(self):
        self.follow('CREATE', self.template(1, 2))
        [image] = self.images()
        self.assertEqual([[f'{image.id} light']] * 2, self.cids())
        # A deployment and its director leave; a resource that describes the
        # image by its name comes.
        self.follow('UPDATE', self.template(2, again={
            'type': 'CloudFoundry::BOSH::Stemcell',
            'properties': {'image': image.name}}))
        self.assertEqual([[], [f'{image.id} light']], self.cids())
        self.assertEqual([image.id], [one.id for one in self.images()])
        again = self.demo.heat.resources.get(
            self.demo.name, 'again').attributes
        self.assertEqual((image.id, self.stemcell, '1'), (
            again['image'], again['name'], again['version']))
        self.demo.delete()
        self.assertEqual([[], []], self.cids())
        self.assertEqual([], self.images())

    def images(self) -> list[Any]:
        """The images of the test's stemcell."""
        return [image for image in self.cloud.image.images()
                if image.name == self.stemcell + '/1']

    def cids(self) -> list[list[str | None]]:
        """What each director knows of stemcells."""
        return [[stemcell.cid for stemcell in one.client.stemcells.list()]
                for one in self.directors]

    def template(self, *numbers: int, **more: Any) -> dict[str, Any]:
        """A template with deployments on these directors."""
        first = self.directors[0]
        resources = {'stemcell': {
            'type': 'CloudFoundry::BOSH::Stemcell', 'properties': {
                'location': first.known['endpoint'] + '/files/it.tgz',
                'checksum': self.checksum,
                'ca_certificate': first.authority}}}
        for number in numbers:
            resources |= self.deployment(number)
        return {'heat_template_version': '2021-04-16',
                'resources': {**resources, **more}}

    def deployment(self, number: int) -> dict[str, Any]:
        """A director and a deployment without instances."""
        reached = self.directors[number - 1]
        known = reached.known
        token = {'get_attr': [f'director{number}', 'connection']}
        return {
            f'director{number}': {
                'type': 'CloudFoundry::BOSH::Director', 'properties': {
                    'endpoint': known['endpoint'],
                    'ca_certificate': reached.authority,
                    'client': known['client'],
                    'client_secret': known['client_secret']}},
            f'config{number}': {
                'type': 'CloudFoundry::BOSH::Config', 'properties': {
                    'director': token, 'type': 'cloud', 'name': 'default',
                    'content': {'networks': [{
                        'name': 'default', 'type': 'dynamic',
                        'subnets': []}]}}},
            f'deployment{number}': {
                'type': 'CloudFoundry::BOSH::Deployment',
                'depends_on': f'config{number}', 'properties': {
                    'director': token,
                    'stemcells': [{'get_attr': ['stemcell', 'reference']}],
                    'manifest': {
                        'name': self.name('dep%d' % number), 'releases': [],
                        'stemcells': [{'alias': 'default',
                                       'os': self.stemcell,
                                       'version': 'latest'}],
                        'update': {'canaries': 1, 'max_in_flight': 1,
                                   'canary_watch_time': 1000,
                                   'update_watch_time': 1000},
                        'instance_groups': []}}}}

    def follow(self, action: str, template: dict[str, Any]) -> None:
        """Create or update the stack, and wait for its end."""
        heat, marker = self.demo.heat, None
        if action == 'CREATE':
            heat.stacks.create(stack_name=self.demo.name, template=template)
        else:
            marker = event_utils.get_events(
                heat, stack_id=self.demo.name,
                event_args={'sort_dir': 'desc', 'limit': 1})[0].id
            heat.stacks.update(self.demo.name, template=template)
        status, _message = event_utils.poll_for_events(
            heat, self.demo.name, action=action, poll_period=1,
            marker=marker, out=io.StringIO())
        self.assertEqual(f'{action}_COMPLETE', status, [
            one.resource_status_reason
            for one in heat.resources.list(self.demo.name)])
