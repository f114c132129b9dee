# SPDX-License-Identifier: Apache-2.0
"""CloudFoundry::BOSH::Deployment."""

from heat.common import exception
from heat.engine import api
from heat.engine import resource
from heat.objects import event as event_objects
from heat.objects import resource as resource_objects
from oslo_config import cfg

from tests.unit.heat_plugins import deployments
from tests.unit.heat_plugins import fake_director

DEPLOY = deployments.DEPLOY
PASSWORD = 'pa55word-of-the-database'
STEMCELL = deployments.STEMCELL
STEMCELL_KEY = deployments.STEMCELL_KEY
manifest = deployments.manifest


class DeploymentTest(deployments.DeploymentTestCase):

    def test_create(self):
        rsrc = self.created()
        self.assertEqual('cf', rsrc.resource_id)
        self.assertEqual({STEMCELL_KEY: 'image-1 light'},
                         self.bosh.stemcells)
        self.assertEqual({'capi': ['1.2']}, self.bosh.releases)
        deployed = self.bosh.deployments['cf']
        self.assertEqual(manifest()['instance_groups'],
                         deployed['instance_groups'])
        # The director's "latest" might be somebody else's.
        self.assertEqual('1.425', deployed['stemcells'][0]['version'])
        self.delete(self.reload(rsrc))

    def test_what_is_there_is_neither_uploaded_nor_removed(self):
        self.bosh.stemcells[STEMCELL_KEY] = 'theirs'
        self.bosh.releases['capi'] = ['1.2']
        rsrc = self.created()
        self.assertEqual(0, self.bosh.count('POST', '/stemcells'))
        self.assertEqual(0, self.bosh.count('POST', '/releases'))
        self.run_action(rsrc.delete)
        self.assertEqual({STEMCELL_KEY: 'theirs'}, self.bosh.stemcells)
        self.assertEqual({'capi': ['1.2']}, self.bosh.releases)

    def test_what_others_use_stays(self):
        rsrc = self.created()
        self.bosh.in_use.update([STEMCELL_KEY, ('capi', '1.2')])
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual({}, self.bosh.deployments)
        self.assertIn(STEMCELL_KEY, self.bosh.stemcells)
        self.assertIn('stays on the director', str(self.events(rsrc)))

    def test_events_tell_the_story(self):
        rsrc = self.created()
        events = self.events(rsrc)
        self.assertIn('Uploaded', events[1])
        self.assertIn('release capi/1.2', ''.join(events))
        self.assertIn('Task 3: Preparing deployment: done; '
                      'Updating instance: done (2)', events)
        self.assertLess(len(events), 8)

    def test_events_of_many_uploads(self):
        names = list('abcdefghi')
        rsrc = self.created(manifest=manifest(releases=[
            {'name': name, 'version': '1',
             'url': f'https://releases.example.com/{name}-1.tgz'}
            for name in names]))
        self.assertEqual({name: ['1'] for name in names},
                         self.bosh.releases)
        told = [text for text in self.events(rsrc)
                if text.startswith('Uploaded')]
        self.assertRegex(told[0], 'to go$')
        self.assertNotIn('to go', told[-1])

    def test_events_of_a_deployment_named_like_its_stack(self):
        # heatclient.common.utils.EventLogContext would recurse for ever.
        rsrc = self.deployment()
        self.run_action(rsrc.create)
        events = event_objects.Event.get_all_by_stack(
            rsrc.context, rsrc.stack.id)
        self.assertNotIn('cf', [
            event.physical_resource_id for event in events
            if event.resource_status == rsrc.IN_PROGRESS])

    def test_operations_and_variables(self):
        rsrc = self.created(
            operations=[
                '- {type: replace, path: /instance_groups/name=cell/'
                'instances, value: ((cells))}',
                {'name': 'update.yml', 'content': [
                    {'type': 'replace', 'path': '/update?',
                     'value': {'canaries': 1}}]},
                {'type': 'remove', 'path': '/instance_groups/name=api'}],
            variables={'cells': 3})
        deployed = self.bosh.deployments['cf']
        self.assertEqual([{'name': 'cell', 'instances': 3}],
                         deployed['instance_groups'])
        self.assertEqual({'canaries': 1}, deployed['update'])
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)

    def test_manifest_as_text(self):
        self.created(manifest='name: small\ninstance_groups: []\n')
        self.assertIn('small', self.bosh.deployments)

    def test_releases_of_the_stack(self):
        self.bosh.releases['diego'] = ['9']
        self.created(
            manifest=manifest(releases=[{'name': 'capi',
                                         'version': 'latest'}]),
            releases=[{'name': 'diego', 'version': '9'},
                      {'name': 'capi', 'version': '1.2',
                       'url': 'https://releases.example.com/capi-1.2.tgz'}])
        self.assertEqual([('capi', '1.2'), ('diego', '9')], [
            (release['name'], release['version']) for release
            in self.bosh.deployments['cf']['releases']])
        self.assertEqual({'diego': ['9'], 'capi': ['1.2']},
                         self.bosh.releases)

    def test_attributes(self):
        rsrc = self.created()
        self.assertEqual('cf', rsrc.FnGetAtt('name'))
        instances = rsrc.FnGetAtt('instances')
        self.assertEqual(['api', 'cell', 'cell'],
                         [item['group'] for item in instances])
        self.assertEqual('vm-api-0', instances[0]['cid'])
        self.assertEqual('api/id-0', instances[0]['name'])
        self.assertEqual('latest', rsrc.FnGetAtt('config_status'))
        self.assertEqual(['smoke-tests'], rsrc.FnGetAtt('errands'))
        task = rsrc.FnGetAtt('task')
        self.assertEqual(('create deployment', 'done'),
                         (task['description'], task['state']))
        self.assertEqual('running', rsrc.FnGetAtt('vitals')[0]['job_state'])

    def test_show_does_not_wait_for_agents(self):
        rsrc = self.created()
        shown = api.format_resource_attributes(rsrc)
        self.assertEqual('cf', shown['name'])
        self.assertEqual(3, len(shown['instances']))
        self.assertEqual([], self.tasks('retrieve vm-stats'))
        shown = api.format_resource_attributes(rsrc, ['vitals'])
        self.assertEqual(3, len(shown['vitals']))

    def test_show_when_the_director_is_down(self):
        rsrc = self.created()
        self.bosh.down = True
        shown = api.format_resource_attributes(rsrc)
        self.assertEqual('cf', shown['name'])
        self.assertIn('refused', shown['error'])


class FailureTest(deployments.DeploymentTestCase):

    def test_the_cause_comes_first(self):
        text = ("CPI error 'Bosh::Clouds::VMCreationFailed' with message "
                "'No valid host' in 'create_vm' CPI method")
        self.bosh.failures['create deployment'] = text
        rsrc = self.deployment()
        error = self.failed(rsrc)
        self.assertIn('resources.thing: Error 100: ' + text, error)
        self.assertIn('No valid host', self.events(rsrc)[-1])
        # Heat may not try again by itself.
        self.assertEqual(1, self.bosh.count(*DEPLOY))
        # The director has the deployment, without a manifest.
        self.assertIn('cf', self.bosh.deployments)
        self.delete(rsrc)

    def test_not_repeated_whatever_the_retry_limit(self):
        cfg.CONF.set_override('action_retry_limit', 3)
        self.bosh.failures['create deployment'] = 'no'
        self.failed(self.deployment())
        self.assertEqual(1, self.bosh.count(*DEPLOY))

    def test_failed_create_is_repeated_by_an_update(self):
        self.bosh.failures['create deployment'] = 'no'
        rsrc = self.deployment()
        self.failed(rsrc)
        self.bosh.failures.clear()
        self.update(rsrc)
        self.assertEqual(2, self.bosh.count(*DEPLOY))
        self.delete(rsrc)

    def test_failed_update_is_repeated_with_the_old_manifest(self):
        rsrc = self.created()
        self.bosh.failures['create deployment'] = 'no'
        self.assertRaises(
            exception.ResourceFailure, self.run_action, rsrc.update,
            self.definition(rsrc, manifest=manifest(update={'a': 1})))
        self.bosh.failures.clear()
        # Who knows how far the director came.
        self.update(self.reload(rsrc))
        self.assertEqual(3, self.bosh.count(*DEPLOY))

    def test_failed_upload(self):
        self.bosh.failures['create release'] = 'Checksum differs'
        rsrc = self.deployment()
        self.assertIn('Checksum differs', self.failed(rsrc))
        self.assertEqual(0, self.bosh.count(*DEPLOY))
        self.delete(rsrc)

    def test_director_is_down(self):
        rsrc = self.deployment()
        self.bosh.down = True
        self.assertIn('Connection refused', self.failed(rsrc))
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)

    def test_director_restarts_during_the_deploy(self):
        rsrc = self.deployment()
        self.bosh.polls['create deployment'] = 5
        runner = self.until(rsrc.create,
                            lambda: self.tasks('create deployment'))
        self.bosh.down = True
        for _step in range(10):
            runner.step()
        self.bosh.down = False
        runner.run_to_completion()
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        self.assertIn('out of reach', str(self.events(rsrc)))

    def test_deployment_of_others_is_not_taken_over(self):
        self.bosh.deployments['cf'] = manifest()
        rsrc = self.deployment()
        self.assertIn('already', self.failed(rsrc))
        self.run_action(rsrc.delete)
        self.assertIn('cf', self.bosh.deployments)

    def test_variable_without_value(self):
        rsrc = self.deployment(manifest=manifest(update='((what))'))
        self.assertIn('what', self.failed(rsrc))
        self.assertEqual(0, self.bosh.count('POST', '/stemcells'))
        self.bosh.config_server = True
        self.update(rsrc)

    def test_failed_deletion_can_be_repeated(self):
        rsrc = self.created()
        self.bosh.failures['delete deployment'] = 'VM is stuck'
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.delete)
        self.assertIn('VM is stuck', str(error))
        self.bosh.failures.clear()
        self.delete(rsrc)

    def test_delete_what_is_gone(self):
        rsrc = self.created()
        self.bosh.deployments.clear()
        self.bosh.stemcells.clear()
        self.bosh.releases.clear()
        self.delete(rsrc)


class UpdateTest(deployments.DeploymentTestCase):

    def test_manifest(self):
        rsrc = self.created()
        self.update(rsrc, manifest=manifest(update={'canaries': 2}))
        self.assertEqual({'canaries': 2},
                         self.bosh.deployments['cf']['update'])
        self.assertEqual(2, self.bosh.count(*DEPLOY))

    def test_config(self):
        rsrc = self.created(configs=['1'])
        self.update(rsrc, configs=['2'])
        self.assertEqual(2, self.bosh.count(*DEPLOY))

    def test_what_makes_no_difference_is_not_deployed(self):
        rsrc = self.created()
        self.update(rsrc, operations=['- {type: test, path: /name, '
                                      'value: cf}'])
        self.assertEqual(1, self.bosh.count(*DEPLOY))

    def test_other_credentials(self):
        rsrc = self.created()
        self.update(rsrc, director=self.sealed())
        self.assertEqual(1, self.bosh.count(*DEPLOY))

    def test_another_director(self):
        rsrc = self.created()
        other = 'https://other.example.com:25555'
        fake_director.FakeDirector(self.requests, other, uuid='other')
        self.assertRaises(
            resource.UpdateReplace, self.run_action, rsrc.update,
            self.definition(rsrc, director=self.sealed(other)))

    def test_another_name(self):
        rsrc = self.created()
        self.assertRaises(
            resource.UpdateReplace, self.run_action, rsrc.update,
            self.definition(rsrc, manifest=manifest(name='cf2')))

    def test_preview(self):
        rsrc = self.created()
        for changes, replaced in (({'name': 'cf2'}, True),
                                  ({'update': {'a': 1}}, False)):
            after = self.definition(rsrc, manifest=manifest(**changes))
            args = (after, rsrc.frozen_definition(),
                    after.properties(rsrc.properties_schema, rsrc.context),
                    rsrc.frozen_definition().properties(
                        rsrc.properties_schema, rsrc.context), None)
            if replaced:
                self.assertRaises(resource.UpdateReplace,
                                  rsrc.preview_update, *args)
            else:
                self.assertTrue(rsrc.preview_update(*args))

    def test_a_replacement_takes_over_what_was_brought(self):
        old, stack = self.created(), self.stk
        new_id = old.make_replacement(stack.t.id, set())
        new = self.deployment(manifest=manifest(name='cf2'))
        # As convergence loads the row of a replacement.
        new.id, new.replaces = new_id, old.id
        new.uuid = resource_objects.Resource.get_obj(
            old.context, new_id).uuid
        self.run_action(new.create)
        self.bosh.in_use.update([STEMCELL_KEY, ('capi', '1.2')])
        self.run_action(old.delete)
        self.assertEqual(['cf2'], list(self.bosh.deployments))
        self.assertIn(STEMCELL_KEY, self.bosh.stemcells)
        self.bosh.in_use.clear()
        self.delete(new)

    def test_new_stemcell_replaces_the_old_one(self):
        rsrc = self.created()
        self.update(rsrc, stemcells=[{**STEMCELL, 'version': '1.500',
                                      'image': 'image-2'}])
        self.assertEqual({(STEMCELL['name'], '1.500'): 'image-2 light'},
                         self.bosh.stemcells)
        self.delete(rsrc)

    def test_variables_are_compared_masked(self):
        rsrc = self.created(variables={'password': PASSWORD})
        rsrc = self.reload(rsrc)
        self.run_action(rsrc.update, self.definition(
            rsrc, variables={'password': PASSWORD}))
        # Nothing has changed, so there was no update.
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        self.update(rsrc, variables={'password': 'another'},
                    manifest=manifest(password='((password))'))
        self.assertEqual('another', self.bosh.deployments['cf']['password'])

    def test_variables_are_used_and_not_stored(self):
        rsrc = self.created(manifest=manifest(password='((password))'),
                            variables={'password': PASSWORD})
        self.assertEqual(PASSWORD, self.bosh.deployments['cf']['password'])
        rows = [row for row in self.database().split('\n')
                if PASSWORD in row]
        self.assertEqual({'raw_template'},
                         {row.partition(':')[0] for row in rows})
        shown = api.format_stack_resource(self.reload(rsrc),
                                          with_props=True)
        self.assertNotIn(PASSWORD, str(shown))


class ValidationTest(deployments.DeploymentTestCase):

    def invalid(self, **changes):
        rsrc = self.deployment(**changes)
        return str(self.assertRaises(exception.StackValidationFailed,
                                     rsrc.validate))

    def test_good(self):
        self.deployment().validate()

    def test_manifest_that_is_no_yaml(self):
        self.assertIn('manifest, line 2: ', self.invalid(
            manifest='name: cf\nreleases: ]\n'))

    def test_manifest_without_name(self):
        self.assertIn('no "name"', self.invalid(manifest={'a': 1}))

    def test_manifest_that_is_a_list(self):
        self.assertIn('not a map', self.invalid(manifest='- a'))

    def test_operation_that_does_not_fit(self):
        error = self.invalid(operations=[{
            'name': 'scale.yml',
            'content': '- {type: remove, path: /nothing}'}])
        self.assertIn('scale.yml', error)
        self.assertIn('/nothing', error)

    def test_release_that_the_director_cannot_fetch(self):
        self.assertIn('file:///tmp', self.invalid(manifest=manifest(
            releases=[{'name': 'capi', 'version': '1',
                       'url': 'file:///tmp/capi.tgz'}])))

    def test_stemcell_without_version(self):
        self.assertIn('without name or version',
                      self.invalid(stemcells=[{'name': 'noble'}]))

    def test_what_is_not_known_yet_is_not_checked(self):
        self.stk = self.stack({
            'stemcell': {
                'type': 'CloudFoundry::BOSH::Stemcell',
                'properties': {'location': 'https://a.example.com/b.tgz',
                               'checksum': 'sha256:' + 64 * '0'}},
            'director': {
                'type': 'CloudFoundry::BOSH::Director',
                'properties': {'endpoint': fake_director.ENDPOINT,
                               'client': 'admin', 'client_secret': 'x'}},
            'config': {
                'type': 'CloudFoundry::BOSH::Config',
                'properties': {
                    'director': {'get_attr': ['director', 'connection']},
                    'content': {'azs': [
                        {'name': {'get_attr': ['director', 'name']}}]}}},
            'cf': {
                'type': deployments.TYPE,
                'properties': {
                    'director': {'get_attr': ['director', 'connection']},
                    'manifest': manifest(),
                    'configs': [{'get_attr': ['config', 'id']}],
                    'stemcells': [{'get_attr': ['stemcell',
                                                'reference']}]}}})
        self.stk.validate()
