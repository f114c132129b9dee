# SPDX-License-Identifier: Apache-2.0
"""How long a director may take, and how much it may answer."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Limits:
    """Bounds that keep a slow or hostile host from holding a service up.

    :ivar connect_timeout: seconds to wait for a connection.
    :ivar read_timeout: seconds to wait for the next bytes of an answer.
    :ivar total_timeout: seconds that an answer may take as a whole.
    :ivar max_size: bytes that an answer may have.
    :ivar attempts: how often a GET is sent when the connection fails.
    :ivar retry_wait: seconds before the second attempt; doubled for each
        further one.
    """

    connect_timeout: float = 10
    read_timeout: float = 60
    total_timeout: float = 300
    max_size: int = 64 * 1024 * 1024
    attempts: int = 3
    retry_wait: float = 0.5

    @classmethod
    def from_conf(cls, conf: Any) -> 'Limits':
        """Take the limits from the options of ``cf_openstack.conf``."""
        group = conf.cf_openstack
        return cls(connect_timeout=group.director_connect_timeout,
                   read_timeout=group.director_read_timeout,
                   total_timeout=group.director_total_timeout,
                   max_size=group.director_max_response_size)
