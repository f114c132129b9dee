# SPDX-License-Identifier: Apache-2.0
"""What the tests of CloudFoundry::BOSH::Deployment share."""

from heat.common import exception

from tests.unit.heat_plugins import base

TYPE = 'CloudFoundry::BOSH::Deployment'
DEPLOY = ('POST', '/deployments')
STEMCELL = {'name': 'bosh-openstack-kvm-ubuntu-noble', 'version': '1.425',
            'operating_system': 'ubuntu-noble', 'api_version': 3,
            'image': 'image-1'}
STEMCELL_KEY = STEMCELL['name'], STEMCELL['version']


def manifest(**changes):
    return {
        'name': 'cf',
        'stemcells': [{'alias': 'default', 'os': 'ubuntu-noble',
                       'version': 'latest'}],
        'releases': [{'name': 'capi', 'version': '1.2', 'sha1': 'abc',
                      'url': 'https://releases.example.com/capi-1.2.tgz'}],
        'instance_groups': [{'name': 'api', 'instances': 1},
                            {'name': 'cell', 'instances': 2}],
        **changes}


class DeploymentTestCase(base.BoshTestCase):

    def deployment(self, **changes):
        return self.rsrc(TYPE, {
            'director': self.sealed(), 'manifest': manifest(),
            'stemcells': [STEMCELL], **changes})

    def created(self, **changes):
        rsrc = self.deployment(**changes)
        self.run_action(rsrc.create)
        self.assertEqual((rsrc.CREATE, rsrc.COMPLETE), rsrc.state)
        return rsrc

    def failed(self, rsrc):
        error = self.assertRaises(exception.ResourceFailure,
                                  self.run_action, rsrc.create)
        self.assertEqual((rsrc.CREATE, rsrc.FAILED), rsrc.state)
        return str(error)

    def update(self, rsrc, **changes):
        self.run_action(rsrc.update, self.definition(rsrc, **changes))
        self.assertEqual((rsrc.UPDATE, rsrc.COMPLETE), rsrc.state)

    def delete(self, rsrc):
        """Delete, and see that nothing is left."""
        self.run_action(rsrc.delete)
        self.assertEqual((rsrc.DELETE, rsrc.COMPLETE), rsrc.state)
        self.assertEqual({}, self.bosh.deployments)
        self.assertEqual({}, self.bosh.stemcells)
        self.assertEqual([], sum(self.bosh.releases.values(), []))
        self.assertEqual([], self.bosh.running())

    def until(self, action, condition, *args):
        """Run an action until something is true; the runner is returned."""
        runner = self.steps(action, *args)
        # Thrown away, it would cancel what it does.
        self.addCleanup(lambda: runner)
        for _step in range(50):
            if condition():
                return runner
            runner.step()
        self.fail('it never came to that')

    def tasks(self, kind):
        return [task for task in self.bosh.tasks.values()
                if task.kind == kind]
