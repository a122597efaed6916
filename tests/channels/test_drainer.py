"""Whoever works events off holds all rooms after the database died, before it goes on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection

from roomdesk.worker import inbox
from roomdesk.worker.inbox import Drainer


class Work:
    """What is done in turn: errors to be raised; afterwards nothing is left. `done` tells what happened, in order."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.done: list[str] = []
        self.drainer = Drainer(self.drain, lambda: self.done.append("held"))

    def drain(self) -> int:
        with connection.cursor() as cursor:
            if self.errors:
                cursor.execute(self.errors.pop(0))
            cursor.execute("SELECT 1")
        self.done.append("drained")
        return 0


DEATH = "SELECT pg_terminate_backend(pg_backend_pid())"
#: An error of the same kind that leaves the connection as it was.
TIMEOUT = "SET statement_timeout = 1; SELECT pg_sleep(1)"


def test_after_a_death_of_the_connection_the_rooms_are_held_first(database: str) -> None:
    work = Work(DEATH)
    with pytest.raises(OperationalError):
        work.drainer.step()
    connection.close()
    work.drainer.step()
    work.drainer.step()
    assert work.done == ["held", "drained", "drained"]


def test_another_error_of_the_database_holds_nothing(database: str) -> None:
    work = Work(TIMEOUT)
    with pytest.raises(OperationalError):
        work.drainer.step()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    work.drainer.step()
    assert work.done == ["drained"]


def test_a_backlog_makes_it_behind_for_a_moment_and_a_few_events_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr(inbox, "time", SimpleNamespace(monotonic=lambda: moment, sleep=lambda _: None))
    found = [3, 400, 0]
    drainer = Drainer(lambda: found.pop(0), lambda: None)
    drainer.step()
    assert not drainer.is_behind
    drainer.step()
    drainer.step()
    assert drainer.is_behind
    moment += 1
    assert not drainer.is_behind


def test_a_backlog_in_slow_steps_makes_it_behind_from_one_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    moment, found = 100.0, [400, 400, 50]
    monkeypatch.setattr(inbox, "time", SimpleNamespace(monotonic=lambda: moment, sleep=lambda _: None))

    def drain() -> int:
        nonlocal moment
        assert drainer.is_behind is (len(found) < 3)
        moment += 20
        assert drainer.is_behind is (len(found) < 3)
        return found.pop(0)

    drainer = Drainer(drain, lambda: None)
    for _ in range(3):
        drainer.step()
    assert drainer.is_behind
    moment += 1
    assert not drainer.is_behind


def test_a_step_that_does_not_end_is_no_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr(inbox, "time", SimpleNamespace(monotonic=lambda: moment, sleep=lambda _: None))
    drainer = Drainer(lambda: 400, lambda: None)
    drainer.step()
    moment += 31
    assert not drainer.is_behind


def test_a_second_one_works_on_a_backlog_and_rests_at_any_other_time(monkeypatch: pytest.MonkeyPatch) -> None:
    moment, found = 100.0, [3, 400, 200, 50]
    monkeypatch.setattr(inbox, "time", SimpleNamespace(monotonic=lambda: moment, sleep=lambda _: None))
    drainer = Drainer(lambda: found.pop(0), lambda: None)
    second = drainer.second()
    drainer.step()
    assert second() > 0 and found == [400, 200, 50] and not drainer.backlog.is_set()
    drainer.step()
    assert drainer.backlog.is_set()
    assert second() == 0 and found == [50]
    drainer.step()
    moment += 1
    assert second() > 0 and not found


def test_a_second_one_holds_the_rooms_after_a_death_of_its_own_connection(database: str) -> None:
    work = Work()
    drained, work.drainer = (
        iter([400]),
        Drainer(lambda: next(drained, None) or work.drain(), lambda: work.done.append("held")),
    )
    work.drainer.step()
    second, work.errors = work.drainer.second(), [DEATH]
    with pytest.raises(OperationalError):
        second()
    connection.close()
    second()
    assert work.done == ["held", "drained"]


class Moment:
    """Time that only waiting moves on: `slept` (whatever comes), `gathered` and `waited` are its seconds. What is `said` in a wait ends it when so many have passed."""

    def __init__(self, drainer: Drainer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.slept, self.gathered, self.waited = 100.0, list[float](), list[float](), list[float]()
        self.said: float | None = None
        monkeypatch.setattr(inbox, "time", SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep))
        monkeypatch.setattr(drainer.awaited, "wait", self.gather)
        monkeypatch.setattr(drainer.hurry, "wait", self.wait)
        self._hurry, self._awaited = drainer.hurry, drainer.awaited

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds

    def gather(self, seconds: float) -> None:
        seconds = 0.0 if self._awaited.is_set() else seconds
        self.gathered.append(round(seconds, 3))
        self.now += seconds

    def wait(self, seconds: float) -> None:
        if self._hurry.is_set():
            seconds = 0.0
        elif self.said is not None:
            seconds, self.said = min(self.said, seconds), None
        self.waited.append(round(seconds, 3))
        self.now += seconds


def test_what_follows_a_few_events_is_gathered_and_what_comes_after_quiet_is_taken_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [2, 3, 0, 5, 400, 1]
    drainer = Drainer(lambda: found.pop(0), lambda: None)
    time = Moment(drainer, monkeypatch)
    for _ in range(4):
        drainer.step()
    assert time.slept == [0.03, 0.03], "after the first, after the second, and not after a quiet look"
    assert time.gathered == [0.07, 0.07], "a tenth of a second in all"
    assert time.waited == [0.15, 0.15], "a little longer, as nobody waits for what comes in"
    drainer.step()
    drainer.step()
    assert time.gathered[2:] == [0.07], "a backlog is not gathered: it is there"


def test_after_several_events_what_nobody_waits_for_is_gathered_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [7, 8, 1, 1]
    drainer = Drainer(lambda: found.pop(0), lambda: None)
    time = Moment(drainer, monkeypatch)
    for _ in range(4):
        drainer.step()
    assert time.gathered == [0.07] * 3, "words wait no longer for it"
    assert time.waited == [0.15, 0.4, 0.15]


def test_what_somebody_said_ends_the_gathering(monkeypatch: pytest.MonkeyPatch) -> None:
    drainer = Drainer(lambda: 2, lambda: None)
    time = Moment(drainer, monkeypatch)
    drainer.step()
    time.said = 0.03
    drainer.step()
    assert (time.slept, time.gathered, time.waited) == ([0.03], [0.07], [0.03])


def test_what_somebody_looks_at_is_gathered_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    drainer = Drainer(lambda: 2, lambda: None)
    time = Moment(drainer, monkeypatch)
    drainer.step()
    drainer.hurry.set(), drainer.awaited.set()
    drainer.step()
    assert (time.slept, time.gathered, time.waited) == ([0.03], [0], [0])
    drainer.step()
    assert time.gathered == [0, 0.07], "once"


def test_what_was_said_while_events_were_worked_off_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def drain() -> int:
        drainer.hurry.set()
        return 2

    drainer = Drainer(drain, lambda: None)
    time = Moment(drainer, monkeypatch)
    drainer.step()
    drainer.step()
    assert (time.slept, time.gathered, time.waited) == ([0.03], [0.07], [0])


def test_who_does_not_gather_takes_at_once_whatever_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    drainer = Drainer(lambda: 1, lambda: None, gathers=False)
    time = Moment(drainer, monkeypatch)
    drainer.step()
    drainer.step()
    assert (time.slept, time.waited) == ([], [])
