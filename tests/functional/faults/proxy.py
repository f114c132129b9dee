# SPDX-License-Identifier: Apache-2.0
"""A proxy between a CPI and a cloud, which counts requests and breaks them.

Each service gets a port of its own on loopback.  The addresses in
Keystone's catalog, in version documents and in links are replaced in every
JSON answer, so that whoever starts with the proxy's Keystone stays with
the proxy.
"""

from collections.abc import Callable
from collections.abc import Mapping
import os
import re
import selectors
import signal
import socket
import threading
from types import TracebackType
from typing import Self
import urllib.parse

from tests.functional.faults import kinds
from tests.functional.faults import recording
from tests.functional.faults import relay

_HOST = '127.0.0.1'


def _no_fault(exchange: recording.Exchange) -> None:
    return None


class Proxy:
    """Runs from entering to leaving it as a context.

    :param upstreams: the services' addresses by their names, such as
        ``{'keystone': 'http://127.0.0.1:5000'}``; paths do not matter.
    :param choose: gives the fault of each request, or None.
    :ivar recording: what has passed so far.
    :ivar process: the CPI's process id, for faults that are signals.
    """

    def __init__(
        self,
        upstreams: Mapping[str, str],
        choose: Callable[
            [recording.Exchange], kinds.Fault | None] = _no_fault,
    ) -> None:
        self.recording = recording.Recording()
        self.process: int | None = None
        self._choose = choose
        self._bases: dict[str, str] = {}
        self._listeners: dict[socket.socket, relay.Upstream] = {}
        self._wake, self._waker = socket.socketpair()
        for service, url in upstreams.items():
            parts = urllib.parse.urlsplit(url)
            self._bases[service] = f'{parts.scheme}://{parts.netloc}'
            listener = socket.create_server((_HOST, 0), backlog=64)
            self._listeners[listener] = relay.Upstream(
                service, parts.hostname, parts.port)
        self._urls = {
            upstream.service: 'http://%s:%d' % listener.getsockname()
            for listener, upstream in self._listeners.items()}
        self._targets = {
            base.encode(): self._urls[service].encode()
            for service, base in self._bases.items()}
        self._pattern = re.compile(b'(%s)(?![0-9])' % b'|'.join(
            re.escape(base) for base in self._targets))
        self._thread = threading.Thread(
            target=self._accept, name='fault proxy', daemon=True)

    def url(self, service: str, path: str = '') -> str:
        """Where a service is reached through the proxy."""
        return self._urls[service] + path

    def fault(self, exchange: recording.Exchange) -> kinds.Fault | None:
        """The fault of a request, None for none."""
        return self._choose(exchange)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the CPI."""
        if self.process is None:
            raise RuntimeError('No process was named to the proxy')
        os.kill(self.process, number)

    def rewrite(self, data: bytes) -> bytes:
        """Replace the services' addresses by the proxy's."""
        return self._pattern.sub(
            lambda found: self._targets[found[1]], data)

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            for listener in (*self._listeners, self._wake):
                selector.register(listener, selectors.EVENT_READ)
            while True:
                for key, _events in selector.select():
                    if key.fileobj is self._wake:
                        return
                    accepted, address = key.fileobj.accept()
                    self.recording.connected()
                    threading.Thread(
                        target=self._serve, daemon=True,
                        args=(accepted, address,
                              self._listeners[key.fileobj])).start()

    def _serve(
        self,
        accepted: socket.socket,
        address: tuple[str, int],
        upstream: relay.Upstream,
    ) -> None:
        handler = type('Relay', (relay.Relay,), {
            'owner': self, 'upstream': upstream})
        with accepted:
            try:
                handler(accepted, address, None)
            except OSError:
                # The other end has gone while the last bytes went out.
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._waker.send(b'.')
        self._thread.join()
        for closed in (*self._listeners, self._wake, self._waker):
            closed.close()
