# SPDX-License-Identifier: Apache-2.0
"""Nova's in-tree fake hypervisor driver, made to live as long as a cloud.

The in-tree one serves nova's own tests.  It forgets its instances when the
process ends, upon which nova's power sync would shut every server off; it
makes up a new node UUID at each start, upon which nova-compute refuses to
start; and server images stay queued for ever.
"""

import io
from typing import Any

from nova.compute import power_state
from nova.compute import task_states
from nova import context as nova_context
from nova.image import glance
from nova import objects
from nova.virt import fake
from nova.virt import node


class PocketDriver(fake.FakeDriver):
    """A host with room for several cf-deployments."""

    vcpus = 4000
    memory_mb = 8000000
    local_gb = 2000000

    def init_host(self, host: str) -> None:
        """Take over the instances that the database knows on this host."""
        super().init_host(host)
        instances = objects.InstanceList.get_by_host(
            nova_context.get_admin_context(), host,
            expected_attrs=['flavor'])
        for instance in instances:
            if instance.deleted or instance.vm_state in ('error', 'building'):
                continue
            self.instances[instance.uuid] = fake.FakeInstance(
                instance.name, instance.power_state or power_state.RUNNING,
                instance.uuid)
            self.resources.claim(vcpus=instance.flavor.vcpus,
                                 mem=instance.flavor.memory_mb,
                                 disk=instance.flavor.root_gb)

    def get_available_resource(self, nodename: str) -> dict[str, Any]:
        """As a KVM host has it.

        Stemcell images carry ``hypervisor_type=kvm``, and the scheduler's
        ImagePropertiesFilter would refuse the plain fake host for them.
        """
        resource = super().get_available_resource(nodename)
        resource['uuid'] = node.get_local_node_uuid()
        resource['hypervisor_type'] = 'QEMU'
        resource['supported_instances'] = [('x86_64', 'kvm', 'hvm')]
        return resource

    def get_nodenames_by_uuid(self, refresh: bool = False) -> dict[str, str]:
        """The one node, under the UUID kept in nova's state folder."""
        return {node.get_local_node_uuid(): self._nodes[0]}

    def snapshot(self, context: Any, instance: Any, image_id: str,
                 update_task_state: Any) -> None:
        """Upload a made-up image, so that it becomes active."""
        update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
        api = glance.API()
        update_task_state(task_state=task_states.IMAGE_UPLOADING,
                          expected_state=task_states.IMAGE_PENDING_UPLOAD)
        found = api.get(context, image_id)
        meta = {'name': found['name'], 'disk_format': 'raw',
                'container_format': 'bare',
                'properties': found.get('properties', {})}
        data = io.BytesIO(instance.uuid.encode().ljust(512, b'\0'))
        api.update(context, image_id, meta, data, purge_props=False)
