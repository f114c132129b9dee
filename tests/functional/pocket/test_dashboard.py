# SPDX-License-Identifier: Apache-2.0
"""Horizon, as a browser meets it."""

import re

import requests

from tests.functional.pocket import resources

TEMPLATE = '''
heat_template_version: 2021-04-16
resources:
  value: {type: OS::Heat::RandomString}
'''
PAGES = ('/project/', '/project/instances/', '/project/volumes/',
         '/project/networks/', '/project/floating_ips/',
         '/project/resource_types/', '/project/key_pairs')
LIMIT_S = 60


class DashboardTestCase(resources.ResourceTestCase):

    def setUp(self) -> None:
        super().setUp()
        self.url = self.state.url('horizon')
        self.browser = requests.Session()
        self.browser.trust_env = False
        self.addCleanup(self.browser.close)

    def log_in(self, password: str) -> requests.Response:
        page = self.browser.get(self.url + '/auth/login/', timeout=LIMIT_S)
        token = re.search(
            r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        region = re.search(r'name="region"[^>]*value="([^"]*)"', page.text)
        assert token, page.text
        return self.browser.post(
            self.url + '/auth/login/', timeout=LIMIT_S,
            headers={'Referer': self.url + '/auth/login/'},
            data={'csrfmiddlewaretoken': token.group(1), 'username': 'demo',
                  'password': password, 'next': '/project/stacks/',
                  'region': region.group(1) if region else 'default'})

    def test_log_in_and_list_stacks(self) -> None:
        stack = self.make_stack(TEMPLATE)
        page = self.log_in(self.state.password('demo'))
        self.assertEqual((200, '/project/stacks/'), (
            page.status_code, requests.utils.urlparse(page.url).path))
        self.assertIn('Sign Out', page.text)
        self.assertIn(stack.name, page.text)

    def test_pages_and_their_style(self) -> None:
        self.log_in(self.state.password('demo'))
        for path in PAGES:
            page = self.browser.get(self.url + path, timeout=LIMIT_S)
            self.assertEqual(200, page.status_code, path)
            self.assertIn('Sign Out', page.text, path)
            self.assertNotIn('Unable to', page.text, path)
        styles = re.findall(r'href="(/static/[^"]+\.css)"', page.text)
        self.assertTrue(styles)
        for style in styles:
            answer = self.browser.get(self.url + style, timeout=LIMIT_S)
            self.assertEqual(200, answer.status_code, style)

    def test_a_wrong_password_is_refused(self) -> None:
        page = self.log_in('wrong')
        self.assertIn('Invalid credentials', page.text)
        self.assertNotIn('Sign Out', page.text)
