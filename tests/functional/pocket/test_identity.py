# SPDX-License-Identifier: Apache-2.0
"""Users, roles and application credentials."""

from typing import Any

from keystoneauth1 import exceptions
from keystoneauth1.identity import v3
from keystoneauth1 import session

from tests.functional import base

# (service type, its port, a path that everybody may read)
PATHS = (('compute', 'nova', '/v2.1/servers'),
         ('image', 'glance', '/v2/images'),
         ('network', 'neutron', '/v2.0/networks'),
         ('orchestration', 'heat', '/v1/%(project)s/stacks'),
         ('block-storage', 'cinder', '/v3/%(project)s/volumes'))


class IdentityTestCase(base.FunctionalTestCase):

    def test_the_tenant_has_its_roles_and_no_other(self) -> None:
        access = self.cloud.session.auth.get_access(self.cloud.session)
        wanted = {'member', 'heat_stack_owner'}
        for one in self.state.services:
            wanted.update(one.roles)
        # the role member implies reader
        self.assertEqual(wanted | {'reader'}, set(access.role_names))

    def test_a_wrong_password_is_refused(self) -> None:
        wrong = session.Session(auth=v3.Password(
            auth_url=self.state.url('keystone'), username='demo',
            password='wrong', project_name='demo',
            user_domain_name='Default', project_domain_name='Default'))
        self.assertRaises(exceptions.http.Unauthorized, wrong.get_token)

    def test_access_rules_are_kept_by_every_service(self) -> None:
        project = self.cloud.current_project_id
        urls = {kind: self.state.url(port) + path % {'project': project}
                for kind, port, path in PATHS}
        everything = self._session([
            {'service': kind, 'method': 'GET',
             'path': path % {'project': project}}
            for kind, _port, path in PATHS])
        compute_only = self._session([
            {'service': 'compute', 'method': 'GET', 'path': PATHS[0][2]}])
        for kind, url in urls.items():
            answer = everything.get(url, raise_exc=False)
            self.assertEqual(200, answer.status_code, (kind, answer.text))
            answer = compute_only.get(url, raise_exc=False)
            self.assertEqual(200 if kind == 'compute' else 401,
                             answer.status_code, (kind, answer.text))
        other = compute_only.get(self.state.url('nova') + '/v2.1/flavors',
                                 raise_exc=False)
        self.assertEqual(401, other.status_code, other.text)

    def _session(self, rules: list[dict[str, Any]]) -> session.Session:
        """A session by an application credential with access rules."""
        identity = self.cloud.identity
        user = self.cloud.current_user_id
        made = identity.post(
            '/users/%s/application_credentials' % user,
            json={'application_credential': {
                'name': self.getUniqueString(self.tag),
                'access_rules': rules}})
        self.assertEqual(201, made.status_code, made.text)
        credential = made.json()['application_credential']
        # rules outlive the credential that brought them
        for rule in credential['access_rules']:
            self.addCleanup(identity.delete, '/users/%s/access_rules/%s'
                            % (user, rule['id']))
        self.addCleanup(
            identity.delete, '/users/%s/application_credentials/%s'
            % (user, credential['id']))
        return session.Session(auth=v3.ApplicationCredential(
            auth_url=self.state.url('keystone'),
            application_credential_id=credential['id'],
            application_credential_secret=credential['secret']))
