# SPDX-License-Identifier: Apache-2.0
"""How Heat finds the resource types."""

import builtins
import os
import sys
from unittest import mock

from heat.engine import attributes
from heat.engine import plugin_manager
from heat.engine import properties
from oslo_config import cfg

from heat_plugins.plugin_dir import cf_openstack_resources
from heat_plugins.resources import director
from tests.unit.heat_plugins import base

TYPES = {'CloudFoundry::BOSH::' + name for name in (
    'Config', 'Deployment', 'Director', 'Release', 'Stemcell')} | {
        'CloudFoundry::CF::Deployment'}
LOADED = 'heat.engine.plugins.cf_openstack_resources'


class LoaderTest(base.BoshTestCase):

    def setUp(self):
        super().setUp()
        cfg.CONF.set_override('plugin_dirs', [
            os.path.dirname(cf_openstack_resources.__file__)])
        self.addCleanup(sys.modules.pop, LOADED, None)

    def load(self):
        manager = plugin_manager.PluginManager()
        mapping = plugin_manager.PluginMapping(
            ['available_resource', 'resource'])
        return manager, dict(mapping.load_all(manager))

    def test_all_types_are_found(self):
        _manager, types = self.load()
        self.assertEqual(TYPES, set(types))

    def test_no_module_is_imported_twice(self):
        manager, types = self.load()
        self.assertEqual([LOADED],
                         [module.__name__ for module in manager.modules])
        self.assertIs(director.Director,
                      types['CloudFoundry::BOSH::Director'])

    def test_a_missing_library_does_not_stop_the_engine(self):
        real = builtins.__import__

        def refuse(name, *args, **kwargs):
            if name.startswith('heat_plugins.resources'):
                raise ImportError(name)
            return real(name, *args, **kwargs)

        with mock.patch.object(builtins, '__import__', side_effect=refuse,
                               autospec=True):
            types = cf_openstack_resources.available_resource_mapping()
        self.assertEqual({}, types)
        self.assertIn('heat_plugins.resources', self.LOG.output)


class GuidelineTest(base.BoshTestCase):
    """What Heat's own check of guidelines asks for."""

    def check(self, where, text):
        self.assertTrue(text, where)
        self.assertTrue(text[0].isupper(), f'{where}: {text}')
        self.assertTrue(text.endswith('.'), f'{where}: {text}')
        self.assertNotIn('  ', text, where)

    def check_schema(self, where, schemata):
        for name, schema in schemata.items():
            schema = properties.Schema.from_legacy(schema)
            if schema.description is not None or not name.isdigit():
                self.check(f'{where}.{name}', schema.description)
            if isinstance(schema.schema, dict):
                self.check_schema(f'{where}.{name}', schema.schema)

    def test_schemata(self):
        types = cf_openstack_resources.resource_mapping()
        for name, cls in types.items():
            self.check_schema(name, cls.properties_schema)
            for attr, schema in cls.attributes_schema.items():
                schema = attributes.Schema.from_attribute(schema)
                self.check(f'{name}.{attr}', schema.description)
            self.assertTrue(cls.getdoc().endswith('.'), name)
            self.assertEqual('UNSUPPORTED', cls.support_status.status)
            self.assertTrue(cls.support_status.version)

    def test_masked_properties_exist(self):
        types = cf_openstack_resources.resource_mapping()
        for name, cls in types.items():
            self.assertLessEqual(cls.masked_properties,
                                 set(cls.properties_schema), name)

    def test_provider_templates(self):
        types = cf_openstack_resources.resource_mapping()
        for name, cls in types.items():
            template = cls.resource_to_template(name, 'hot')
            self.assertIn(cls.__name__, template['resources'])
