# SPDX-License-Identifier: Apache-2.0
"""Sows users, roles and the catalog; every step may be repeated."""

from typing import Any

from openstack import connection

from devstack.pocket import ports
from devstack.pocket import state as pocket_state

#: Roles of service users in the project "service".
SERVICE_ROLES = ('admin', 'service')
TENANT_ROLES = ('member',)
# heat_stack_user is what Heat gives the users it makes in its own domain;
# the other two are named by octavia's policies.
OTHER_ROLES = ('service', 'heat_stack_user', 'load-balancer_admin')


class Identity:
    """Keystone's content.

    :param cloud: the administrator's connection.
    """

    def __init__(self, state: pocket_state.State,
                 cloud: connection.Connection) -> None:
        self._state = state
        self._keystone = cloud.identity
        self._services = state.services
        self._domain = self._keystone.get_domain('default')

    def sow(self) -> None:
        """Make whatever is missing."""
        tenant_roles = [*TENANT_ROLES, *(
            role for one in self._services for role in one.roles)]
        roles = self._roles([*tenant_roles, *OTHER_ROLES, 'admin'])
        self._service_users(roles)
        self._catalog()
        self._heat_domain(roles['admin'])
        project = self._project(pocket_state.PROJECT)
        user = self._user(pocket_state.USER, default_project_id=project.id)
        for name in tenant_roles:
            self._keystone.assign_project_role_to_user(
                project, user, roles[name])

    def _roles(self, names: list[str]) -> dict[str, Any]:
        found = {role.name: role for role in self._keystone.roles()}
        for name in names:
            if name not in found:
                found[name] = self._keystone.create_role(name=name)
        return found

    def _project(self, name: str) -> Any:
        return (self._keystone.find_project(name)
                or self._keystone.create_project(
                    name=name, domain_id=self._domain.id))

    def _user(self, name: str, **more: Any) -> Any:
        return (self._keystone.find_user(name)
                or self._keystone.create_user(
                    name=name, domain_id=self._domain.id,
                    password=self._state.password(name), **more))

    def _service_users(self, roles: dict[str, Any]) -> None:
        project = self._project('service')
        for one in self._services:
            if one.name in self._state.passwords:
                user = self._user(one.name)
                for role in SERVICE_ROLES:
                    self._keystone.assign_project_role_to_user(
                        project, user, roles[role])

    def _catalog(self) -> None:
        services = {one.name: one for one in self._keystone.services()}
        known = {(one.service_id, one.interface)
                 for one in self._keystone.endpoints()}
        for endpoint in (endpoint for one in self._services
                         for endpoint in one.endpoints):
            entry = services.get(endpoint.name)
            if entry is None:
                entry = self._keystone.create_service(
                    name=endpoint.name, type=endpoint.type)
            url = 'http://%s:%d%s' % (
                ports.HOST, self._state.ports[endpoint.port], endpoint.path)
            for interface in ('public', 'internal', 'admin'):
                if (entry.id, interface) not in known:
                    self._keystone.create_endpoint(
                        service_id=entry.id, interface=interface, url=url,
                        region_id=pocket_state.REGION)

    def _heat_domain(self, admin: Any) -> None:
        name = 'heat_domain_admin'
        domain = (self._keystone.find_domain('heat')
                  or self._keystone.create_domain(name='heat'))
        user = (self._keystone.find_user(name, domain_id=domain.id)
                or self._keystone.create_user(
                    name=name, domain_id=domain.id,
                    password=self._state.password(name)))
        self._keystone.assign_domain_role_to_user(domain, user, admin)
