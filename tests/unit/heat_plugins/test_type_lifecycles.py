# SPDX-License-Identifier: Apache-2.0
"""The actions of Heat on directors, configs and releases."""

import json

import ddt
from heat.common import exception
from heat.engine import scheduler

from tests.unit.heat_plugins import base
from tests.unit.heat_plugins import fake_director

DIRECTOR = 'CloudFoundry::BOSH::Director'
CONFIG = 'CloudFoundry::BOSH::Config'
RELEASE = 'CloudFoundry::BOSH::Release'
LOCATION = 'https://releases.example.com/capi-1.2.tgz'
CONTENT = {'azs': [{'name': 'z1'}]}


@ddt.ddt
class LifeCycleTest(base.BoshTestCase):

    def made(self, type_name, **changes):
        properties = {
            DIRECTOR: lambda: {'endpoint': fake_director.ENDPOINT,
                               'client': fake_director.CLIENT,
                               'client_secret': fake_director.SECRET},
            CONFIG: lambda: {'director': self.sealed(), 'content': CONTENT,
                             'name': 'mine'},
            RELEASE: lambda: {'director': self.sealed(),
                              'location': LOCATION, 'name': 'capi',
                              'version': '1.2'},
        }[type_name]()
        return self.rsrc(type_name, {
            key: value for key, value in {**properties, **changes}.items()
            if value is not None})

    def created(self, type_name, **changes):
        rsrc = self.made(type_name, **changes)
        self.run_action(rsrc.create)
        return rsrc

    def adopt(self, rsrc, data):
        scheduler.TaskRunner(rsrc.adopt, data)()
        self.assertEqual((rsrc.ADOPT, rsrc.COMPLETE), rsrc.state)
        return rsrc

    def refused(self, rsrc, data):
        error = self.assertRaises(exception.ResourceFailure,
                                  scheduler.TaskRunner(rsrc.adopt, data))
        self.assertEqual((rsrc.ADOPT, rsrc.FAILED), rsrc.state)
        return str(error)

    def things(self):
        return json.dumps([sorted(map(str, self.bosh.configs)),
                           self.bosh.releases])

    @ddt.data(DIRECTOR, CONFIG, RELEASE)
    def test_suspend_resume_and_snapshot_have_nothing_to_do(self, kind):
        rsrc = self.created(kind)
        self.bosh.calls.clear()
        for action in ('suspend', 'resume', 'snapshot'):
            self.run_action(getattr(rsrc, action))
            self.assertEqual((action.upper(), rsrc.COMPLETE), rsrc.state)
        self.assertEqual([], self.bosh.calls)
        self.run_action(self.reload(rsrc).check)

    @ddt.data(DIRECTOR, CONFIG, RELEASE)
    def test_abandon_and_adopt(self, kind):
        rsrc = self.created(kind)
        before = self.things()
        data = rsrc.prepare_abandon()
        self.run_action(rsrc.delete)
        self.assertEqual(before, self.things())
        adopted = self.adopt(self.made(kind), data)
        self.assertEqual(rsrc.resource_id, adopted.resource_id)
        self.run_action(self.reload(adopted).check)
        self.run_action(self.reload(adopted).update, self.definition(
            adopted, **({'client_secret': fake_director.SECRET}
                        if kind == DIRECTOR else {
                            'director': self.sealed()})))
        self.assertEqual(before, self.things())
        self.run_action(self.reload(adopted).delete)
        self.assertEqual({}, self.bosh.configs)
        self.assertEqual([], sum(self.bosh.releases.values(), []))

    @ddt.data(CONFIG, RELEASE)
    def test_rollback_of_an_adoption(self, kind):
        rsrc = self.created(kind)
        before = self.things()
        adopted = self.adopt(self.made(kind), rsrc.prepare_abandon())
        adopted.stack.action = adopted.stack.ROLLBACK
        self.run_action(adopted.delete)
        self.assertEqual(before, self.things())

    @ddt.data((CONFIG, 'cloud/mine'), (RELEASE, 'capi/1.2'))
    @ddt.unpack
    def test_nothing_to_adopt(self, kind, name):
        self.assertIn('to adopt', self.refused(
            self.made(kind), {'resource_id': name}))
        self.assertIn('no resource_id', self.refused(self.made(kind), {}))

    def test_config_made_by_hand(self):
        self.bosh.write_config('cloud', 'mine', 'azs: []')
        rsrc = self.adopt(self.made(CONFIG), {'resource_id': 'cloud/mine'})
        self.assertTrue(rsrc.FnGetAtt('current'))
        self.run_action(rsrc.delete)
        self.assertEqual({}, self.bosh.configs)

    def test_config_without_name_keeps_that_of_the_abandoned(self):
        rsrc = self.created(CONFIG, name=None)
        rsrc = self.adopt(self.made(CONFIG, name=None),
                          rsrc.prepare_abandon())
        self.run_action(rsrc.update, self.definition(
            rsrc, content={'azs': []}))
        self.assertEqual([('cloud', rsrc.FnGetAtt('name'))],
                         list(self.bosh.configs))

    def test_config_of_another_name(self):
        self.bosh.write_config('cloud', 'other', 'azs: []')
        self.assertIn('names the cloud config "mine"', self.refused(
            self.made(CONFIG), {'resource_id': 'cloud/other'}))

    def test_release_that_was_there_stays(self):
        self.bosh.releases['capi'] = ['1.2']
        rsrc = self.adopt(self.made(RELEASE), {'resource_id': 'capi/1.2'})
        self.run_action(rsrc.delete)
        self.assertEqual({'capi': ['1.2']}, self.bosh.releases)

    def test_release_of_another_version(self):
        self.bosh.releases['capi'] = ['1.3']
        self.assertIn('names the release capi/1.2', self.refused(
            self.made(RELEASE, name='capi', version='1.2'),
            {'resource_id': 'capi/1.3'}))

    @ddt.data(DIRECTOR, CONFIG, RELEASE)
    def test_adopted_on_another_director(self, kind):
        rsrc = self.created(kind)
        data = rsrc.prepare_abandon()
        self.bosh.uuid = 'another'
        self.assertIn('Another director', self.refused(
            self.made(kind), data))

    @ddt.data(CONFIG, RELEASE)
    def test_another_director_answers(self, kind):
        rsrc = self.created(kind)
        before = self.things()
        self.bosh.uuid = 'another'
        for action in ('check', 'delete'):
            error = self.assertRaises(
                exception.ResourceFailure, self.run_action,
                getattr(self.reload(rsrc), action))
            self.assertIn('Another director answers', str(error))
        self.assertEqual(before, self.things())

    def test_director_that_became_another_one(self):
        rsrc = self.created(DIRECTOR)
        sealed = rsrc.FnGetAtt('connection')
        other = 'https://other.example.com:25555'
        fake_director.FakeDirector(self.requests, other, uuid='another')
        error = self.assertRaises(
            exception.ResourceFailure, self.run_action, rsrc.update,
            self.definition(rsrc, endpoint=other))
        self.assertIn('Another director answers now at ' + other,
                      str(error))
        rsrc = self.reload(rsrc)
        self.assertEqual(fake_director.UUID, rsrc.resource_id)
        self.assertEqual(sealed, rsrc.journal.get('connection'))
        self.assertFalse(rsrc.needs_replace_failed())


class RenamedConfigTest(base.BoshTestCase):
    """Two configs with the same content would clash in every deploy."""

    def setUp(self):
        super().setUp()
        self.config = self.rsrc(CONFIG, {
            'director': self.sealed(), 'content': CONTENT, 'name': 'old'})
        self.run_action(self.config.create)

    def rename(self, **changes):
        rsrc = self.reload(self.config)
        self.run_action(rsrc.update, self.definition(rsrc, **changes))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)
        return rsrc

    def test_name(self):
        rsrc = self.rename(name='new')
        self.assertEqual([('cloud', 'new')], list(self.bosh.configs))
        self.assertEqual('new', rsrc.FnGetAtt('name'))
        self.assertTrue(rsrc.FnGetAtt('current'))
        self.run_action(self.reload(rsrc).delete)
        self.assertEqual({}, self.bosh.configs)

    def test_type(self):
        self.rename(type='runtime')
        self.assertEqual([('runtime', 'old')], list(self.bosh.configs))

    def test_name_of_somebody_else(self):
        self.bosh.write_config('cloud', 'new', 'azs: []')
        rsrc = self.reload(self.config)
        error = self.assertRaises(
            exception.ResourceFailure, self.run_action, rsrc.update,
            self.definition(rsrc, name='new'))
        self.assertIn('already', str(error))
        self.assertEqual({('cloud', 'old'), ('cloud', 'new')},
                         set(self.bosh.configs))
        # Back to the old name, as a rollback does it.
        self.rename(name='old')
        self.run_action(self.reload(rsrc).delete)
        self.assertEqual([('cloud', 'new')], list(self.bosh.configs))

    def test_engine_dies_amid_it(self):
        rsrc = self.reload(self.config)
        # As it is when the new one is written and the old one still there.
        rsrc._own('cloud/new', '')
        rsrc.resource_id_set('cloud/new')
        self.bosh.write_config('cloud', 'new', 'azs: []')
        self.die(rsrc)
        self.rename(name='new')
        self.assertEqual([('cloud', 'new')], list(self.bosh.configs))
