# SPDX-License-Identifier: Apache-2.0
"""A deployment's life on the fake CPI."""

from tests.unit.pocket_director import base


class DeployTest(base.DirectorTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.upload()

    def ips(self, job: str) -> list[str]:
        return sorted(i['ips'][0] for i in self.instances(job))

    def test_new(self) -> None:
        task = self.done(self.deploy(base.manifest(base.group('web', 2))))
        self.assertEqual('/deployments/dep', task['result'])
        self.assertEqual('create deployment', task['description'])
        vms = self.in_cloud('vms')
        first, second = self.instances('web')
        self.assertEqual(
            ['z1', 'z2'], sorted((first['az'], second['az'])))
        self.assertEqual({first['cid'], second['cid']}, set(vms))
        vm = vms[first['cid']]
        self.assertEqual('stemcell-1.1', vm['stemcell'])
        self.assertEqual(
            {'availability_zone': 'nova', 'instance_type': 'm1.small'},
            vm['cloud_properties'])
        self.assertEqual({'default': {
            'type': 'manual', 'ip': '10.0.1.10', 'prefix': '32',
            'netmask': '255.255.255.0', 'gateway': '10.0.1.1',
            'dns': ['10.0.1.2'], 'default': ['dns', 'gateway'],
            'cloud_properties': {'net_id': 'net-1'}}}, vm['networks'])
        created_at = vm['metadata'].pop('created_at')
        self.assertEqual(
            {'director': 'pocket', 'deployment': 'dep', 'job': 'web',
             'instance_group': 'web', 'index': '0', 'id': first['id'],
             'name': f"web/{first['id']}"}, vm['metadata'])
        self.assertRegex(created_at, r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')

    def test_tags_and_extensions(self) -> None:
        self.http.post('/configs', json={
            'type': 'runtime', 'name': 'default', 'content': 'tags: {a: b}'})
        self.done(self.deploy(base.manifest(base.group(
            'web', vm_extensions=['lb'], env={'x': 1}), tags={'c': 'd'})))
        (call,) = self.calls('create_vm')
        self.assertEqual(
            {'availability_zone': 'nova', 'instance_type': 'm1.small',
             'security_groups': ['web']}, call['arguments'][2])
        env = call['arguments'][5]
        self.assertEqual(1, env['x'])
        self.assertEqual({'a': 'b', 'c': 'd'}, env['bosh']['tags'])
        self.assertEqual('pocket-dep-web', env['bosh']['group'])
        self.assertEqual({'ca', 'certificate', 'private_key'},
                         set(env['bosh']['mbus']['cert']))
        (vm,) = self.in_cloud('vms').values()
        self.assertEqual('d', vm['metadata']['c'])

    def test_unchanged_does_nothing(self) -> None:
        document = base.manifest(base.group('web'))
        self.done(self.deploy(document))
        self.forget_calls()
        task = self.done(self.deploy(document))
        self.assertEqual([], self.calls())
        self.assertEqual(
            {'Preparing deployment', 'Preparing package compilation'},
            {event['stage'] for event in self.events(task)})

    def test_scale(self) -> None:
        self.done(self.deploy(base.manifest(base.group('web', 1))))
        (first,) = self.instances('web')
        self.done(self.deploy(base.manifest(base.group('web', 3))))
        self.assertEqual([0, 1, 2], [
            i['index'] for i in self.instances('web')])
        self.assertIn(first['cid'], self.in_cloud('vms'))
        task = self.done(self.deploy(base.manifest(base.group('web', 2))))
        self.assertEqual(['10.0.1.10', '10.0.2.2'], self.ips('web'))
        self.assertEqual(2, len(self.in_cloud('vms')))
        deleted = [e for e in self.events(task)
                   if e['stage'] == 'Deleting unneeded instances']
        self.assertEqual([['web'], ['web']], [e['tags'] for e in deleted])

    def test_addresses_are_used_again(self) -> None:
        self.done(self.deploy(base.manifest(base.group('web'))))
        self.assertEqual(['10.0.1.10'], self.ips('web'))
        self.done(self.http.delete('/deployments/dep'))
        self.done(self.deploy(base.manifest(base.group('api'))))
        self.assertEqual(['10.0.1.10'], self.ips('api'))

    def test_groups_that_are_gone(self) -> None:
        self.done(self.deploy(base.manifest(
            base.group('web'), base.group('api'))))
        self.done(self.deploy(base.manifest(base.group('api'))))
        self.assertEqual(['api'], [i['job'] for i in self.instances()])
        self.assertEqual(1, len(self.in_cloud('vms')))

    def test_migrated_from(self) -> None:
        self.done(self.deploy(base.manifest(base.group('web'))))
        (old,) = self.instances()
        self.done(self.deploy(base.manifest(base.group(
            'front', migrated_from=[{'name': 'web'}]))))
        (new,) = self.instances()
        self.assertEqual(('front', old['id']), (new['job'], new['id']))

    def test_many_networks(self) -> None:
        self.done(self.deploy(base.manifest(base.group(
            'web', azs=['z1'], networks=[
                {'name': 'default', 'default': ['dns', 'gateway']},
                {'name': 'second'}, {'name': 'outside'},
                {'name': 'floating', 'static_ips': ['172.24.4.9']}]))))
        (vm,) = self.in_cloud('vms').values()
        self.assertEqual('10.9.0.2', vm['networks']['second']['ip'])
        self.assertNotIn('default', vm['networks']['second'])
        self.assertEqual(
            {'type': 'dynamic', 'prefix': '32',
             'cloud_properties': {'net_id': 'net-0'}},
            vm['networks']['outside'])
        self.assertEqual(
            {'type': 'vip', 'prefix': '32', 'ip': '172.24.4.9',
             'cloud_properties': {}}, vm['networks']['floating'])

    def test_vm_resources(self) -> None:
        group = base.group('web', vm_resources={
            'cpu': 4, 'ram': 1024, 'ephemeral_disk_size': 2048})
        del group['vm_type']
        self.done(self.deploy(base.manifest(group)))
        (vm,) = self.in_cloud('vms').values()
        self.assertEqual('cpu4', vm['cloud_properties']['instance_type'])

    def test_vm_type_changes(self) -> None:
        changed = base.group('db', persistent_disk=1024)
        self.done(self.deploy(base.manifest(changed)))
        (disk,) = self.in_cloud('disks')
        self.forget_calls()
        changed['vm_type'] = 'large'
        self.done(self.deploy(base.manifest(changed)))
        self.assertEqual(
            ['detach_disk', 'delete_vm', 'create_vm', 'set_vm_metadata',
             'attach_disk', 'set_disk_metadata'],
            [call['method'] for call in self.calls()])
        self.assertEqual([disk], self.calls('create_vm')[0]['arguments'][4])
        (vm,) = self.in_cloud('vms')
        self.assertEqual(vm, self.in_cloud('disks')[disk]['vm'])

    def test_stemcell_changes(self) -> None:
        document = base.manifest(base.group('web'))
        self.done(self.deploy(document))
        (old,) = self.in_cloud('vms')
        self.upload('1.2')
        self.done(self.deploy(document))
        self.assertNotIn(old, self.in_cloud('vms'))
        (deployment,) = self.get('/deployments')
        self.assertEqual(
            [{'name': 'bosh-openstack-kvm-ubuntu-noble', 'version': '1.2'}],
            deployment['stemcells'])

    def test_dry_run(self) -> None:
        self.forget_calls()
        task = self.done(self.deploy(
            base.manifest(base.group('web')), '?dry_run=true'))
        self.assertEqual('create deployment (dry run)', task['description'])
        self.assertEqual([], self.calls())
        self.assertEqual([], self.instances())

    def test_named_cloud_configs_are_merged(self) -> None:
        self.configure({'vm_types': [{'name': 'huge', 'cloud_properties': {
            'instance_type': 'h'}}]}, 'more')
        self.done(self.deploy(base.manifest(
            base.group('web', vm_type='huge'))))
        (vm,) = self.in_cloud('vms').values()
        self.assertEqual('h', vm['cloud_properties']['instance_type'])

    def test_pinned_configs(self) -> None:
        (config,) = self.get('/configs?type=cloud')
        changed = {**base.CLOUD_CONFIG, 'vm_types': [
            {'name': 'small', 'cloud_properties': {'instance_type': 'n'}}]}
        self.configure(changed)
        context = '{"cloud_config_ids": [%s]}' % config['id']
        self.done(self.deploy(
            base.manifest(base.group('web')), f'?context={context}'))
        (vm,) = self.in_cloud('vms').values()
        self.assertEqual('m1.small', vm['cloud_properties']['instance_type'])
        (deployment,) = self.get('/deployments')
        self.assertEqual('outdated', deployment['cloud_config'])
        answer = self.deploy(
            base.manifest(), '?context={"cloud_config_ids":[99]}')
        self.assertEqual(190025, answer.get_json(force=True)['code'])

    def test_order_of_changes(self) -> None:
        task = self.done(self.deploy(base.manifest(
            base.group('web', 3), base.group('api'))))
        finished = [
            (e['stage'], e['task'].split('/')[0], 'canary' in e['task'])
            for e in self.events(task) if e['state'] == 'finished'
            and e['stage'] in ('Creating missing vms', 'Updating instance')]
        self.assertEqual(
            {('Creating missing vms', 'web', False),
             ('Creating missing vms', 'api', False)}, set(finished[:4]))
        self.assertEqual(
            [('Updating instance', 'web', True),
             ('Updating instance', 'web', False),
             ('Updating instance', 'web', False),
             ('Updating instance', 'api', True)], finished[4:])
        steps = [e['progress'] for e in self.events(task)
                 if e['stage'] == 'Updating instance'
                 and e['task'].startswith('api')]
        self.assertEqual([0, 50, 60, 70, 90, 100, 100], steps)

    def test_variables(self) -> None:
        self.done(self.deploy(base.manifest(
            base.group('web', properties={'secret': '((password))'}),
            variables=[{'name': 'password', 'type': 'password'},
                       {'name': '/shared', 'type': 'password'}])))
        self.assertEqual(
            ['/pocket/dep/password', '/shared'],
            [v['name'] for v in self.get('/deployments/dep/variables')])
