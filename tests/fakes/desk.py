"""A desk at the end of `roomdesk-guard`'s wire: it signs receipts as the real one does, or answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from roomdesk.rules.canonical_json import canonical_json, sha256_of

Json = dict[str, Any]
TOKEN = "rd_a-token-for-tests-only"


class Desk(ThreadingHTTPServer):
    """`wrong` changes the receipt before it is signed, `answer` replaces the whole answer (status, body); `calls` are what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self._key = Ed25519PrivateKey.generate()
        self.calls: list[tuple[str, Json]] = []
        self.wrong: Callable[[Json], Json] = lambda receipt: receipt
        self.answer: tuple[int, Any] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def public(self) -> str:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def receipt(self, consent: str, body: Json) -> Json:
        document = {"type": "roomdesk.consent.receipt.1", "consent": consent, "action": body["action"], "action_sha256": sha256_of(body["action"]), "nonce": body["nonce"]}  # fmt: skip
        text = canonical_json(self.wrong(document))
        return {"signed": text, "signature": self._key.sign(text.encode()).hex(), "key": "x", "receipt": document, "dry_run": False}  # fmt: skip


class _Call(BaseHTTPRequestHandler):
    server: Desk

    def do_POST(self) -> None:
        assert self.headers["Authorization"] == f"Bearer {TOKEN}" and self.headers["Content-Type"] == "application/json"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _, api, version, consents, consent, act = self.path.split("/")
        assert (api, version, consents) == ("api", "v1", "consents")
        self.server.calls.append((act, body))
        self._say(*(self.server.answer or (200, self.server.receipt(consent, body) if act == "consume" else {})))

    def _say(self, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if status in (301, 302, 307):
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *given: Any) -> None:
        """Quiet."""


@contextmanager
def desk() -> Iterator[Desk]:
    """A running one."""
    with Desk() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
