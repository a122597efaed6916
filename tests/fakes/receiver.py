"""A receiver of webhooks as the specification describes one (standardwebhooks.com): it checks every signature itself, and refuses what is wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Seconds by which a message may be older or younger than the receiver's clock.
TOLERANCE = 300


@dataclass
class Receiver:
    """`secrets`: those it knows. `answers` are given one after the other, then 204. `taken` are the bodies of verified messages by id."""

    url: str = ""
    secrets: list[str] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: dict[str, Any] = field(default_factory=dict)
    bad: int = 0
    now: Callable[[], float] = time.time

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], str]:
        self.seen.append((headers, body))
        if not self.is_genuine(headers, body):
            self.bad += 1
            return 401, {}, "The signature is wrong."
        if self.answers:
            return self.answers.pop(0)
        self.taken[headers["webhook-id"]] = json.loads(body)
        return 204, {}, ""

    def is_genuine(self, headers: dict[str, str], body: bytes) -> bool:
        """Whether one signature of version 1 was made with a secret that it knows, not long ago."""
        name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not at.isdigit() or abs(int(at) - self.now()) > TOLERANCE or "." in name:
            return False
        given = [
            one.split(",", 1)[1] for one in headers.get("webhook-signature", "").split(" ") if one.startswith("v1,")
        ]
        content = name.encode() + b"." + at.encode() + b"." + body
        wanted = [hmac.digest(base64.b64decode(s.split("_", 1)[1]), content, hashlib.sha256) for s in self.secrets]
        return any(hmac.compare_digest(base64.b64decode(one), digest) for one in given for digest in wanted)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Runs one on this machine."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, headers, text = found.answer({k.lower(): v for k, v in self.headers.items()}, body)
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        yield found
        server.shutdown()
        thread.join()
