"""A service as Apprise speaks to it by `json://`: each person has a path of their own; it takes a message, or fails when told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Notified:
    """`told` are person and title, in order; whoever is among `silent` cannot be reached."""

    port: int = 0
    told: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    tries: int = 0

    def address(self, person: str) -> str:
        return f"json://127.0.0.1:{self.port}/{person}"

    def people(self) -> list[str]:
        return [person for person, _ in self.told]

    def take(self, path: str, body: dict[str, Any]) -> int:
        person = path.strip("/")
        self.tries += 1
        assert set(body) >= {"title", "message", "type"}, body
        if person in self.silent:
            return 503
        self.told.append((person, body["title"]))
        self.bodies.append(body["message"])
        return 200


@contextmanager
def notified() -> Iterator[Notified]:
    fake = Notified()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(fake.take(self.path, body))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        fake.port = server.server_address[1]
        yield fake
        server.shutdown()
        thread.join()
