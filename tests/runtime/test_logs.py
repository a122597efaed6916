"""Logs: no secret passes, one record is one line; and outgoing HTTP tells neither queries nor sensitive bodies."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from roomdesk.runtime import http, logs
from roomdesk.runtime.settings import load

SECRET = 'hush"hush-0123456789'


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


def configure(form: str) -> None:
    environ = {
        "ROOMDESK_SECRET_KEY": SECRET,
        "ROOMDESK_SMTP_URL": "smtp://desk:pass-word@mail",
        "ROOMDESK_LOG_FORMAT": form,
        "ROOMDESK_LOG_LEVEL": "debug",
    }
    logs.configure(load(environ), process="web")


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_removed_wherever_they_stand(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure(form)
    log = logging.getLogger("roomdesk.test")
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("in the message %s and %s", SECRET, {"url": "smtp://desk:pass-word@mail"}, extra={"note": SECRET})
    shown = capsys.readouterr().err
    assert "hush-0123456789" not in shown and "pass-word" not in shown
    assert shown.count("(hidden)") >= 4 and "ValueError" in shown


def test_json_lines_carry_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    with logs.bind(request="r-1"), logs.bind(lane=7):
        logging.getLogger("roomdesk.test").info("two\nlines", extra={"case": "BC-1"})
    entry = json.loads(capsys.readouterr().err)
    assert (
        entry.items()
        >= {
            "request": "r-1",
            "lane": 7,
            "case": "BC-1",
            "process": "web",
            "level": "info",
            "message": "two\nlines",
        }.items()
    )


def test_a_message_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text")
    logging.getLogger("roomdesk.test").info("said %s", "hello\n2026-01-01 ERROR forged")
    assert capsys.readouterr().err.count("\n") == 1


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302 if self.path.startswith("/moved") else 400)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"private words")

    def log_message(self, *ignored: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    made = HTTPServer(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.mark.parametrize("sensitive", [True, False])
def test_http_logs_no_query_and_no_sensitive_body(
    server: str, sensitive: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("text")
    with http.client(role="trial", timeout=60, base_url=server, sensitive=sensitive) as client:
        assert client.get("/path", params={"token": "in-the-query"}).text == "private words"
    shown = capsys.readouterr().err
    assert "trial: GET 127.0.0.1/path answered 400" in shown and "in-the-query" not in shown
    assert ("private words" in shown) is not sensitive


def test_http_follows_nothing_and_ignores_proxies(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with http.client(role="trial", timeout=60) as client:
        assert client.get(f"{server}/moved").status_code == 302
        assert client.headers["user-agent"].startswith("Roomdesk/")
    assert not http.answers("http://127.0.0.1:1/", timeout=0.2)
