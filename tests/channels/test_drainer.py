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


def test_what_follows_a_few_events_is_gathered_and_what_comes_after_quiet_is_taken_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment, slept = 100.0, list[float]()

    def sleep(seconds: float) -> None:
        nonlocal moment
        slept.append(round(seconds, 3))
        moment += seconds

    monkeypatch.setattr(inbox, "time", SimpleNamespace(monotonic=lambda: moment, sleep=sleep))
    found = [2, 3, 0, 5, 400, 1]
    drainer = Drainer(lambda: found.pop(0), lambda: None)
    for _ in range(4):
        drainer.step()
    assert slept == [0, 0.05, 0.05, 0], "after the first, after the second, and not after a quiet look"
    moment += 1
    drainer.step()
    drainer.step()
    assert slept[4:] == [0, 0], "a backlog is not gathered: it is there"
