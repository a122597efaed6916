"""A deleted or encrypted room gives way to another one, on a homeserver that lets its administrator do anything."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from roomdesk.cases import writing
from roomdesk.cases.models import Case
from roomdesk.channels.matrix.names import path
from roomdesk.directory.errors import Conflict
from roomdesk.queues.models import OutboxRow, Route
from roomdesk.record.models import Message
from roomdesk.rooms import taking
from roomdesk.rooms.models import FormerRoom, Room
from roomdesk.rooms.succession import MOST_AN_HOUR
from roomdesk.runtime import clock
from tests.rooms.place import ACTOR, Place, purge_room
from tests.rooms.talking import hear, notices, say, texts

pytestmark = pytest.mark.part_of("R01", "R05", "R06", "R08")
RIGHT = {"actions": [], "held": [], "problem": None}
REPLACED = "This room takes the place of the former one."


def delete(place: Place) -> None:
    purge_room(place.matrix, place.room)


def encrypt(place: Place) -> None:
    """Only who signs in as the desk can do this, for good."""
    place.call("PUT", "state", "m.room.encryption", algorithm="m.megolm.v1.aes-sha2")


def inside(place: Place) -> set[str]:
    return {name for name, how in place.members().items() if how == "join"}


def test_a_deleted_room_is_made_again_and_nothing_is_lost(there: Place) -> None:
    old = there.room
    say(there, "olga", "The export fails.")
    hear(there)
    case = Case.objects.get(workspace=there.workspace)
    before = dict(Message.objects.values_list("external_id", "body"))
    delete(there)
    said = answer(there, case.ref, "We look into it.")
    assert row_of(said).state == OutboxRow.State.FAILED, "the room did not take it"

    there.sweep()
    assert there.room not in ("", old)
    assert inside(there) == {"olga", "asen", "ivan", "support", "support_keeper"}
    assert there.matrix.call("GET", path("directory", "room", there.row.alias))["room_id"] == there.room
    assert there.plan() == RIGHT
    assert [text for text in notices(there) if text.startswith(REPLACED)] == notices(there)[:1]
    assert texts(there, "ivan") == ["We look into it."], "what the former room refused is said in this one, once"

    hear(there)
    assert before.items() <= dict(Message.objects.values_list("external_id", "body")).items()
    case.refresh_from_db()
    assert case.answered_at is not None and row_of(said).state == OutboxRow.State.SENT
    assert Route.objects.filter(source="matrix", address__in=[old, there.room]).count() == 2
    (former,) = FormerRoom.objects.all()
    assert (former.address, former.why) == (old, "deleted")
    (remade,) = there.audited("room.remaking")
    assert remade == {"former": old, "why": "deleted"}
    assert all(drift.repaired_at for drift in there.drifts())

    # What is said about the case next finds its place although its thread is gone with the room.
    answer(there, case.ref, "It works again.")
    assert texts(there, "ivan") == ["We look into it.", "It works again."]
    rows = OutboxRow.objects.count()
    there.sweep()
    assert OutboxRow.objects.count() == rows and len(notices(there)) == 1


def test_many_deleted_rooms_wait_for_an_hour_or_a_word(there: Place) -> None:
    """An empty database under the homeserver must not have the desk make all rooms again before anybody has looked."""
    room, now = there.row, clock.now()
    for number in range(MOST_AN_HOUR):
        FormerRoom.objects.create(room=room, address=f"!gone{number}", why="deleted", left_at=now)
    delete(there)
    for _ in range(2):
        there.sweep()
    (drift,) = there.drifts()
    assert "waits for its turn" in json.loads(drift.found)["problem"]
    assert (there.room, FormerRoom.objects.count()) == (room.room_id, MOST_AN_HOUR)

    assert "deleted" in remake(there)
    assert there.room != room.room_id and there.plan() == RIGHT
    FormerRoom.objects.update(left_at=now - timedelta(hours=2))
    delete(there)
    there.sweep()
    assert FormerRoom.objects.filter(why="deleted").count() == MOST_AN_HOUR + 2 and there.plan() == RIGHT


def test_an_encrypted_room_is_replaced_by_an_operators_word_only(there: Place) -> None:
    old = there.room
    say(there, "olga", "The export fails.")
    hear(there)
    with pytest.raises(Conflict, match="works, or can be repaired"):
        remake(there)
    assert (there.room, there.row.state, FormerRoom.objects.count()) == (old, Room.State.READY, 0)

    encrypt(there)
    for _ in range(2):
        there.sweep()
    assert there.room == old and "encrypted" in there.plan()["problem"]
    late = say(there, "asen", "Are you there?")
    assert "encrypted" in remake(there)

    assert there.room not in ("", old) and there.plan() == RIGHT
    assert inside(there) == {"olga", "asen", "ivan", "support", "support_keeper"}
    assert there.state()["m.room.create", ""]["predecessor"]["room_id"] == old
    assert there.matrix.call("GET", path("directory", "room", there.row.alias))["room_id"] == there.room
    shut = {(e["type"], e["state_key"]): e["content"] for e in there.matrix.state(old, there.matrix.bot)}
    assert shut["m.room.tombstone", ""]["replacement_room"] == there.room
    left = {key for (kind, key), content in shut.items() if kind == "m.room.member" and content["membership"] == "join"}
    assert left == {there.matrix.bot, there.matrix.keeper}, "nobody writes on past the record"
    assert notices(there)[0].startswith(REPLACED)

    # Said in the former room, read late: on record, in its case, and answered in the present room.
    hear(there, old)
    message = Message.objects.get(external_id=late)
    assert (message.body, message.address) == ("Are you there?", old) and message.case is not None
    assert not OutboxRow.objects.filter(kind="send", state=OutboxRow.State.FAILED).exists()
    assert {name for name, how in there.members().items() if how == "join"} == inside(there)


def remake(place: Place) -> str:
    problem = taking.do_remake(place.workspace, ACTOR, clock.now(), matrix=place.matrix)
    place.settle()
    return problem


def answer(place: Place, ref: str, text: str) -> Message:
    """Staff answer in the console."""
    said = writing.do_say(ref=ref, author=place.id("ivan"), text=text, channel="console", actor=ACTOR, now=clock.now())
    place.settle()
    return said


def row_of(message: Message) -> OutboxRow:
    return OutboxRow.objects.get(message_id=message.pk)
