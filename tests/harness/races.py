"""Two who act at the same time: made to meet where a race is lost, or seen to be kept apart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.harness.database import in_thread

#: Seconds until threads that neither go on nor end are a failure; one that goes well takes milliseconds.
PATIENCE = 60.0
#: Whether anybody waits for a lock of this session. `pg_locks` is read anew in every query, unlike `pg_stat_activity`.
_IN_THE_WAY = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"


def at_once(*acts: Callable[[], Any]) -> list[BaseException]:
    """Runs all at once; what was raised."""
    raised: list[BaseException] = []

    def run(act: Callable[[], Any]) -> None:
        try:
            act()
        except BaseException as error:
            raised.append(error)

    for thread in [in_thread(run, act) for act in acts]:
        thread.join(2 * PATIENCE)
        assert not thread.is_alive()
    return raised


class Meeting:
    """Where two threads wait for each other: until both are there, or one is seen to wait for a lock of the other."""

    def __init__(self) -> None:
        self._here: set[int] = set()
        self._lock, self._met, self._apart = threading.Lock(), threading.Event(), threading.Event()
        self._turn, self._in_turn = threading.Lock(), set[int]()

    @property
    def took_place(self) -> bool:
        """Whether both were there at the same time."""
        return self._met.is_set()

    @property
    def was_prevented(self) -> bool:
        """Whether one was kept out by a lock of the other."""
        return self._apart.is_set()

    def in_turn(self, act: Callable[[], Any]) -> Callable[[], Any]:
        """`act`, which after the meeting goes on alone until it ends: two that write the same rows crosswise would deadlock."""

        def run() -> Any:
            self._in_turn.add(threading.get_ident())
            try:
                return act()
            finally:
                if threading.get_ident() not in self._in_turn:
                    self._turn.release()

        return run

    def wait(self) -> None:
        """Raises where the other one neither comes nor is kept out."""
        self._wait()
        if threading.get_ident() in self._in_turn:
            self._turn.acquire()
            self._in_turn.discard(threading.get_ident())

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._is_over():
            assert time.monotonic() < deadline, "The other one neither came nor was kept out."
            time.sleep(0.01)

    def _is_over(self) -> bool:
        with self._lock:
            # Who was kept out comes here too, when the first one is done: that is no meeting.
            if not self.was_prevented:
                self._here.add(threading.get_ident())
            if len(self._here) > 1:
                self._met.set()
        if not self.took_place and _is_in_the_way():
            self._apart.set()
        return self.took_place or self.was_prevented


def _is_in_the_way() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_IN_THE_WAY)
        return bool(cursor.fetchone()[0])


def meeting(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> Meeting:
    """Makes two threads meet right after they have both read by `module.name`, if nothing keeps them apart."""
    place, read = Meeting(), getattr(module, name)

    def wait(*args: Any, **given: Any) -> Any:
        found = read(*args, **given)
        place.wait()
        return found

    monkeypatch.setattr(module, name, wait)
    return place
