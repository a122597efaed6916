"""What the homeserver calls: the Application Service API, v1 (matrix-facts §6, contracts §3).

A plain ASGI application in front of Django: sessions, languages and the list of host names mean nothing here, a wrong
token is refused before the body is read, and after an outage Synapse drains its backlog one event per transaction, so
that each of them must be cheap.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from roomdesk.channels.matrix.names import user_id
from roomdesk.channels.matrix.receive import BadTransaction, read_transaction
from roomdesk.queues import inbox
from roomdesk.runtime import clock
from roomdesk.runtime.settings import Settings
from roomdesk.runtime.synapse_config import BOT

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/_matrix/app/"
LARGEST = 64 * 1024 * 1024
_LOG = logging.getLogger("roomdesk.appservice")


class Refusal(Exception):
    """An answer with errcode."""

    def __init__(self, status: int, errcode: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.body = {"errcode": errcode, "error": sentence}


class Appservice:
    """The endpoint of one process. The homeserver has one transaction under way at a time: one thread suffices."""

    def __init__(
        self, settings: Settings, *, threads: int = 1, is_awaited: Callable[[str], bool] = lambda room: False
    ) -> None:
        """`is_awaited`: whether somebody has a page of this room open; asked from the threads."""
        self._count = threads
        self._is_awaited = is_awaited
        self._token = (settings.hs_token or "").encode()
        self._bot = user_id(BOT, settings.matrix_server_name)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="appservice")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, body = 200, await self._answer(scope, receive)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        await _respond(send, status, body)

    async def _answer(self, scope: Scope, receive: Receive) -> dict[str, Any]:
        self._check_token(scope)
        method, parts = scope["method"], scope["path"].removeprefix(PREFIX).split("/", 2)
        version, kind, name = (*parts, "", "")[:3]
        allowed = _METHODS.get(kind) if version == "v1" and (name != "") == (kind != "ping") else None
        if allowed is None:
            raise Refusal(404, "M_UNRECOGNIZED", "There is nothing at this address.")
        if method != allowed:
            raise Refusal(405, "M_UNRECOGNIZED", f"Only {allowed} is answered at this address.")
        if kind in ("users", "rooms"):
            # Asked for every name somebody tries; all there are exist already, so the database has nothing to add.
            raise Refusal(404, "M_NOT_FOUND", "There is no such name.")
        body = await _read(scope, receive)
        return await self._store(name, body) if kind == "transactions" else {}

    def close(self) -> None:
        """Ends the threads and with them their database connections."""
        from django.db import connection

        for _ in range(self._count):
            self._threads.submit(lambda: connection.close())
        self._threads.shutdown()

    def _check_token(self, scope: Scope) -> None:
        given = dict(scope["headers"]).get(b"authorization", b"")
        if not given.lower().startswith(b"bearer "):
            raise Refusal(401, "M_MISSING_TOKEN", "The homeserver's token is missing.")
        if not self._token or not hmac.compare_digest(given[7:].strip(), self._token):
            raise Refusal(403, "M_FORBIDDEN", "The homeserver's token is wrong.")

    async def _store(self, name: str, body: bytes) -> dict[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._store_now, name, body)

    def _store_now(self, name: str, body: bytes) -> dict[str, Any]:
        """Reads and stores; on its own thread, whose database connection stays open from one transaction to the next."""
        from django.db import DatabaseError

        try:
            arrivals = read_transaction(body, self._bot)
        except BadTransaction as error:
            _LOG.warning("A transaction of the homeserver was refused: %s", error)
            raise Refusal(400, error.errcode, str(error)) from error
        is_awaited = any(self._is_awaited(one.address) for one in arrivals if not one.is_patient)
        try:
            _stored(_identity(name), body, arrivals, is_awaited)
        except DatabaseError as error:
            _LOG.error("A transaction of the homeserver could not be stored: %s", str(error).strip().partition("\n")[0])
            raise Refusal(
                503, "M_UNKNOWN", "The desk cannot store events just now; send the transaction again."
            ) from error
        return {}


_METHODS = {"transactions": "PUT", "ping": "POST", "users": "GET", "rooms": "GET"}


def _identity(name: str) -> str:
    """The transaction id as it can be stored whatever was in the address."""
    return (
        name if name.isprintable() and len(name) <= 255 else hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    )


def _stored(name: str, body: bytes, arrivals: list[inbox.Arrival], is_awaited: bool) -> None:
    """Stores; once more where the connection had died while it was idle (PostgreSQL was restarted)."""
    from django.db import InterfaceError, OperationalError, connection

    try:
        inbox.receive_transaction(name, body, arrivals, clock.now(), is_awaited=is_awaited)
    except (OperationalError, InterfaceError):
        connection.close()
        # Those that wait in the pool died with it; without this look each of them would fail one transaction.
        pool = getattr(connection, "pool", None)
        if pool is not None and not pool.closed:
            pool.check()
        inbox.receive_transaction(name, body, arrivals, clock.now(), is_awaited=is_awaited)


async def _read(scope: Scope, receive: Receive) -> bytes:
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    parts, size, more = [], 0, True
    too_large = announced.isdigit() and int(announced) > LARGEST
    while more and not too_large:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "M_UNKNOWN", "The request broke off.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more, too_large = message.get("more_body", False), size > LARGEST
    if too_large:
        raise Refusal(413, "M_TOO_LARGE", f"A transaction may have at most {LARGEST} bytes.")
    return b"".join(parts)


async def _respond(send: Send, status: int, body: dict[str, Any]) -> None:
    text = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
