# SPDX-License-Identifier: Apache-2.0
"""Configuration of the documentation build."""

project = 'cf-openstack'
copyright = 'the cf-openstack developers'
extensions = ['openstackdocstheme', 'oslo_config.sphinxext']
source_suffix = {'.rst': 'restructuredtext'}
master_doc = 'index'
html_theme = 'openstackdocs'
pygments_style = 'native'
openstackdocs_repo_name = 'openstack/cf-openstack'
openstackdocs_auto_name = False
openstackdocs_auto_version = False
version = release = ''
