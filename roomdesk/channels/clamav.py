"""Asking a ClamAV daemon about a file (clamd(8), command INSTREAM)."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

#: Seconds for each step; looking into a large archive takes a while.
TIMEOUT = 120.0
_BLOCK = 1 << 16


class ScannerAway(Exception):
    """The daemon did not answer as one; whether the file is clean is not known."""


def infection(url: str, path: Path) -> str | None:
    """The name of what the daemon at `tcp://host:port` found in the file, None where it found nothing. Raises `ScannerAway`."""
    where = urlsplit(url)
    try:
        with socket.create_connection((where.hostname, where.port or 3310), TIMEOUT) as connection:
            _send(connection, path)
            answer = _read(connection)
    except OSError as error:
        raise ScannerAway(f"The virus scanner could not be reached ({type(error).__name__}).") from error
    return _verdict(answer)


def _send(connection: socket.socket, path: Path) -> None:
    """Each block with its length before it, an empty one at the end."""
    connection.sendall(b"zINSTREAM\0")
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            connection.sendall(len(block).to_bytes(4) + block)
    connection.sendall(bytes(4))


def _read(connection: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < 4096 and (more := connection.recv(4096)):
        answer += more
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _verdict(answer: str) -> str | None:
    result = answer.removeprefix("stream: ")
    if result == "OK":
        return None
    if result.endswith(" FOUND"):
        return result.removesuffix(" FOUND")
    raise ScannerAway(f'The virus scanner answered "{answer[:200]}".')
