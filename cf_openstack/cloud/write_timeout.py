# SPDX-License-Identifier: Apache-2.0
"""A time limit for sending, which requests lacks.

With requests, the time limit of the connection holds for each send to it
as well: short, where an upload may have to wait for a busy disk.
"""

from typing import Any

from requests import adapters
from urllib3 import connectionpool


class Adapter(adapters.HTTPAdapter):
    """Sends requests, each block of their bodies within a time.

    What takes longer is a ConnectionError of requests.

    :param seconds: for one block.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make a pool manager whose connections know the limit."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            'http': _limited(
                connectionpool.HTTPConnectionPool, self._seconds),
            'https': _limited(
                connectionpool.HTTPSConnectionPool, self._seconds),
        }


def _limited(
    pool: type[connectionpool.HTTPConnectionPool], seconds: float
) -> type[connectionpool.HTTPConnectionPool]:

    class Connection(pool.ConnectionCls):

        def send(self, data: Any) -> None:
            if self.sock is None and self.auto_open:
                self.connect()
            if self.sock is not None:
                # Before an answer is read, urllib3 sets the limit of that.
                self.sock.settimeout(seconds)
            super().send(data)

    class Pool(pool):
        ConnectionCls = Connection

    return Pool
