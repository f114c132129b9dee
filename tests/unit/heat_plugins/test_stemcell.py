# SPDX-License-Identifier: Apache-2.0
"""CloudFoundry::BOSH::Stemcell."""

import hashlib
import threading
from unittest import mock

import fixtures
from heat.common import exception
from heat.engine.clients.os import glance
from heat.engine import resource
from oslo_config import cfg
import yaml

from cf_openstack.stemcell import source

from heat_plugins.resources import stemcell
from heat_plugins.resources import stemcell_upload as rsrc_upload
from tests.unit.heat_plugins import base
from tests.unit.stemcell import fakes

TYPE = 'CloudFoundry::BOSH::Stemcell'
LOCATION = 'https://stemcells.example.com/noble.tgz'
MANIFEST = {
    'name': 'bosh-openstack-kvm-ubuntu-noble', 'version': '1.425',
    'operating_system': 'ubuntu-noble', 'api_version': 3,
    'cloud_properties': {'disk_format': 'qcow2'}}
TARBALL = fakes.tgz([
    ('image', fakes.image()),
    ('stemcell.MF', yaml.safe_dump(MANIFEST).encode())])
CHECKSUM = 'sha256:' + hashlib.sha256(TARBALL).hexdigest()


class Blocked:
    """A stream that stops in the middle until it is let go."""

    def __init__(self):
        self.length = len(TARBALL)
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self._left = TARBALL

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        return None

    def read(self, size=-1, /):
        if len(self._left) < len(TARBALL):
            self.reached.set()
            self.go_on.wait(10)
        size = min(size if size >= 0 else 64, 64)
        data, self._left = self._left[:size], self._left[size:]
        return data


class StemcellTest(base.BoshTestCase):

    def setUp(self):
        super().setUp()
        self.requests.get(LOCATION, content=TARBALL)
        self.glance = fakes.Glance(self.requests)
        self.patchobject(stemcell.Stemcell, '_cloud',
                         side_effect=self.glance.connection)
        self.patchobject(glance.ImageConstraint, 'validate',
                         return_value=True)
        self.patchobject(glance.GlanceClientPlugin,
                         'find_image_by_name_or_id',
                         side_effect=lambda name: name)

    def stemcell(self, **changes):
        properties = {'location': LOCATION, 'checksum': CHECKSUM, **changes}
        return self.rsrc(TYPE, {key: value for key, value
                                in properties.items() if value is not None})

    def light(self, image_properties=(), **changes):
        self.glance.images['11'] = {
            'id': '11', 'name': 'noble', 'status': 'active', 'size': 7,
            **dict(image_properties)}
        return self.rsrc(TYPE, {'image': '11', **changes})

    def created(self, **changes):
        rsrc = self.stemcell(**changes)
        self.run_to_end(rsrc)
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        return rsrc

    def run_to_end(self, rsrc):
        """Create, with the upload's thread done at the first poll."""
        real = threading.Thread.start

        def start_and_wait(thread):
            real(thread)
            if thread.name.startswith('stemcell-'):
                thread.join()

        with mock.patch.object(threading.Thread, 'start', autospec=True,
                               side_effect=start_and_wait):
            self.run_action(rsrc.create)

    def failed(self, **changes):
        rsrc = self.stemcell(**changes)
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_to_end, rsrc)
        self.assertEqual((rsrc.CREATE, rsrc.FAILED), rsrc.state)
        self.assertEqual({}, self.glance.images)
        return rsrc, str(error)

    def blocked(self):
        """A resource whose upload has begun and does not go on."""
        stream = Blocked()
        self.addCleanup(stream.go_on.set)
        self.patchobject(source, 'open_stream', return_value=stream)
        rsrc = self.stemcell()
        runner = self.steps(rsrc.create)
        runner.step()
        self.assertTrue(stream.reached.wait(10))
        return rsrc, runner, stream

    def wait_for_threads(self):
        for thread in threading.enumerate():
            if thread.name.startswith('stemcell-'):
                thread.join(10)

    def test_upload(self):
        rsrc = self.created(tags=['cf'])
        (image_id, image), = self.glance.images.items()
        self.assertEqual(image_id, rsrc.resource_id)
        self.assertEqual('bosh-openstack-kvm-ubuntu-noble/1.425',
                         image['name'])
        self.assertEqual({'cf', rsrc.physical_resource_name()},
                         set(image['tags']))
        self.assertEqual('private', image['visibility'])
        self.assertEqual('ubuntu-noble', image['stemcell_operating_system'])

    def test_attributes(self):
        rsrc = self.created()
        image_id = rsrc.resource_id
        expected = {
            'image': image_id, 'cid': image_id + ' light',
            'name': MANIFEST['name'], 'version': '1.425',
            'operating_system': 'ubuntu-noble', 'api_version': 3,
            'checksum': CHECKSUM, 'size': len(fakes.QCOW2) + 2000,
            'reference': {
                'name': MANIFEST['name'], 'version': '1.425',
                'operating_system': 'ubuntu-noble', 'api_version': 3,
                'image': image_id}}
        self.assertEqual(expected, {
            name: rsrc.FnGetAtt(name) for name in expected})

    def test_delete_removes_the_image(self):
        rsrc = self.reload(self.created())
        self.run_action(rsrc.delete)
        self.assertEqual({}, self.glance.images)

    def test_delete_of_an_image_that_storage_needs(self):
        rsrc = self.created()
        self.glance.refusals['DELETE'] = 409, 'Image is in use'
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.delete)
        self.assertIn('in use', str(error))
        self.glance.refusals.clear()
        self.run_action(rsrc.delete)
        self.assertEqual({}, self.glance.images)

    def test_delete_of_an_image_that_is_gone(self):
        rsrc = self.created()
        self.glance.images.clear()
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)

    def test_checksum_differs(self):
        rsrc, error = self.failed(checksum='sha256:' + 64 * '0')
        self.assertIn('The checksum of the stemcell differs', error)
        self.assertIn(CHECKSUM, error)
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)

    def test_nothing_at_the_location(self):
        self.requests.get(LOCATION, status_code=404)
        _rsrc, error = self.failed()
        self.assertIn(LOCATION, error)
        self.assertIn('404', error)

    def test_glance_refuses(self):
        self.glance.refusals['POST'] = 403, 'Forbidden by quota'
        _rsrc, error = self.failed()
        self.assertIn('Forbidden by quota', error)

    def test_public_and_tags_change_in_place(self):
        rsrc = self.created()
        self.run_action(rsrc.update, self.definition(
            rsrc, public=True, tags=['new']))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        image = self.glance.images[rsrc.resource_id]
        self.assertEqual('public', image['visibility'])
        self.assertEqual({'new', rsrc.physical_resource_name()},
                         set(image['tags']))

    def test_another_location_of_the_same_changes_nothing(self):
        rsrc = self.created()
        self.run_action(rsrc.update, self.definition(
            rsrc, location='https://mirror.example.com/noble.tgz'))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual(1, len(self.glance.images))

    def test_another_checksum_is_another_stemcell(self):
        rsrc = self.created()
        self.assertRaises(
            resource.UpdateReplace, self.run_action, rsrc.update,
            self.definition(rsrc, checksum='sha256:' + 64 * '0'))

    def test_cancel_removes_the_image(self):
        _rsrc, runner, stream = self.blocked()
        runner.cancel()
        stream.go_on.set()
        self.wait_for_threads()
        self.assertEqual({}, self.glance.images)

    def test_engine_dies_during_the_upload(self):
        rsrc, _runner, _stream = self.blocked()
        # What Glance has when the connection broke.
        self.glance.images[rsrc.resource_id] = {
            'id': rsrc.resource_id, 'name': 'x', 'status': 'saving'}
        rsrc = self.die(rsrc)
        self.assertRaises(resource.UpdateReplace, self.run_action,
                          rsrc.update, self.definition(rsrc))
        self.run_action(rsrc.delete)
        self.assertEqual({}, self.glance.images)

    def test_engine_dies_after_the_upload(self):
        rsrc = self.die(self.created())
        self.run_action(rsrc.update, self.definition(rsrc))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)

    def test_engine_dies_before_it_notes_the_upload(self):
        rsrc = self.created()
        rsrc.journal.put(stemcell=None)
        rsrc = self.die(rsrc)
        self.assertRaises(resource.UpdateReplace, self.run_action,
                          rsrc.update, self.definition(rsrc))
        # Heat would keep it until the next update.
        self.assertEqual({}, self.glance.images)

    def test_a_stemcell_in_use_stays_until_its_replacement_is_there(self):
        rsrc = self.created()
        self.assertRaises(
            resource.UpdateReplace, self.run_action, rsrc.update,
            self.definition(rsrc, checksum='sha1:' + 40 * '0'))
        self.assertEqual(1, len(self.glance.images))

    def test_a_lost_image_is_replaced(self):
        rsrc = self.created()
        self.glance.images.clear()
        self.assertRaises(exception.ResourceFailure,
                          self.run_action, rsrc.check)
        self.assertRaises(resource.UpdateReplace, self.run_action,
                          rsrc.update, self.definition(rsrc))

    def test_bounds_are_those_of_the_operator(self):
        for name, value in (
                ('download_connect_timeout', 1.5),
                ('download_read_timeout', 2.5),
                ('download_total_timeout', 3.5)):
            cfg.CONF.set_override(name, value, group='cf_openstack')
            self.addCleanup(cfg.CONF.clear_override, name,
                            group='cf_openstack')
        opened = self.patchobject(source, 'open_stream',
                                  wraps=source.open_stream)
        self.created()
        self.assertEqual(
            {'connect_timeout': 1.5, 'read_timeout': 2.5,
             'total_timeout': 3.5}, opened.call_args.kwargs)

    def test_expands_too_far(self):
        cfg.CONF.set_override('stemcell_max_expansion', 1,
                              group='cf_openstack')
        self.addCleanup(cfg.CONF.clear_override, 'stemcell_max_expansion',
                        group='cf_openstack')
        self.useFixture(fixtures.MonkeyPatch(
            'cf_openstack.stemcell.archive._FREE_EXPANSION', 1000))
        _rsrc, error = self.failed()
        self.assertIn('as no stemcell does', error)

    def test_uploads_take_turns(self):
        cfg.CONF.set_override('stemcell_max_uploads', 1,
                              group='cf_openstack')
        self.addCleanup(cfg.CONF.clear_override, 'stemcell_max_uploads',
                        group='cf_openstack')
        first, runner, stream = self.blocked()
        waiting = rsrc_upload.StemcellUpload(
            rsrc_upload.Order(LOCATION, CHECKSUM, '', 'id', 'x', 'private',
                              ()), self.glance.connection(), first.context)
        waiting.start()
        self.assertIsNone(waiting.result())
        self.assertEqual({first.resource_id}, {
            thread.name.removeprefix('stemcell-')
            for thread in threading.enumerate()
            if thread.name.startswith('stemcell-')})
        stream.go_on.set()
        self.wait_for_threads()
        source.open_stream.return_value = following = Blocked()
        following.go_on.set()
        self.assertIsNone(waiting.result())
        self.wait_for_threads()
        self.assertEqual('1.425', waiting.result().version)

    def test_progress(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_plugins.resources.stemcell.PROGRESS_INTERVAL', 0.0))
        rsrc, runner, stream = self.blocked()
        runner.step()
        self.assertRegex(self.events(rsrc)[-1],
                         r'^\d+ % of the stemcell read$')
        stream.go_on.set()

    def test_light_describes_itself(self):
        first = self.created()
        image = self.glance.images[first.resource_id]
        rsrc = self.light({key: value for key, value in image.items()
                           if key.startswith('stemcell_')})
        self.run_action(rsrc.create)
        self.assertEqual({
            'name': MANIFEST['name'], 'version': '1.425',
            'operating_system': 'ubuntu-noble', 'api_version': 3,
            'image': '11'}, rsrc.FnGetAtt('reference'))

    def test_light_described_by_the_template(self):
        rsrc = self.light(name='noble', version='7',
                          operating_system='ubuntu-noble')
        self.run_action(rsrc.create)
        self.assertEqual('7', rsrc.FnGetAtt('version'))
        self.run_action(rsrc.update, self.definition(rsrc, version='8'))
        self.assertEqual('8', rsrc.FnGetAtt('version'))

    def test_light_is_left_on_deletion(self):
        rsrc = self.light(name='noble', version='7',
                          operating_system='ubuntu-noble')
        self.run_action(rsrc.create)
        self.run_action(rsrc.delete)
        self.assertIn('11', self.glance.images)

    def test_light_without_description(self):
        rsrc = self.light()
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.create)
        self.assertIn('does not tell which stemcell it is', str(error))

    def test_light_not_active(self):
        rsrc = self.light({'status': 'deactivated'})
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.create)
        self.assertIn('deactivated, not active', str(error))

    def adopt(self, rsrc, data):
        self.run_action(rsrc.adopt, data)
        self.assertEqual((rsrc.ADOPT, rsrc.COMPLETE), rsrc.state)
        return rsrc

    def test_abandon_and_adopt(self):
        data = self.created().prepare_abandon()
        rsrc = self.adopt(self.stemcell(), data)
        self.assertEqual('1.425', rsrc.FnGetAtt('version'))
        self.assertEqual(CHECKSUM, rsrc.FnGetAtt('checksum'))
        rsrc.stack.action = rsrc.stack.ROLLBACK
        self.run_action(rsrc.delete)
        self.assertEqual([data['resource_id']], list(self.glance.images))

    def test_delete_what_was_adopted(self):
        data = self.created().prepare_abandon()
        self.run_action(self.adopt(self.stemcell(), data).delete)
        self.assertEqual({}, self.glance.images)

    def test_adopt_light(self):
        rsrc = self.light(name='noble', version='7',
                          operating_system='ubuntu-noble')
        self.adopt(rsrc, {'resource_id': '11'})
        self.assertEqual('7', rsrc.FnGetAtt('version'))
        self.run_action(rsrc.delete)
        self.assertIn('11', self.glance.images)

    def test_adopt_another_image(self):
        rsrc = self.light(name='noble', version='7',
                          operating_system='ubuntu-noble')
        error = self.assertRaises(exception.ResourceFailure, self.run_action,
                                  rsrc.adopt, {'resource_id': '12'})
        self.assertIn('names the image 11', str(error))

    def test_one_source_is_needed(self):
        rsrc = self.stemcell(image='11')
        self.assertRaises(exception.ResourcePropertyConflict, rsrc.validate)
        rsrc = self.stemcell(location=None, checksum=None)
        self.assertRaises(exception.PropertyUnspecifiedError, rsrc.validate)

    def test_checksum_is_needed(self):
        rsrc = self.stemcell(checksum=None)
        self.assertRaises(exception.ResourcePropertyDependency,
                          rsrc.validate)
        rsrc = self.stemcell(checksum='sha256:1234')
        error = self.assertRaises(exception.StackValidationFailed,
                                  rsrc.validate)
        self.assertIn('is not a checksum', str(error))

    def test_only_https(self):
        rsrc = self.stemcell(location='http://stemcells.example.com/a.tgz')
        self.assertRaises(exception.StackValidationFailed, rsrc.validate)

    def test_tags_of_a_given_image(self):
        rsrc = self.light(tags=['a'])
        self.assertRaises(exception.StackValidationFailed, rsrc.validate)
