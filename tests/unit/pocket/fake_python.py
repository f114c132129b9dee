# SPDX-License-Identifier: Apache-2.0
"""Stands for the interpreter of a pocket cloud's venv, in tests.

Started as ``-m devstack.pocket.serve --state DIR NAME`` it is a tiny HTTP
server on that service's ports; started as anything else it succeeds.  A file
``data/NAME.says`` in the folder makes a service end, with that text for its
last words.
"""

import json
import pathlib
import select
import socket
import sys

LISTENERS = {'nova': ('nova', 'nova_metadata')}
ANSWER = b'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'


def serve(root: pathlib.Path, name: str) -> None:
    numbers = json.loads((root / 'pocket.json').read_text())['ports']
    servers = []
    for key in LISTENERS.get(name, (name,)):
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(('127.0.0.1', numbers[key]))
        server.listen(5)
        servers.append(server)
    while True:
        for server in select.select(servers, [], [])[0]:
            client, _address = server.accept()
            client.recv(4096)
            client.sendall(ANSWER)
            client.close()


def main(argv: list[str]) -> None:
    with open(pathlib.Path(sys.argv[0]).parent / 'calls', 'a') as calls:
        calls.write(' '.join(argv) + '\n')
    if argv[:2] == ['-m', 'devstack.pocket.serve']:
        root, name = pathlib.Path(argv[3]), argv[4]
        words = root / 'data' / (name + '.says')
        if words.exists():
            sys.exit(words.read_text())
        serve(root, name)


if __name__ == '__main__':
    main(sys.argv[1:])
