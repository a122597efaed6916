"""A ClamAV daemon at the edge of the network: it understands INSTREAM as clamd(8) has it, and nothing else."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: What it takes for a virus; the real test pattern would trouble scanners of whoever keeps this text.
VIRUS = b"a test's own virus"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while size := int.from_bytes(self.rfile.read(4)):
            content += self.rfile.read(size)
        found = b"stream: Test.Virus FOUND\0" if VIRUS in content else b"stream: OK\0"
        self.wfile.write(found)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def clamd() -> Iterator[str]:
    """Runs one and gives its address."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
