"""Who follows which page in this process, and when they are told: one listener at the database for all of them.

A page is told that it is behind, never what happened, so that one word is enough however much did: a slow reader has at most one word
waiting (back-pressure), and who missed some is told once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import make_conninfo

from roomdesk.queues.signals import LIVE
from roomdesk.web.live.scopes import Scope, Seen

_LOG = logging.getLogger("roomdesk.live")

#: Seconds from one round of looks to the next; what comes in between is looked at together. What concerns no open page makes none wait.
PACE = 0.04
#: The same for pages that everything concerns, such as the inbox.
PACE_OF_ALL = 1.0
#: Seconds after which every page is looked at without a word from the database: whether its reader may still see it, above all.
SWEEP = 15.0
#: Seconds until the listener tries again.
AGAIN = 2.0


@dataclass(eq=False, slots=True)
class Follower:
    """One open page, and the rooms that it shows. `mark` is how its reader knows it; `ended` once they may not see it any more."""

    session: str
    scope: Scope
    seen: Seen
    rooms: frozenset[str] = frozenset()
    ended: bool = False
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, seen: Seen | None) -> None:
        """What a look found; None: they may not see it any more."""
        if seen is None:
            self.ended = True
        elif seen.mark == self.seen.mark:
            return
        else:
            self.seen = seen
        self.told.set()


#: Looks at these pages again, in a thread; the same order.
Look = Callable[[Sequence[Follower]], Sequence[Seen | None]]


class Hub:
    """The followers of one process. All of it runs in one event loop, but for `look`."""

    def __init__(self, url: str, look: Look) -> None:
        self._url = url
        self._look = look
        self._followers: set[Follower] = set()
        #: How many pages show a room; read from other threads.
        self._rooms: Counter[str] = Counter()
        self._woken = asyncio.Event()
        self._lanes: set[int] = set()
        self._is_all = False
        self._tasks: list[asyncio.Task[None]] = []
        self.threads = ThreadPoolExecutor(2, thread_name_prefix="live")
        self.is_ending = False

    def __len__(self) -> int:
        return len(self._followers)

    def join(self, follower: Follower) -> None:
        """Begins to tell it; the first one starts the listener."""
        self._followers.add(follower)
        self._rooms.update(follower.rooms)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._rounds())]

    def leave(self, follower: Follower) -> None:
        if follower in self._followers:
            self._followers.discard(follower)
            self._rooms.subtract(follower.rooms)

    def watches(self, room: str) -> bool:
        """Whether an open page of this process shows the room. From any thread."""
        return self._rooms[room] > 0

    def wake(self, lanes: Iterable[int] | None = None) -> None:
        """Something happened in these lanes; None: nobody knows where."""
        self._is_all = self._is_all or lanes is None
        self._lanes.update(lanes or ())
        self._woken.set()

    def end(self) -> None:
        """The process ends: readers are let go, and come back to another one."""
        self.is_ending = True
        for follower in self._followers:
            follower.told.set()

    async def close(self) -> None:
        """Ends the listener and the threads."""
        self.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self.threads.shutdown()

    async def _listen(self) -> None:
        """After a break everybody is looked at: nobody knows what was missed."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(_watchful(self._url), autocommit=True) as connection:
                    await connection.execute(f"LISTEN {LIVE}")
                    self.wake()
                    async for told in connection.notifies():
                        self.wake(int(lane) for lane in told.payload.split(",") if lane.isdecimal())
            except psycopg.Error as error:
                _LOG.warning("Open pages are not told of changes just now: %s", str(error).strip().partition("\n")[0])
            await asyncio.sleep(AGAIN)

    async def _rounds(self) -> None:
        loop = asyncio.get_running_loop()
        swept = looked_at_all = loop.time()
        while not self.is_ending:
            try:
                await asyncio.wait_for(self._woken.wait(), max(swept + SWEEP - loop.time(), 0))
            except TimeoutError:
                self._is_all = True
            self._woken.clear()
            lanes, is_all, self._is_all = frozenset(self._lanes), self._is_all, False
            self._lanes.clear()
            now = loop.time()
            is_alls_turn = is_all or now - looked_at_all >= PACE_OF_ALL
            if is_all:
                swept = now
            if is_alls_turn:
                looked_at_all = now
            elif any(one.seen.lane is None for one in self._followers):
                loop.call_later(looked_at_all + PACE_OF_ALL - now, self._woken.set)
            concerned = [one for one in self._followers if is_all or _concerns(one, lanes, is_alls_turn)]
            if concerned:
                await self._round(concerned)
                await asyncio.sleep(PACE)

    async def _round(self, followers: Sequence[Follower]) -> None:
        try:
            found = await asyncio.get_running_loop().run_in_executor(self.threads, self._look, followers)
        except Exception:  # noqa: BLE001 - one bad look must not end them all; the pages have their timers meanwhile
            _LOG.exception("Open pages could not be looked at; it is tried again.")
            await asyncio.sleep(AGAIN)
            self.wake()
            return
        for follower, seen in zip(followers, found, strict=True):
            follower.take(seen)


def _concerns(follower: Follower, lanes: frozenset[int], is_alls_turn: bool) -> bool:
    return is_alls_turn if follower.seen.lane is None else follower.seen.lane in lanes


def _watchful(url: str) -> str:
    """With keepalives: a listener never sends anything, and would not notice that the other side is gone."""
    return make_conninfo(
        url, keepalives=1, keepalives_idle=10, keepalives_interval=5, keepalives_count=3, connect_timeout=5
    )
