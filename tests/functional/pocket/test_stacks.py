# SPDX-License-Identifier: Apache-2.0
"""Heat stacks of OpenStack's own resource types."""

from concurrent import futures
import json

from tests.functional.pocket import resources

MANY = 10
TEMPLATE = '''
heat_template_version: 2021-04-16
parameters:
  image: {type: string}
  size: {type: number, default: 1}
  colour: {type: string, default: red}
resources:
  port:
    type: OS::Neutron::Port
    properties: {network: private}
  volume:
    type: OS::Cinder::Volume
    properties: {size: {get_param: size}}
  server:
    type: OS::Nova::Server
    properties:
      image: {get_param: image}
      flavor: m1.tiny
      key_name: bosh
      networks: [{port: {get_resource: port}}]
      user_data_format: RAW
      user_data: "#cloud-config"
      metadata: {colour: {get_param: colour}}
  attachment:
    type: OS::Cinder::VolumeAttachment
    properties:
      volume_id: {get_resource: volume}
      instance_uuid: {get_resource: server}
outputs:
  server: {value: {get_resource: server}}
  volume: {value: {get_resource: volume}}
  port: {value: {get_resource: port}}
  address: {value: {get_attr: [server, first_address]}}
'''
SECRET = '''
heat_template_version: 2021-04-16
parameters:
  secret: {type: string, hidden: true}
resources:
  config:
    type: OS::Heat::Value
    properties: {value: {get_param: secret}}
'''


class StackTestCase(resources.ResourceTestCase):

    def outputs(self, stack_id: str) -> dict[str, str]:
        stack = self.cloud.orchestration.get_stack(stack_id)
        return {one['output_key']: one['output_value']
                for one in stack.outputs}

    def test_create_update_delete(self) -> None:
        image = self.make_image()
        stack = self.make_stack(TEMPLATE, image=image.id)
        made = self.outputs(stack.id)
        server = self.cloud.compute.get_server(made['server'])
        self.assertEqual('ACTIVE', server.status)
        self.assertEqual({'colour': 'red'}, server.metadata)
        self.assertEqual(
            made['address'], self.cloud.network.get_port(
                made['port']).fixed_ips[0]['ip_address'])
        volume = self.cloud.block_storage.get_volume(made['volume'])
        self.assertEqual('in-use', volume.status)

        self.cloud.orchestration.update_stack(
            stack.id, template=TEMPLATE, parameters={
                'image': image.id, 'size': 2, 'colour': 'blue'})
        self.wait_for_stack(stack.id, 'UPDATE_COMPLETE')
        self.assertEqual(made, self.outputs(stack.id))
        server = self.cloud.compute.get_server(made['server'])
        self.assertEqual({'colour': 'blue'}, server.metadata)
        volume = self.cloud.block_storage.get_volume(made['volume'])
        self.assertEqual((2, 'in-use'), (volume.size, volume.status))

        self.delete_stack(stack.id)
        self.wait_gone(
            lambda: self.cloud.compute.get_server(made['server']), 'server')
        self.wait_gone(
            lambda: self.cloud.block_storage.get_volume(made['volume']),
            'volume')
        self.wait_gone(
            lambda: self.cloud.network.get_port(made['port']), 'port')

    def test_many_at_once(self) -> None:
        image = self.make_image()
        with futures.ThreadPoolExecutor(MANY) as pool:
            stacks = list(pool.map(
                lambda number: self.make_stack(
                    TEMPLATE, wait=False, suffix='-%d' % number,
                    image=image.id), range(MANY)))
        for stack in stacks:
            self.wait_for_stack(stack.id, 'CREATE_COMPLETE', 480)
        servers = {self.outputs(stack.id)['server'] for stack in stacks}
        self.assertEqual(MANY, len(servers))
        with futures.ThreadPoolExecutor(MANY) as pool:
            list(pool.map(lambda stack: self.cloud.orchestration.delete_stack(
                stack.id), stacks))
        for stack in stacks:
            self.wait_for_stack(stack.id, 'DELETE_COMPLETE', 480)

    def test_a_hidden_parameter_is_not_in_the_database(self) -> None:
        secret = 'hidden-' + self.tag
        stack = self.make_stack(SECRET, secret=secret)
        resource = self.cloud.orchestration.get(
            '/stacks/%s/%s/resources/config' % (stack.name, stack.id)).json()
        # it was really used ...
        self.assertIn(secret, json.dumps(resource))
        # ... and yet is nowhere on disk, but in the cipher of the database
        files = [*self.state.path('data/db').glob('heat.sqlite*'),
                 *self.state.path('data').glob('mariadb/ib*'),
                 *self.state.path('data').glob('mariadb/heat/*')]
        self.assertNotEqual([], files)
        for file in files:
            self.assertNotIn(secret.encode(), file.read_bytes(), file)
