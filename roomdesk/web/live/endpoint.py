"""Server-sent events under `/live/`: an open page hears that it is behind, and fetches itself (decisions 0006, 0041).

A plain ASGI application beside Django: a stream lasts as long as somebody looks at a page, and in Django each would keep a thread and a
database connection. Events are `here` (how the page stands, when the stream begins), `changed` and `gone`; their id is the mark.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from types import SimpleNamespace
from urllib.parse import parse_qs

from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from roomdesk.web.appservice import Receive, Send
from roomdesk.web.appservice import Scope as Asked
from roomdesk.web.live.hub import Follower, Hub
from roomdesk.web.live.scopes import PREFIX, Looking, Scope, Seen, scope_of

__all__ = ["PREFIX", "Live"]

#: Pages that one process tells; more are refused, and have their timers.
MOST = 1000
#: Seconds between signs of life: proxies end what is silent.
QUIET = 15.0
#: Seconds in which a reader has to take what it is sent.
TAKES = 30.0
#: Milliseconds after which a browser comes back.
_RETRY = 1000
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class Live:
    """The endpoint of one process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._hub: Hub | None = None

    async def __call__(self, scope: Asked, receive: Receive, send: Send) -> None:
        asked = scope_of(scope["path"])
        if scope["method"] != "GET" or asked is None:
            await _refuse(send, 404)
        elif len(self.hub) >= MOST or self.hub.is_ending:
            await _refuse(send, 503)
        else:
            await self._answer(scope, asked, receive, send)

    async def _answer(self, scope: Asked, asked: Scope, receive: Receive, send: Send) -> None:
        session = _session(scope)
        found = await asyncio.get_running_loop().run_in_executor(self.hub.threads, _first, session, asked)
        if found is None:
            await _refuse(send, 404)
        else:
            await self._tell(Follower(session, asked, *found), _known(scope), receive, send)

    @property
    def hub(self) -> Hub:
        if self._hub is None:
            self._hub = Hub(self._url, looked)
        return self._hub

    def watches(self, room: str) -> bool:
        """Whether a page of this room is open in this process. From any thread."""
        return self._hub is not None and self._hub.watches(room)

    def end(self) -> None:
        """Lets everybody go, so that the process can end at once."""
        if self._hub is not None:
            self._hub.end()

    async def _tell(self, follower: Follower, known: str, receive: Receive, send: Send) -> None:
        self.hub.join(follower)
        # Once more: what came between the first look and joining was told to nobody.
        self.hub.wake([follower.seen.lane] if follower.seen.lane is not None else [])
        left = asyncio.create_task(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await self._stream(follower, known, left, send)
        except (OSError, TimeoutError):
            pass  # Whoever does not listen any more comes back.
        finally:
            self.hub.leave(follower)
            left.cancel()

    async def _stream(self, follower: Follower, known: str, left: asyncio.Task[None], send: Send) -> None:
        """Which events there are is in the module's docstring."""
        is_behind = known not in ("", follower.seen.mark)
        await _write(send, f"retry: {_RETRY}\n\n{_event('changed' if is_behind else 'here', follower.seen.mark)}")
        while True:
            told = asyncio.create_task(follower.told.wait())
            await asyncio.wait({told, left}, timeout=QUIET, return_when=asyncio.FIRST_COMPLETED)
            told.cancel()
            if left.done():
                return
            if not follower.told.is_set():
                await _write(send, ":\n\n")
                continue
            follower.told.clear()
            if follower.ended or self.hub.is_ending:
                await _write(send, _event("gone", "") if follower.ended else "", more=False)
                return
            await _write(send, _event("changed", follower.seen.mark))


def looked(followers: Sequence[Follower]) -> list[Seen | None]:
    """Looks at pages again, each for whoever is signed in by its session; in a thread of its own."""
    from django.db import connection

    try:
        looking, people = Looking(clock.now()), _People()
        return [_look(looking, people.of(one.session), one.scope) for one in followers]
    finally:
        connection.close()


def _first(session: str, asked: Scope) -> tuple[Seen, frozenset[str]] | None:
    """How the page stands, and the rooms whose lane it follows."""
    from django.db import connection

    from roomdesk.queues.lanes import addresses

    try:
        seen = _look(Looking(clock.now()), _People().of(session), asked)
        return None if seen is None else (seen, addresses(seen.lane, "matrix") if seen.lane else frozenset())
    finally:
        connection.close()


def _look(looking: Looking, person: object, asked: Scope) -> Seen | None:
    from roomdesk.directory.models import Person

    if not isinstance(person, Person):
        return None
    try:
        return looking.look(asked, person)
    except DeskError:
        return None


class _People:
    """Who is signed in by which session, each asked for once; signing out or a new password ends it."""

    def __init__(self) -> None:
        self._known: dict[str, object] = {}

    def of(self, session: str) -> object:
        if session not in self._known:
            self._known[session] = _signed_in(session)
        return self._known[session]


def _signed_in(session: str) -> object:
    from django.contrib.auth import get_user
    from django.contrib.sessions.backends.db import SessionStore

    return get_user(SimpleNamespace(session=SessionStore(session))) if session else None  # type: ignore[arg-type]


def _session(scope: Asked) -> str:
    from django.conf import settings

    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(_header(scope, b"cookie"))
    except CookieError:
        return ""
    found = jar.get(settings.SESSION_COOKIE_NAME)
    return found.value if found else ""


def _known(scope: Asked) -> str:
    """The mark that the reader has: of the last event where the browser came back by itself, else of the page."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return _header(scope, b"last-event-id") or query.get("from", [""])[0]


def _header(scope: Asked, name: bytes) -> str:
    found: bytes = dict(scope["headers"]).get(name, b"")
    return found.decode("latin-1")


def _event(name: str, mark: str) -> str:
    return f"event: {name}\nid: {mark}\ndata: {mark}\n\n"


async def _write(send: Send, text: str, *, more: bool = True) -> None:
    body = {"type": "http.response.body", "body": text.encode(), "more_body": more}
    await asyncio.wait_for(send(body), TAKES)


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    """Returns once the reader has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
