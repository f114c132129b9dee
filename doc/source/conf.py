# SPDX-License-Identifier: Apache-2.0
"""Configuration of the documentation build."""

project = 'cf-openstack'
copyright = 'the cf-openstack developers'
extensions = ['openstackdocstheme', 'oslo_config.sphinxconfiggen',
              'oslo_config.sphinxext']
config_generator_config_file = [
    ('../../etc/cf_openstack/config-generator.conf', '_static/cf_openstack')]
source_suffix = {'.rst': 'restructuredtext'}
master_doc = 'index'
html_theme = 'openstackdocs'
pygments_style = 'native'
openstackdocs_repo_name = 'openstack/cf-openstack'
openstackdocs_auto_name = False
openstackdocs_auto_version = False
version = release = ''
