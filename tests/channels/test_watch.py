"""What the homeserver never pushed is fetched. No web process runs here, so that nothing is pushed at all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from roomdesk.channels.matrix import history
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import Forbidden, Unreachable
from roomdesk.queues import lanes
from roomdesk.queues.models import InboxEvent, Lane, Route
from roomdesk.runtime import clock
from roomdesk.worker import watch
from roomdesk.worker.identity import Identity
from roomdesk.worker.watch import EVERY, Watcher
from tests.channels.rows import Outbox
from tests.channels.test_send import new_room, text


class Homeserver:
    """The real one, with connections that break and answers that fail as the test wants."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self.connection = 1
        self.is_away = False
        self.refuses: str = ""
        self.read: list[str] = []
        self.bot = matrix.bot

    def reach(self) -> object:
        if self.is_away:
            raise Unreachable("ConnectError")
        return self.connection

    def call(self, method: str, where: str, **given: Any) -> dict[str, Any]:
        self.read.append(where)
        if self.is_away:
            raise Unreachable("ConnectError")
        if self.refuses and self.refuses in where:
            raise Forbidden(403, "M_FORBIDDEN", "not in the room")
        return self._matrix.call(method, where, **given)


@pytest.fixture
def homeserver(matrix: Matrix) -> Any:
    return Homeserver(matrix)


@pytest.fixture
def watcher(homeserver: Any, database: str) -> Watcher:
    return Watcher(lambda: homeserver, Identity())


@pytest.fixture
def rooms(outbox: Outbox, matrix: Matrix) -> list[str]:
    """Two rooms of ours with their lane, in which something was said."""
    made = [outbox.send("create_room", new_room(matrix)).external_id for _ in range(2)]
    for room in made:
        lane, _ = Lane.objects.get_or_create(key=room[:100])
        lanes.route("matrix", room, lane, clock.now())
        for number in range(3):
            outbox.send("send", text(room, f"{number}"))
    return made


def heard(room: str) -> list[str]:
    stored = InboxEvent.objects.filter(address=room).order_by("id").values_list("raw", flat=True)
    bodies = [json.loads(raw)["content"].get("body") for raw in stored]
    return [body for body in bodies if body]


def finish(watcher: Watcher) -> None:
    while watcher.step() != EVERY:
        pass


def held() -> set[str]:
    return set(Route.objects.filter(unread_from__isnull=False).values_list("address", flat=True))


def test_at_the_start_and_after_every_break_the_rooms_are_read(
    watcher: Watcher, homeserver: Any, rooms: list[str], outbox: Outbox
) -> None:
    finish(watcher)
    assert [heard(room) for room in rooms] == [["0", "1", "2"]] * 2
    outbox.send("send", text(rooms[0], "3"))
    homeserver.read.clear()
    finish(watcher)
    assert homeserver.read == [], "nothing is read while nothing broke"
    homeserver.connection = 2
    finish(watcher)
    assert heard(rooms[0]) == ["0", "1", "2", "3"] and heard(rooms[1]) == ["0", "1", "2"]


def test_an_outage_is_waited_out(watcher: Watcher, homeserver: Any, rooms: list[str], outbox: Outbox) -> None:
    finish(watcher)
    homeserver.is_away = True
    finish(watcher)
    assert held() == set(rooms)
    outbox.send("send", text(rooms[1], "3"))
    homeserver.is_away = False
    finish(watcher)
    assert heard(rooms[1]) == ["0", "1", "2", "3"] and held() == set()


def test_a_new_worker_number_means_that_the_database_was_away(
    watcher: Watcher, homeserver: Any, rooms: list[str]
) -> None:
    finish(watcher)
    homeserver.read.clear()
    watcher._identity._number = 77
    finish(watcher)
    assert len(set(homeserver.read)) == 2


def test_a_room_that_cannot_be_read_stops_no_other(watcher: Watcher, homeserver: Any, rooms: list[str]) -> None:
    homeserver.refuses = rooms[1][1:]
    finish(watcher)
    assert heard(rooms[0]) == ["0", "1", "2"] and heard(rooms[1]) == [] and held() == set()


def test_two_workers_share_the_rooms(watcher: Watcher, homeserver: Any, rooms: list[str]) -> None:
    other = Watcher(lambda: homeserver, Identity())
    watcher.look()
    other.look()
    finish(watcher)
    homeserver.read.clear()
    finish(other)
    assert homeserver.read == [], "what one has read the other need not"


def test_only_what_may_be_missing_is_read(
    watcher: Watcher, homeserver: Any, rooms: list[str], monkeypatch: pytest.MonkeyPatch, outbox: Outbox
) -> None:
    monkeypatch.setattr(history, "_PAGE", "2")
    monkeypatch.setattr(watch, "MARGIN", timedelta(seconds=-1))
    finish(watcher)
    homeserver.read.clear()
    homeserver.connection = 2
    finish(watcher)
    assert len(homeserver.read) == 2, "one page a room"


def test_the_real_homeserver_is_reached_over_one_lasting_connection(matrix: Matrix) -> None:
    places = {str(matrix.reach()) for _ in range(5)}
    assert len(places) == 1
    matrix._watch.close()
    matrix._watch = type(matrix)("http://127.0.0.1:9", matrix.server, as_token="x")._watch
    with pytest.raises(Unreachable):
        matrix.reach()
