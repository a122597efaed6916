"""Short calls to one server: what goes out, what comes back, what an outage looks like."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from roomdesk.runtime.short_calls import OUTAGES, ShortCalls


@dataclass
class Server:
    """Answers with `status` and what it was asked; `silent` takes a call and says nothing."""

    url: str = ""
    status: int = 200
    silent: threading.Event | None = None
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.connections.add(self.client_address)
            found.asked.append((self.command, self.path, dict(self.headers.items()), body))
            if found.silent is not None:
                found.silent.wait(60)
            self.send_response(found.status)
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_PUT = do_POST = _answer

        def log_message(self, *args: Any) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
        thread.start()
        found.url = f"http://127.0.0.1:{listening.server_address[1]}"
        yield found
        if found.silent is not None:
            found.silent.set()
        listening.shutdown()
        thread.join(60)


@pytest.fixture
def calls(server: Server) -> Iterator[ShortCalls]:
    made = ShortCalls(role="test", base_url=f"{server.url}/base/", timeout=30)
    yield made
    made.close()


def test_a_call_goes_out_as_it_was_given_on_a_connection_that_is_kept(server: Server, calls: ShortCalls) -> None:
    answer = calls.request(
        "PUT", "/rooms/%21a", params={"user_id": "@an na:hs"}, headers=[("X-Own", "1")], content=b"{}"
    )
    assert (answer.status, answer.is_success, answer.headers["retry-after"], answer.content) == (200, True, "7", b"{}")
    calls.request("GET", "/rooms")
    (method, path, headers, body), (_, second, more, nothing) = server.asked
    assert (method, path, body) == ("PUT", "/base/rooms/%21a?user_id=%40an+na%3Ahs", b"{}")
    assert (second, nothing) == ("/base/rooms", b"")
    assert headers["X-Own"] == "1" and headers["User-Agent"].startswith("Roomdesk/")
    assert headers["Host"] == more["Host"] == server.url.removeprefix("http://")
    assert "Content-Length" not in more and len(server.connections) == 1


@pytest.mark.parametrize("sensitive", [False, True])
def test_a_refusal_is_an_answer_and_is_logged_with_its_body_unless_it_is_sensitive(
    server: Server, sensitive: bool, caplog: pytest.LogCaptureFixture
) -> None:
    server.status = 403
    calls = ShortCalls(role="test", base_url=server.url, timeout=30, sensitive=sensitive)
    with caplog.at_level(logging.DEBUG, "roomdesk.http"):
        answer = calls.request("POST", "/secret", params={"key": "hidden"})
    calls.close()
    assert (answer.status, answer.is_success, answer.text) == (403, False, "{}")
    (line,) = caplog.messages
    assert line.startswith("test: POST 127.0.0.1/secret answered 403") and "hidden" not in line
    assert line.endswith(": {}") is not sensitive


def test_an_outage_is_one_of_few_errors_whatever_it_is(server: Server) -> None:
    nobody = ShortCalls(role="test", base_url="http://127.0.0.1:1", timeout=30)
    with pytest.raises(OUTAGES) as refused:
        nobody.request("GET", "/")
    nobody.close()
    server.silent = threading.Event()
    hasty = ShortCalls(role="test", base_url=server.url, timeout=0.1)
    with pytest.raises(OUTAGES) as late:
        hasty.request("GET", "/")
    hasty.close()
    assert [type(found.value).__name__ for found in (refused, late)] == ["ConnectError", "ReadTimeout"]
