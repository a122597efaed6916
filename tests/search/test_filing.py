"""Filing behind the record: nothing is missed, nothing that was taken back is found, whoever dies or comes in between (decision 0016)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from roomdesk import pipeline
from roomdesk.record import finding
from roomdesk.record.models import Findable, Message, Unfiled
from roomdesk.runtime import clock
from roomdesk.worker import filer
from roomdesk.worker.filer import Filer
from tests.cases_api.place import Rest, token
from tests.flow.world import ASEN, OLGA, START, message, room, store
from tests.flow.world import work_off as recorded
from tests.search.talk import edit, filed, found, removal

LATER = START + timedelta(hours=1)


@pytest.fixture
def rest(desk: None) -> Iterator[Rest]:
    with clock.frozen(LATER):
        yield Rest(token("all", "cases:read"))


def says(text: str, event_id: str = "$said") -> int:
    """Recorded and not filed yet; gives its number."""
    store(message(event_id, room("acme"), OLGA, text))
    recorded()
    return Message.objects.get(external_id=event_id).pk


def in_a_thread(act: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def ended(thread: threading.Thread) -> None:
    thread.join(150)
    assert not thread.is_alive()


@contextmanager
def filing_held(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker has read what it files, and has not written it yet; after the block it goes on and commits."""
    has_read, may_write, write = threading.Event(), threading.Event(), finding._write

    def held(rows: object) -> None:
        has_read.set()
        assert may_write.wait(120)
        write(rows)  # type: ignore[arg-type]

    monkeypatch.setattr(finding, "_write", held)
    worker = in_a_thread(finding.file_waiting)
    try:
        assert has_read.wait(120)
        yield
    finally:
        may_write.set()
        ended(worker)
        monkeypatch.setattr(finding, "_write", write)


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def until(condition: Callable[[], bool]) -> None:
    for _ in range(1200):
        if condition():
            return
        threading.Event().wait(0.05)
    raise AssertionError("It did not come to that.")


def test_what_was_said_is_on_record_at_once_and_found_when_it_was_filed(rest: Rest) -> None:
    says("The yuzu is ripe.")
    assert found(rest, "yuzu") == []
    assert finding.file_waiting() == 1
    assert found(rest, "yuzu") == ["$said"]
    assert finding.file_waiting() == 0


def test_a_filing_that_dies_is_done_again(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    number = says("The yuzu is ripe.")
    write = finding._write

    def dies(rows: object) -> None:
        write(rows)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(finding, "_write", dies)
    with pytest.raises(KeyboardInterrupt):
        finding.file_waiting()
    assert [*Unfiled.objects.values_list("pk", flat=True)] == [number] and not Findable.objects.filter(pk=number)
    monkeypatch.setattr(finding, "_write", write)
    filed()
    assert found(rest, "yuzu") == ["$said"]


@pytest.mark.parametrize("taken_back", ["removed", "edited"])
def test_what_is_taken_back_while_it_is_filed_is_not_found(
    rest: Rest, monkeypatch: pytest.MonkeyPatch, taken_back: str
) -> None:
    """Without the queue's lock the worker would write after the removal what it had read before it."""
    says("My password is persimmon2.")
    store(removal("$said", OLGA) if taken_back == "removed" else edit("$said", "Nothing of that.", OLGA))
    with filing_held(monkeypatch):
        other = in_a_thread(pipeline.drain)
        until(waits_for_a_lock)
    ended(other)
    assert Message.objects.filter(external_id="$said", redacted_at=None, edited_body="").count() == 0
    assert found(rest, "persimmon2") == [] and not Findable.objects.filter(words="persimmon2")
    filed()
    assert found(rest, "persimmon2") == []
    assert found(rest, "nothing that") == ([] if taken_back == "removed" else ["$said"])


def test_a_removal_under_way_keeps_its_message_from_being_filed(rest: Rest) -> None:
    number = says("My password is persimmon2.")
    says("The yuzu is ripe.", "$other")
    removing, may_commit = threading.Event(), threading.Event()

    def remove() -> None:
        with transaction.atomic():
            Message.objects.filter(pk=number).update(redacted_at=clock.now(), redacted_by="olga")
            removing.set()
            assert may_commit.wait(120)

    other = in_a_thread(remove)
    assert removing.wait(120)
    assert finding.file_waiting() == 1
    assert (found(rest, "persimmon2"), found(rest, "yuzu")) == ([], ["$other"])
    may_commit.set()
    ended(other)
    filed()
    assert found(rest, "persimmon2") == [] and not Findable.objects.filter(pk=number).exists()


def test_what_was_found_is_gone_with_the_transaction_that_removes_it(rest: Rest) -> None:
    says("My password is persimmon2.")
    filed()
    assert found(rest, "persimmon2") == ["$said"]
    store(removal("$said", OLGA))
    recorded()
    assert found(rest, "persimmon2") == [] and not Findable.objects.filter(workspace__slug="acme", words="persimmon2")


def taken_back(*events: dict[str, Any], together: bool) -> None:
    """What these events do, heard one by one or all at once."""
    for some in [events] if together else [[event] for event in events]:
        store(*some)
        recorded()
    filed()


@pytest.mark.parametrize("together", [False, True])
def test_an_edit_that_was_removed_is_not_found_and_the_version_before_it_is(rest: Rest, together: bool) -> None:
    number = says("The yuzu is ripe.")
    first, second = edit("$said", "The lychee is ripe.", OLGA), edit("$said", "My password is persimmon2.", OLGA)
    taken_back(first, second, edit("$said", "Forged guava.", ASEN), together=together)
    assert found(rest, "persimmon2") == ["$said"]

    store(removal(second["event_id"], OLGA))
    recorded()
    assert found(rest, "persimmon2") == [] and not Findable.objects.filter(pk=number).exists()
    filed()
    assert (found(rest, "lychee"), found(rest, "yuzu"), found(rest, "guava")) == (["$said"], [], [])
    sealed = Message.objects.get(external_id=second["event_id"])
    assert sealed.redacted_at and sealed.body == "My password is persimmon2.", "sealed, not lost"
    case = Message.objects.get(pk=number).case
    assert case is not None
    texts = [one["text"] for one in rest.get(f"cases/{case.ref}").json()["messages"]]
    assert texts.count("The lychee is ripe.") == 2 and not any("persimmon2" in (text or "") for text in texts)

    store(removal(first["event_id"], OLGA))
    recorded()
    filed()
    assert (found(rest, "lychee"), found(rest, "yuzu")) == ([], ["$said"])
    (said,) = [one for one in rest.get(f"cases/{case.ref}").json()["messages"] if one["id"] == number]
    assert (said["text"], said["edited"], said["redacted"]) == ("The yuzu is ripe.", False, False)


def test_edits_that_come_and_are_removed_in_the_same_breath_leave_the_version_before_them(rest: Rest) -> None:
    says("The yuzu is ripe.")
    first, second = edit("$said", "The lychee is ripe.", OLGA), edit("$said", "My password is persimmon2.", OLGA)
    taken_back(first, together=True)
    taken_back(second, removal(second["event_id"], OLGA), together=True)
    assert (found(rest, "persimmon2"), found(rest, "lychee"), found(rest, "yuzu")) == ([], ["$said"], [])


def test_removing_an_older_edit_leaves_the_newest(rest: Rest) -> None:
    says("The yuzu is ripe.")
    first, second = edit("$said", "The lychee is ripe.", OLGA), edit("$said", "The guava is ripe.", OLGA)
    taken_back(first, second, removal(first["event_id"], OLGA), together=False)
    assert (found(rest, "guava"), found(rest, "lychee"), found(rest, "yuzu")) == (["$said"], [], [])


def test_two_workers_file_everything_once(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    store(*(message(f"$many{n}", room("acme"), OLGA, f"Lychee {n}.") for n in range(30)))
    recorded()
    before = Findable.objects.count()
    with filing_held(monkeypatch):
        says("The yuzu is ripe.", "$late")
    filed()
    assert Findable.objects.count() == before + 31 and not Unfiled.objects.exists()
    assert found(rest, "yuzu") == ["$late"] and len(found(rest, "lychee", limit=100)) == 30


def test_the_newest_is_filed_first(rest: Rest) -> None:
    says("The yuzu is old.", "$old")
    says("The yuzu is new.", "$new")
    assert finding.file_waiting(1) == 1
    assert found(rest, "yuzu") == ["$new"]
    filed()
    assert found(rest, "yuzu") == ["$new", "$old"]


def test_a_text_with_too_many_words_stops_nobody(rest: Rest) -> None:
    number = says("Said shortly.", "$long")
    letters = "abcdefghijklmnopqrst"
    words = (f"{a}{b}{c}".ljust(60, "я") for a in letters for b in letters for c in letters)
    Message.objects.filter(pk=number).update(body=" ".join(words))
    says("The yuzu is ripe.")
    filed()
    assert found(rest, "yuzu") == ["$said"]
    assert "$long" in found(rest, f"from:olga after:{LATER:%Y-%m-%d}")


def test_filing_gives_way_to_events_and_is_never_starved(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []
    left = [1, 1, 1, 0]

    def file(limit: int) -> int:
        turns.append(limit)
        return left.pop(0)

    busy = Filer(lambda: True, file)
    monkeypatch.setattr(filer, "TURN_EVERY", 3600.0)
    assert 0 < busy.step() < filer.EVERY and 0 < busy.step() < filer.EVERY
    assert turns == [filer.TURN]
    monkeypatch.setattr(busy, "_turn_at", 0.0)
    busy.step()
    assert turns == [filer.TURN] * 2
    idle = Filer(lambda: False, file)
    assert [idle.step(), idle.step()] == [0.0, filer.EVERY]
    assert turns[2:] == [finding.BATCH] * 2
