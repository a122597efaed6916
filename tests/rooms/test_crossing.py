"""Two changes of who belongs in a room within a moment: the second finds the first one's removal under way (R04)."""

from __future__ import annotations

import pytest

from roomdesk import pipeline
from roomdesk.directory import services
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.rooms import inside
from roomdesk.rooms.models import RoomMember
from roomdesk.runtime import clock
from tests.rooms.place import ACTOR, Place
from tests.rooms.talking import hear

pytestmark = pytest.mark.part_of("R04")


def out(place: Place, name: str = "asen") -> None:
    services.do_remove_member(workspace=place.slug, id=place.id(name), actor=ACTOR, now=clock.now())
    while pipeline.drain():
        pass


def back(place: Place, name: str = "asen") -> None:
    services.do_put_member(workspace=place.slug, id=place.id(name), role="admin", actor=ACTOR, now=clock.now())
    while pipeline.drain():
        pass


def membership(place: Place, name: str = "asen") -> str:
    return RoomMember.objects.get(room=place.row, user_id=place.user(name)).membership


def test_who_belongs_again_while_the_removal_is_under_way_is_let_in_behind_it(place: Place) -> None:
    assert place.members()["asen"] == "join"
    out(place)
    back(place)
    place.settle()
    assert place.members()["asen"] == "join"
    hear(place)
    place.settle()
    assert membership(place) == "join"
    assert place.plan() == {"actions": [], "held": [], "problem": None}


def test_and_where_the_removal_is_done_but_not_heard_of_yet(place: Place) -> None:
    out(place)
    place.settle()
    assert place.members()["asen"] == "leave" and membership(place) == "going"
    back(place)
    place.settle()
    assert place.members()["asen"] == "join"


def test_until_the_homeserver_says_so_the_person_reads_on(place: Place) -> None:
    hear(place)
    before = inside.count_readers(place.workspace)
    out(place)
    assert inside.count_readers(place.workspace) == before
    place.settle()
    hear(place)
    place.settle()
    assert membership(place) == "leave" and inside.count_readers(place.workspace) == before - 1


def test_a_removal_that_is_refused_for_good_has_brought_nobody_out(place: Place) -> None:
    out(place)
    row = OutboxRow.objects.get(kind="remove", destination=f"matrix:room:{place.slug}")
    outbox.note_failed(row, "Not allowed", clock.now())
    while pipeline.drain():
        pass
    assert membership(place) == "join"
