# SPDX-License-Identifier: Apache-2.0
"""Whether something answers on a port of loopback, in its own protocol."""

from collections.abc import Callable
import socket
import struct
import urllib.error
import urllib.request

from devstack.pocket import ports

# Whatever proxies the environment names: this is about loopback.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http(port: int, path: str, limit: float) -> bool:
    """Whether a page is answered, with whatever but an error."""
    url = 'http://%s:%d%s' % (ports.HOST, port, path)
    try:
        with OPENER.open(url, timeout=limit):
            return True
    except urllib.error.HTTPError as exc:
        return exc.code < 500
    except OSError:
        return False


def amqp(port: int, limit: float) -> bool:
    """Whether a broker greets: AMQP 0-9-1, a method frame (Start)."""
    return _greeting(port, limit, b'AMQP\0\0\x09\1', 1) == b'\1'


def mysql(port: int, limit: float) -> bool:
    """Whether a database server greets: protocol 10, after a header.

    It does so only once its databases and users are made.
    """
    return _greeting(port, limit, b'', 5)[4:] == b'\n'


def epmd(port: int, limit: float) -> bool:
    """Whether Erlang's port mapper tells its names (NAMES_REQ)."""
    return _greeting(port, limit, b'\0\1n', 4) == struct.pack('>I', port)


def _greeting(port: int, limit: float, said: bytes, size: int) -> bytes:
    """The first bytes that a server answers, or fewer."""
    heard = b''
    try:
        with socket.create_connection((ports.HOST, port), limit) as stream:
            stream.sendall(said)
            while len(heard) < size:
                more = stream.recv(size - len(heard))
                if not more:
                    break
                heard += more
    except OSError:
        return b''
    return heard


#: How a service is asked that does not speak HTTP.
PROTOCOLS: dict[str, Callable[[int, float], bool]] = {
    'amqp': amqp, 'mysql': mysql, 'epmd': epmd}
