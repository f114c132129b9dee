# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ's configuration."""

from devstack.pocket import ports
from devstack.pocket import state as pocket_state

USER = 'pocket'


def files(state: pocket_state.State) -> dict[str, str]:
    """The configuration files, name -> text.

    The default user is made when the broker starts for the first time; with
    another one named, there never is a "guest".
    """
    options = {
        'listeners.tcp.pocket': '%s:%d' % (
            ports.HOST, state.ports['rabbitmq']),
        'default_user': USER,
        'default_pass': state.secrets['rabbitmq'],
        'log.console': 'true',
        'log.console.level': 'warning',
        'log.file': 'false',
        # whoever looks whether it is up goes without logging in
        'log.connection.level': 'error',
        'vm_memory_high_watermark.absolute': '1GB',
        'disk_free_limit.absolute': '50MB',
    }
    return {
        'rabbitmq.conf': ''.join(
            '%s = %s\n' % pair for pair in options.items()),
        # no plugin, and so no management over HTTP
        'rabbitmq-plugins': '[].\n',
    }


def url(state: pocket_state.State) -> str:
    """The bus, as oslo.messaging's transport_url."""
    return 'rabbit://%s:%s@%s:%d/' % (
        USER, state.secrets['rabbitmq'], ports.HOST, state.ports['rabbitmq'])
