"""Upgraded, lost and named rooms: what is followed, what is made anew, what an operator may say, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from roomdesk.audit.models import Entry
from roomdesk.channels.matrix import room_body
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.membership import join
from roomdesk.channels.matrix.names import path
from roomdesk.directory import services
from roomdesk.queues.models import InboxEvent, OutboxRow, Route
from roomdesk.rooms.models import FormerRoom, Room
from roomdesk.runtime import clock
from tests.cases_api.place import command, told
from tests.rooms.place import ACTOR, PRODUCT, Place
from tests.rooms.talking import hear, notices, say
from tests.rooms.test_replaced import REPLACED, RIGHT, inside

pytestmark = pytest.mark.part_of("R05", "R06")
PEOPLE = {"olga", "asen", "ivan", "support", "support_keeper"}


def upgrade(place: Place, **more: Any) -> str:
    """What an administrator can who signs in as the desk: nobody else has the power."""
    answer = place.call("POST", "upgrade", new_version="12", **more)
    return str(answer["replacement_room"])


def entomb(place: Place, successor: object) -> None:
    place.call("PUT", "state", "m.room.tombstone", body="Moved", replacement_room=successor)


def create(place: Place, user: str | None = None, **more: Any) -> str:
    body = {"room_version": "12", "preset": "private_chat", "creation_content": {"m.federate": False}, **more}
    return str(place.matrix.call("POST", path("createRoom"), body, user=user)["room_id"])


@pytest.mark.parametrize("keeper_too", [False, True], ids=["as_the_homeserver_does", "with_the_keeper"])
def test_an_upgraded_room_is_followed_and_brought_right(place: Place, keeper_too: bool) -> None:
    old = place.room
    said = say(place, "olga", "The export fails.")
    successor = upgrade(place, **({"additional_creators": [place.matrix.keeper]} if keeper_too else {}))
    # As the homeserver pushes it: the tombstone is a reason to look at once.
    hear(place)
    assert place.room == successor and place.plan() == RIGHT and inside(place) == PEOPLE
    state = place.state()
    assert state["m.room.create", ""]["predecessor"]["room_id"] == old
    assert state["solutions.roomdesk.workspace", ""] == {"slug": place.slug}
    mighty = {} if keeper_too else {place.matrix.keeper: 100}
    assert state["m.room.power_levels", ""]["users"] == {place.user("ivan"): 50, **mighty}
    assert place.matrix.call("GET", path("directory", "room", place.row.alias))["room_id"] == successor
    assert [text for text in notices(place) if text.startswith(REPLACED)] == notices(place)[:1]
    former = place.matrix.state(old, place.matrix.bot)
    left = [e["state_key"] for e in former if e["type"] == "m.room.member" and e["content"]["membership"] == "join"]
    assert sorted(left) == [place.matrix.bot, place.matrix.keeper]
    assert place.audited("room.adopted") == [{"room_id": successor, "former": old, "why": "upgraded"}]
    assert InboxEvent.objects.filter(external_id=said, state="done").exists()

    # There too the two of the desk let each other back in.
    for user in (place.matrix.bot, place.matrix.keeper):
        place.call("POST", "leave", user=user)
        place.sweep()
        assert place.plan() == RIGHT and inside(place) == PEOPLE
    rows = OutboxRow.objects.count()
    place.sweep()
    assert OutboxRow.objects.count() == rows


def foreign(place: Place) -> object:
    """Olga's own room, which names ours as the one before it. The wall would not let her: an administrator did it for her."""
    creators = {"m.federate": False, "additional_creators": [place.user("olga")]}
    return create(place, creation_content={**creators, "predecessor": {"room_id": place.room}})


def unreadable(place: Place) -> object:
    room = create(place)
    place.matrix.call("POST", path("rooms", room, "leave"), {})
    return room


def unrelated(place: Place) -> object:
    return create(place)


def older(place: Place) -> object:
    content = {"m.federate": False, "predecessor": {"room_id": place.room}}
    return create(place, room_version="11", creation_content=content)


def federated(place: Place) -> object:
    return create(place, creation_content={"predecessor": {"room_id": place.room}})


def a_space(place: Place) -> object:
    return create(place, creation_content={"m.federate": False, "type": "m.space"})


def nothing(place: Place) -> object:
    return 17


FAKES: dict[Callable[[Place], object], str] = {
    foreign: "whose power in it has no end",
    unreadable: "Neither the desk nor its keeper",
    unrelated: "It does not name the room before it",
    older: "It has the room version 11",
    federated: "open to other homeservers",
    a_space: "of the type m.space",
    nothing: "Neither the desk nor its keeper",
}


def test_a_false_successor_is_refused_and_nothing_changes(place: Place) -> None:
    """Whoever can write the tombstone can name any room in it."""
    room, members = place.room, inside(place)
    for fake, why in FAKES.items():
        entomb(place, fake(place))
        place.sweep()
        problem = place.plan()["problem"]
        assert "not taken over" in problem and why in problem
        assert (place.room, inside(place), FormerRoom.objects.count()) == (room, members, 0)
        assert problem in json.loads(place.drifts()[-1].found)["problem"]
    assert Route.objects.filter(source="matrix", lane_id=place.workspace.lane_id).count() == 1


def test_a_leave_of_the_desks_own_is_a_reason_to_look_at_once(place: Place) -> None:
    place.call("POST", "leave", user=place.matrix.keeper)
    hear(place)
    assert inside(place) == PEOPLE
    assert [(drift.because, drift.left) for drift in place.drifts()] == [("left", "")]
    assert all(drift.repaired_at for drift in place.drifts())


def lose(place: Place) -> None:
    """Somebody signed in as the desk's two users and left: nobody may come in any more (matrix-facts §7)."""
    place.call("POST", "leave")
    place.call("POST", "leave", user=place.matrix.keeper)


def test_a_lost_room_is_replaced_by_command(place: Place) -> None:
    old, chosen = place.room, ("rooms", "remake", "--workspace", place.slug)
    healthy = command(*chosen)
    assert healthy.exit_code == 1 and "works, or can be repaired" in healthy.stderr
    assert command("rooms", "remake", "--workspace", "nobody").exit_code == 1
    lose(place)
    counts = written()
    problem = "Neither the desk nor its keeper is in the room any more."
    assert told(*chosen, "--dry-run") == {"workspace": place.slug, "problem": problem, "result": "checked"}
    assert written() == counts and place.room == old
    assert told(*chosen)["result"] == "asked"
    place.settle()
    assert place.room not in ("", old) and place.plan() == RIGHT and inside(place) == PEOPLE
    assert place.matrix.call("GET", path("directory", "room", place.row.alias))["room_id"] == place.room
    assert place.audited("room.remake") == [{"because": "operator", "remake": True}]
    (shut,) = place.audited("matrix.shut")
    assert shut["removed"] is None, "nobody of the desk was left in it to shut it"
    assert command(*chosen).exit_code == 1


def marked(place: Place, slug: str, **more: Any) -> str:
    mark = {"type": room_body.WORKSPACE_TYPE, "state_key": "", "content": {"slug": slug}}
    creators = {"m.federate": False, "additional_creators": [place.matrix.keeper]}
    return create(place, creation_content=creators, initial_state=[mark], **more)


def test_an_operator_names_the_room_and_is_refused_with_a_reason(place: Place) -> None:
    """Who reads along and who rules in a room cannot be mended later, so nothing is taken over on trust."""
    room, adopt = place.room, ("rooms", "adopt", "--workspace", place.slug)
    replaced = marked(place, place.slug)
    place.matrix.call("PUT", path("rooms", replaced, "state", "m.room.tombstone"), {"replacement_room": "!next"})
    refusals = {
        room: "It is, or was, this workspace's room.",
        create(place): "Nothing in it says that it is a room of this workspace.",
        marked(place, "another"): "It belongs to the workspace another.",
        replaced: "It was itself replaced by !next.",
        str(federated(place)): "It is open to other homeservers",
        str(foreign(place)): f"It was made by {place.user('olga')}",
        str(unreadable(place)): "Neither the desk nor its keeper is in it.",
        "!unknown": "Neither the desk nor its keeper is in it.",
    }
    counts = written()
    for candidate, why in refusals.items():
        answer = command(*adopt, candidate)
        assert answer.exit_code == 1 and why in answer.stderr and "Nothing was changed." in answer.stderr
    named = marked(place, place.slug, invite=[place.user("stranger")])
    join(place.matrix, named, place.matrix.bot)
    checked = told(*adopt, named, "--dry-run")
    assert checked == {"workspace": place.slug, "room_id": named, "inside": [place.matrix.bot], "result": "checked"}
    assert written() == counts and place.room == room

    assert told(*adopt, named)["result"] == "asked"
    place.settle()
    assert place.room == named and place.plan() == RIGHT and inside(place) == PEOPLE
    assert place.members()["stranger"] == "leave"
    assert place.matrix.state(room, place.matrix.bot), "the former room is there, shut"
    assert notices(place)[0].startswith(REPLACED)


def test_what_changed_meanwhile_is_not_taken_over(place: Place) -> None:
    """The flow looks again: between the operator's word and the taking over, the room was replaced itself."""
    room, named = place.room, marked(place, place.slug)
    assert told("rooms", "adopt", "--workspace", place.slug, named)["result"] == "asked"
    place.matrix.call("PUT", path("rooms", named, "state", "m.room.tombstone"), {"replacement_room": "!next"})
    place.settle()
    assert (place.room, FormerRoom.objects.count()) == (room, 0) and place.plan() == RIGHT
    (refused,) = place.audited("room.adoption_refused")
    assert refused == {"room_id": named, "why": "It was itself replaced by !next."}


def test_a_room_that_could_not_be_made_is_asked_for_again(database: str, matrix: Matrix) -> None:
    place = Place(matrix)
    alias = f"#support-{place.slug}:{matrix.server}"
    matrix.ensure_desk()
    create(place, room_alias_name=f"support-{place.slug}")
    place.put(product=PRODUCT, tier="pro", locale="en", display_name="Acme")
    services.do_put_member(workspace=place.slug, id=place.id("olga"), role="owner", actor=ACTOR, now=clock.now())
    place.settle()
    assert place.row.state == Room.State.FAILED and "is taken by a room that is not ours" in place.row.problem
    chosen = ("--workspace", place.slug)
    assert command("rooms", "plan", *chosen).stdout == f"{place.slug}: make the room\n"
    place.reconcile()
    assert place.row.state == Room.State.FAILED, "the cause is still there"

    matrix.call("DELETE", path("directory", "room", alias))
    assert told("rooms", "reconcile", *chosen) == {"items": [place.slug]}
    place.settle()
    assert (place.row.state, place.row.problem) == (Room.State.READY, "")
    assert place.plan() == RIGHT and inside(place) == {"olga", "support", "support_keeper"}
    assert matrix.call("GET", path("directory", "room", alias))["room_id"] == place.room
    assert [one.get("times") for one in place.audited("room.wanted")] == [None, 2, 3]
    assert place.reconcile() is None and len(place.audited("room.made")) == 1


def written() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Entry, InboxEvent, OutboxRow, FormerRoom, Route))
