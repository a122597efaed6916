"""One POST to an address that somebody has entered: to public addresses only, following nothing, waiting not for ever.

The address is judged where the connection is opened, after its name was looked up, so that a name which stands for another address
the second time leads nowhere.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from roomdesk.channels.webhook.errors import Answered, Forbidden, Unreachable
from roomdesk.rules.outside_address import is_public
from roomdesk.runtime import http

#: Seconds to come through, and for the whole answer.
CONNECT, ANSWER = 5.0, 15.0
#: So much of a refusal is kept, in characters; of an answer no more is read than this many bytes.
_EXCERPT, _READ = 200, 4096


class Network(httpcore.NetworkBackend):
    """Opens connections; to addresses that are not public only where `allow_private`."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        last: Exception = httpcore.ConnectError("The name stands for no address.")
        for address in self._checked(host, port):
            try:
                return self._real.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                last = error
        raise last

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        raise Forbidden("Webhooks go over the network.")

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds)

    def _checked(self, host: str, port: int) -> list[str]:
        """All addresses of the name; one that is not public forbids them all: the next look-up might choose it."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"The name {host} cannot be looked up.") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise Forbidden(f"{host} stands for an address that is not public, and nothing is sent to those.")
        return addresses


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool = False, allow_http: bool = False
) -> int:
    """Sends it; gives the status of the success. Raises `HookError`."""
    if not allow_http and urlsplit(url).scheme != "https":
        raise Forbidden("Webhooks are sent over https only.")
    given = [(name.encode(), value.encode()) for name, value in {**headers, "User-Agent": http.user_agent()}.items()]
    timeout = {"connect": CONNECT, "read": ANSWER, "write": ANSWER, "pool": CONNECT}
    try:
        # A connection of its own each time: calls are few, and an old one would not be judged again.
        with (
            _pool(allow_private) as pool,
            pool.stream("POST", url, headers=given, content=body, extensions={"timeout": timeout}) as answer,
        ):
            return _taken(answer)
    except (
        httpcore.NetworkError,
        httpcore.TimeoutException,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise Unreachable(str(error) or f"Nobody answered ({type(error).__name__}).") from error
    except ssl.SSLError as error:
        raise Unreachable(f"It could not be spoken to in private ({error.reason}).") from error


def _pool(allow_private: bool) -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(
        ssl_context=_trusted(), max_connections=1, network_backend=Network(allow_private=allow_private)
    )


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _taken(answer: httpcore.Response) -> int:
    if 200 <= answer.status < 300:
        return answer.status
    text = _beginning(answer.iter_stream()).decode("utf-8", "replace")
    raise Answered(answer.status, " ".join(text.split())[:_EXCERPT], _asked(answer.headers))


def _beginning(parts: Iterable[bytes]) -> bytes:
    """Some of an answer; one that drips is left."""
    found, until = b"", time.monotonic() + ANSWER
    for part in parts:
        found += part
        if len(found) >= _READ or time.monotonic() > until:
            break
    return found[:_READ]


def _asked(headers: Iterable[tuple[bytes, bytes]]) -> timedelta:
    """`Retry-After` in seconds; its other form, a date, is not heeded."""
    value = {name.lower(): text for name, text in headers}.get(b"retry-after", b"")
    return timedelta(seconds=min(int(value), 86_400)) if value.isdigit() and len(value) < 10 else timedelta()
