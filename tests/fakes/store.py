"""A homeserver's file store that breaks off in the middle, and can go on where it broke (RFC 9110, section 14)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Store:
    """Holds one file. `breaks` answers break off after half of what is left; `asked` has the Range of every request."""

    content: bytes
    breaks: int = 1
    has_ranges: bool = True
    url: str = ""
    asked: list[str] = field(default_factory=list)


def _handler(store: Store) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path.startswith("/_matrix/client/v1/media/download/"), self.path
            assert self.headers["Authorization"].startswith("Bearer "), "a file is fetched with a token"
            asked = self.headers.get("Range", "")
            store.asked.append(asked)
            begin = int(asked[len("bytes=") :].rstrip("-")) if asked and store.has_ranges else 0
            left = store.content[begin:]
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(left)))
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(store.content) - 1}/{len(store.content)}")
            self.end_headers()
            store.breaks, broken = store.breaks - 1, store.breaks > 0
            self.wfile.write(left[: len(left) // 2] if broken else left)

        def log_message(self, *given: object) -> None:
            """Quiet."""

    return Handler


@contextmanager
def running(store: Store) -> Iterator[Store]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(store)) as server:
        store.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield store
        server.shutdown()
