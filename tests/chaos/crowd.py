"""Many people who write at once, and whose clients do not give up."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

from tests.chaos.check import Said
from tests.chaos.installation import ENGINEER, Installation, Person, content_of

THREADS = 6
#: Seconds after which a client may say that its homeserver is gone for good.
PATIENCE = 180
#: One message in so many is an engineer's answer to one who has written before.
ANSWERS = 8
#: So many people speak at one time of a long day.
ACTIVE = 40


@dataclass
class Crowd:
    """Speaks in all rooms. `said` holds what the homeserver took, by workspace; it grows while threads send."""

    installation: Installation
    workspaces: dict[str, list[str]]
    random: random.Random
    said: dict[str, Said] = field(default_factory=dict)

    def __post_init__(self) -> None:
        people = {name for names in self.workspaces.values() for name in names} | {ENGINEER}
        self.people = {name: self.installation.person(name) for name in sorted(people)}
        self.said = {slug: {} for slug in self.workspaces}
        self._roots: dict[str, list[str]] = {slug: [] for slug in self.workspaces}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="crowd")
        self._under_way: list[Future[None]] = []
        self._lock = threading.Lock()
        self._number = 0
        # Of its own: the homeserver answers a known one with the event that an earlier crowd of these people sent.
        self._transactions = f"m{self.random.getrandbits(32):08x}"
        everybody = [(slug, name) for slug, names in self.workspaces.items() for name in names]
        self.random.shuffle(everybody)
        #: Whoever has not spoken for long, or never: they begin one after another, so that cases open all the time.
        self._silent, self._active = deque(everybody), deque[tuple[str, str]]()

    @property
    def taken(self) -> list[str]:
        """Event ids of all that the homeserver took."""
        with self._lock:
            return [event for messages in self.said.values() for event in messages]

    def speak(self, count: int, newcomers: int = 0) -> None:
        """Lets `count` messages be sent, `newcomers` of them by people who have not spoken for long; returns at once."""
        speakers = [self._newcomer() for _ in range(newcomers)]
        speakers += [self._somebody() for _ in range(count - len(speakers))]
        self.random.shuffle(speakers)
        self._under_way += [self._pool.submit(self._say, slug, self.people[name]) for slug, name in speakers]

    def await_taken(self) -> None:
        """Until the homeserver has taken everything; raises what a client could not cope with."""
        for future in self._under_way:
            future.result()
        self._under_way.clear()

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for person in self.people.values():
            person.close()

    def _newcomer(self) -> tuple[str, str]:
        if len(self._active) >= ACTIVE or not self._silent:
            self._silent.append(self._active.popleft())
        self._active.append(self._silent.popleft())
        return self._active[-1]

    def _somebody(self) -> tuple[str, str]:
        slug, name = self.random.choice(self._active)
        return (slug, ENGINEER) if self.random.randrange(ANSWERS) == 0 else (slug, name)

    def _say(self, slug: str, person: Person) -> None:
        with self._lock:
            self._number += 1
            number, roots = self._number, self._roots[slug]
        thread = roots[number % len(roots)] if person.name == ENGINEER and roots else None
        text = f"Message {number} of {person.name}: the screen says error {number * 7919 % 1000}."
        began = time.time()
        event = self._send(
            person, self.installation.rooms[slug], f"{self._transactions}-{number}", content_of(text, thread)
        )
        with self._lock:
            self.installation.spans[event] = (began, time.time())
            self.said[slug][event] = text
            if person.name != ENGINEER:
                self._roots[slug].append(event)

    @staticmethod
    def _send(person: Person, room: str, transaction: str, content: dict[str, object]) -> str:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return person.put(room, transaction, content)
            except httpx.HTTPError as error:
                refused = isinstance(error, httpx.HTTPStatusError) and error.response.status_code < 500
                if refused or time.monotonic() > deadline:
                    raise
            # As clients do, before the same request is sent again.
            time.sleep(0.2)
