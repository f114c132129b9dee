# SPDX-License-Identifier: Apache-2.0
"""The life of the examples' stack, as Nova, Neutron and Cinder see it."""

import collections
import json

from devstack.demo import run as demo
from tests.functional.stack import base
from tests.functional.stack import census

GROUPS = {'nats': 2, 'database': 1, 'uaa': 1, 'api': 2, 'router': 1,
          'diego-cell': 2, 'log-api': 1}
GIB_OF_DATABASE_DISK = 10


class LifeTest(base.StackTestCase):

    def test_create_scale_out_and_in_delete(self):
        values = self.parameters(diego_cells=2)
        self.stack.apply(demo.TEMPLATE, values)
        self.assert_deployed(values, GROUPS)
        self.assert_told_by_events()
        self.assert_no_secret_is_readable()
        first = census.added(self.before, self.census())

        self.stack.update_parameters(diego_cells=4)
        self.assert_deployed(values, {**GROUPS, 'diego-cell': 4})
        more = census.added(self.before, self.census())
        # Nothing that was there was made anew
        self.assertLess(first['servers'], more['servers'])
        self.assertEqual(first['volumes'], more['volumes'])
        self.assertEqual(2, len(more['ports'] - first['ports']))

        self.stack.update_parameters(diego_cells=2)
        self.assert_deployed(values, GROUPS)
        again = census.added(self.before, self.census())
        self.assertEqual(first, again)

        self.stack.delete()
        self.assertIsNone(self.stack.get())
        self.assert_nothing_added()

    def assert_deployed(self, values, groups):
        outputs = self.stack.outputs()
        instances = [i for i in outputs['instances'] if i['cid']]
        self.assertEqual(groups, collections.Counter(
            i['group'] for i in instances))
        new = census.added(self.before, self.census())
        self.assertEqual({i['cid'] for i in instances}, new['servers'])
        for instance in instances:
            self.assert_instance(instance, outputs)
        self.assert_database(instances, new)
        self.assert_stemcell(values, outputs, new)

    def assert_instance(self, instance, outputs):
        server = self.cloud.compute.get_server(instance['cid'])
        self.assertEqual('ACTIVE', server.status)
        self.assertEqual(outputs['deployment'],
                         server.metadata['deployment'])
        self.assertEqual(instance['group'], server.metadata['job'])
        self.assertEqual(str(instance['index']), server.metadata['index'])
        [port] = self.cloud.network.ports(device_id=server.id)
        [address] = [fixed['ip_address'] for fixed in port.fixed_ips]
        self.assertIn(address, instance['ips'])
        self.assertEqual('ACTIVE', port.status)
        floating = list(self.cloud.network.ips(port_id=port.id))
        if instance['group'] == 'router':
            self.assertEqual([outputs['router_address']],
                             [ip.floating_ip_address for ip in floating])
        else:
            self.assertEqual([], floating)

    def assert_database(self, instances, new):
        [database] = [i for i in instances if i['group'] == 'database']
        [cid] = new['volumes']
        volume = self.cloud.block_storage.get_volume(cid)
        self.assertEqual(GIB_OF_DATABASE_DISK, volume.size)
        self.assertEqual('in-use', volume.status)
        self.assertEqual([database['cid']],
                         [a['server_id'] for a in volume.attachments])
        self.assertIn('10.0.16.60', database['ips'])

    def assert_stemcell(self, values, outputs, new):
        self.assertEqual({outputs['stemcell_image']}, new['images'])
        image = self.cloud.image.get_image(outputs['stemcell_image'])
        self.assertEqual('active', image.status)
        self.assertEqual('private', image.visibility)
        self.assertEqual('ubuntu', image.os_distro)
        [stemcell] = self.director.stemcells.list()
        self.assertEqual('ubuntu-noble', stemcell.operating_system)
        # The director knows it as a light one: the image is the stack's
        self.assertEqual(image.id + ' light', stemcell.cid)

    def assert_told_by_events(self):
        events = self.events.getvalue()
        for stage in ('Creating missing vms', 'Updating instance'):
            self.assertIn(stage, events)

    def assert_no_secret_is_readable(self):
        """Neither in Heat's database and logs, nor in its answers."""
        secrets = {self.reached['client_secret'],
                   *self.state.passwords.values()}
        heat = self.stack.heat
        places = {
            'events': json.dumps([
                heat.events.get(self.stack.name, e.resource_name, e.id)
                .to_dict() for e in heat.events.list(self.stack.name)]),
            'resources': json.dumps([
                heat.resources.get(self.stack.name, r.resource_name)
                .to_dict() for r in heat.resources.list(self.stack.name)]),
            'stack': json.dumps(heat.stacks.get(self.stack.name).to_dict())}
        files = [*self.state.path('log').iterdir(),
                 *self.state.path('director').rglob('*.log'),
                 *self.state.path('data', 'db').glob('heat*')]
        self.assertTrue(any(file.name.startswith('heat') for file in files))
        places |= {str(file): file.read_bytes().decode(errors='replace')
                   for file in files if file.is_file()}
        readable = [place for place, text in places.items()
                    if any(secret in text for secret in secrets)]
        self.assertEqual([], readable)
