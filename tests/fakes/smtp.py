"""A mail server at the edge of the network (RFC 5321): it takes mails, or answers as it is told; what it is sent it checks."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any


class Smtp(socketserver.ThreadingTCPServer):
    """`answers` are given to the next RCPT TO commands (`550 …`), and then 250 again; `drop` breaks off after the mail was taken."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[EmailMessage] = []
        self.answers: list[str] = []
        self.drop = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def to(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]


class _Talk(socketserver.StreamRequestHandler):
    server: Smtp

    def handle(self) -> None:
        self._say("220 fake ready")
        envelope: dict[str, Any] = {}
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "DATA":
                if not self._take(envelope):
                    return
            else:
                self._say(self._answer(verb, line, envelope))

    def _answer(self, verb: str, line: str, envelope: dict[str, Any]) -> str:
        if verb in ("EHLO", "HELO"):
            return "250-fake\r\n250 8BITMIME"
        if verb == "MAIL":
            envelope["from"] = line.partition("<")[2].partition(">")[0]
            return "250 ok"
        if verb == "RCPT":
            assert envelope.get("from"), "MAIL comes before RCPT"
            envelope["to"] = line.partition("<")[2].partition(">")[0]
            return self.server.answers.pop(0) if self.server.answers else "250 ok"
        return "250 ok"

    def _take(self, envelope: dict[str, Any]) -> bool:
        self._say("354 go on")
        lines = iter(self.rfile.readline, b".\r\n")
        text = b"".join(line[1:] if line.startswith(b"..") else line for line in lines)
        mail = email.message_from_bytes(text, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        assert str(mail["From"]) == envelope["from"] and envelope["to"] in str(mail["To"])
        self.server.mails.append(mail)
        if self.server.drop:
            self.server.drop -= 1
            return False
        self._say("250 taken")
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def smtp() -> Iterator[Smtp]:
    """A running one."""
    with Smtp() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
