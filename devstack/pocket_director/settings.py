# SPDX-License-Identifier: Apache-2.0
"""What a pocket director is told when it starts."""

import dataclasses
import pathlib


@dataclasses.dataclass(frozen=True)
class Settings:
    """Options of one director.

    ``root`` holds all of its state.  ``cpi`` is the executable that it
    runs; a cpi-config entry of type T runs ``jobs/T_cpi/bin/cpi`` instead.
    ``workers`` tasks run at once, each with ``threads`` CPI calls at once.
    ``lock_timeout`` and ``orphan_disk_retention`` are in seconds; the
    latter keeps orphaned disks after their deployment's deletion, and 0
    deletes them with it.  ``redirect`` is the status that sends a client
    to a task: 302 behind today's nginx, 303 behind a coming one.
    ``location_host`` replaces the host of such a redirect, as a director
    behind NAT would.  ``uaa`` adds a UAA, whose tokens take the place of
    HTTP Basic, at ``uaa_port`` (0: any), each for ``token_lifetime``
    seconds.  ``task_timeout`` is how long a task without a worker, such as
    one that a restart has left behind, still seems to run (180 s with a real
    director).
    """

    root: pathlib.Path
    port: int
    cpi: pathlib.Path
    host: str = '127.0.0.1'
    name: str = 'pocket'
    version: str = '283.1.6 (00000000)'
    workers: int = 3
    threads: int = 4
    max_vm_create_tries: int = 5
    lock_timeout: float = 10
    orphan_disk_retention: int = 0
    cpi_resize_disk: bool = False
    redirect: int = 302
    location_host: str | None = None
    uaa: bool = False
    uaa_port: int = 0
    token_lifetime: float = 120
    task_timeout: float = 0

    @property
    def endpoint(self) -> str:
        """Where clients find the director."""
        return f'https://{self.host}:{self.port}'

    def path(self, *parts: str) -> pathlib.Path:
        """A file or folder within the director's state."""
        return self.root.joinpath(*parts)
