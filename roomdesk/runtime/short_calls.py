"""Calls to one server, many and short: on kept connections, and without what a client for any address does for each of them."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import httpcore

from roomdesk.runtime import http

_LOG = logging.getLogger("roomdesk.http")
#: Seconds that a connection is kept without a call.
_KEPT = 5.0
#: What an outage looks like.
OUTAGES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by their names in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


class ShortCalls:
    """A client of the server at `base_url`; `role` names the purpose in logs, `timeout` in seconds holds for each phase of a call.

    Logged are, as by `http.client`, method, path (never the query), status and time; bodies of refusals too, unless `sensitive`.
    Redirects are not followed.
    """

    def __init__(
        self, *, role: str, base_url: str, timeout: float, connections: int = 100, sensitive: bool = False
    ) -> None:
        self._role, self._is_sensitive = role, sensitive
        parts = urlsplit(base_url)
        self._base, self._scheme = parts.path.rstrip("/"), parts.scheme.encode()
        self._host, self._port = (parts.hostname or "").encode("idna"), parts.port
        self._common = [(b"User-Agent", http.user_agent().encode()), (b"Accept", b"application/json")]
        self._timeout = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout)}
        self._pool = httpcore.ConnectionPool(
            ssl_context=http.trusted(), max_connections=connections, keepalive_expiry=_KEPT
        )

    def close(self) -> None:
        self._pool.close()

    def request(
        self,
        method: str,
        where: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Sequence[tuple[str, str]] = (),
        content: bytes | None = None,
    ) -> Answer:
        """Makes the call. Raises one of `OUTAGES` where nobody answered, or not in time."""
        began = time.monotonic()
        target = f"{self._base}{where}?{urlencode(params)}" if params else f"{self._base}{where}"
        url = httpcore.URL(scheme=self._scheme, host=self._host, port=self._port, target=target.encode("ascii"))
        given = [*self._common, *((name.encode(), value.encode()) for name, value in headers)]
        found = self._pool.request(method, url, headers=given, content=content, extensions=self._timeout)
        names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in found.headers}
        answer = Answer(found.status, names, found.content)
        self._log(method, where, answer, began)
        return answer

    def _log(self, method: str, where: str, answer: Answer, began: float) -> None:
        if not _LOG.isEnabledFor(logging.DEBUG):
            return
        took = (time.monotonic() - began) * 1000
        is_told = answer.status >= 400 and not self._is_sensitive
        body = f": {answer.text[:500]}" if is_told else ""
        host = self._host.decode()
        _LOG.debug("%s: %s %s%s answered %d in %.0f ms%s", self._role, method, host, where, answer.status, took, body)
