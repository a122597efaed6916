"""Single events that were never pushed are found by comparing with the homeserver's stream. No web process runs here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roomdesk.channels.matrix import stream
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import Unreachable
from roomdesk.channels.matrix.receive import read_transaction
from roomdesk.queues import inbox, lanes, positions
from roomdesk.queues.models import InboxEvent, Lane, Position, Route
from roomdesk.runtime import clock
from roomdesk.worker.gaps import EVERY, GapFinder
from roomdesk.worker.identity import Identity
from roomdesk.worker.watch import Watcher
from tests.channels.rows import Outbox
from tests.channels.test_send import new_room, text


class Finder(GapFinder):
    """Counts how often it had to begin anew."""

    def __init__(self, matrix: Any) -> None:
        self.lost = 0
        super().__init__(lambda: matrix, self._count)

    def _count(self) -> None:
        self.lost += 1


@pytest.fixture
def finder(matrix: Matrix, database: str) -> Finder:
    Position.objects.all().delete()
    return Finder(matrix)


@pytest.fixture
def room(outbox: Outbox, matrix: Matrix) -> str:
    made = outbox.send("create_room", new_room(matrix)).external_id
    lane, _ = Lane.objects.get_or_create(key=made[:100])
    lanes.route("matrix", made, lane, clock.now())
    return made


def unread() -> list[str]:
    return list(Route.objects.filter(unread_from__isnull=False).values_list("address", flat=True))


def push(room: str, event: str) -> None:
    """The homeserver pushes it after all."""
    body = json.dumps({"events": [{"event_id": event, "room_id": room}]}).encode()
    inbox.receive_transaction(event, body, read_transaction(body), clock.now())


def read(matrix: Matrix) -> None:
    Watcher(lambda: matrix, Identity())._read()


def heard(room: str) -> list[str]:
    raws = InboxEvent.objects.filter(address=room).order_by("id").values_list("raw", flat=True)
    return [body for raw in raws if (body := json.loads(raw).get("content", {}).get("body"))]


def test_what_was_never_pushed_is_found_at_the_second_look(
    finder: Finder, room: str, outbox: Outbox, matrix: Matrix
) -> None:
    assert finder.step() >= EVERY
    outbox.send("send", text(room, "lost"))
    finder.step()
    assert unread() == [], "it may still be on its way"
    finder.step()
    assert unread() == [room]
    read(matrix)
    assert heard(room) == ["lost"] and unread() == []
    finder.step()
    finder.step()
    assert unread() == [], "it is known now"


def test_what_is_pushed_in_the_ordinary_way_is_left_alone(finder: Finder, room: str, outbox: Outbox) -> None:
    finder.step()
    event = outbox.send("send", text(room, "late")).external_id
    finder.step()
    push(room, event)
    finder.step()
    assert unread() == []


def test_a_worker_that_dies_between_two_looks_passes_nothing_over(
    finder: Finder, room: str, outbox: Outbox, matrix: Matrix
) -> None:
    finder.step()
    outbox.send("send", text(room, "lost"))
    finder.step()
    other = Finder(matrix)
    other.step()
    other.step()
    assert unread() == [room]


def test_a_new_installation_begins_where_the_homeserver_stands(finder: Finder, room: str) -> None:
    finder.step()
    finder.step()
    assert unread() == [] and positions.find("matrix") is not None


def test_of_a_room_that_said_more_than_is_told_everything_is_read(
    finder: Finder, room: str, outbox: Outbox, matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(stream._TIMELINES["room"]["timeline"], "limit", 2)
    finder.step()
    events = [outbox.send("send", text(room, f"{number}")).external_id for number in range(4)]
    for event in events[2:]:
        push(room, event)
    finder.step()
    finder.step()
    assert unread() == [room]
    read(matrix)
    assert heard(room) == ["0", "1"], "the other two were pushed without a text here"


def test_a_room_of_others_is_none_of_ours(finder: Finder, room: str, outbox: Outbox) -> None:
    Route.objects.all().delete()
    finder.step()
    outbox.send("send", text(room, "lost"))
    finder.step()
    finder.step()
    assert unread() == [] and not Route.objects.exists()


def test_a_place_that_the_homeserver_does_not_know_is_given_up(
    finder: Finder, room: str, outbox: Outbox, matrix: Matrix
) -> None:
    positions.keep("matrix", "another homeserver's", clock.now())
    finder.step()
    assert finder.lost == 1 and positions.find("matrix") is None
    finder.step()
    outbox.send("send", text(room, "lost"))
    finder.step()
    finder.step()
    assert unread() == [room] and finder.lost == 1


def test_an_outage_is_waited_out(finder: Finder, room: str, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    finder.step()
    outbox.send("send", text(room, "lost"))
    before = Position.objects.get()
    with monkeypatch.context() as away:
        away.setattr(stream, "said_since", _unreachable)
        finder.step()
    assert (unread(), finder.lost, Position.objects.get().token) == ([], 0, before.token)
    finder.step()
    finder.step()
    assert unread() == [room]


def _unreachable(*given: object) -> None:
    raise Unreachable("ConnectError")
