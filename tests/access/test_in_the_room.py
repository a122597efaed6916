"""A request for access as the room sees it, on the real homeserver: one notice, and ✅ by owner or admin lets the member in (D7)."""

from __future__ import annotations

import uuid

import pytest

from roomdesk.audit.work import Actor
from roomdesk.channels.matrix.names import path
from roomdesk.directory import services
from roomdesk.directory.models import AccessRequest
from roomdesk.directory.services import access
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.rooms.place import ACTOR, Json, Place
from tests.rooms.talking import hear, notices

pytestmark = pytest.mark.part_of("R03")
ASKS = "Mira asks for access to this room. An owner or admin lets them in with ✅, or in Settings → Team."


@pytest.fixture
def asked(place: Place) -> Place:
    """Member Mira has asked, and the room says so."""
    mira = place.id("mira")
    services.do_put_person(id=mira, name="Mira", actor=ACTOR, now=clock.now())
    for _ in range(2):
        access.do_ask(workspace=place.slug, person=mira, actor=Actor("person", mira), now=clock.now())
    place.settle()
    hear(place)
    return place


def notice(place: Place) -> Message:
    return Message.objects.get(workspace__slug=place.slug, body=ASKS)


def react(place: Place, name: str, key: str = "✅", to: str = "") -> None:
    relation = {"rel_type": "m.annotation", "event_id": to or notice(place).external_id, "key": key}
    where = path("rooms", place.room, "send", "m.reaction", uuid.uuid4().hex)
    content: Json = {"m.relates_to": relation}
    place.matrix.call("PUT", where, content, user=place.user(name))
    hear(place)


def state(place: Place) -> str:
    return AccessRequest.objects.get(workspace__slug=place.slug).outcome


@pytest.mark.parametrize(("name", "key"), [("olga", "✅"), ("asen", "✅\ufe0f")])
def test_a_reaction_of_owner_or_admin_lets_the_member_in_at_once(asked: Place, name: str, key: str) -> None:
    assert notices(asked) == [ASKS]
    assert "mira" not in asked.members()
    react(asked, name, key)
    assert (state(asked), asked.members()["mira"]) == ("approved", "join")
    assert AccessRequest.objects.get().decided_by == asked.id(name)
    assert notices(asked) == [ASKS, "Mira now has access to this room."]
    react(asked, "olga" if name == "asen" else "asen")
    assert len(notices(asked)) == 2


def test_anybody_elses_reaction_and_other_reactions_do_nothing(asked: Place) -> None:
    other = services.do_put_member(
        workspace=asked.slug, id=asked.id("boyan"), support_room_access=True, actor=ACTOR, now=clock.now()
    )
    asked.settle()
    assert asked.members()["boyan"] == "join"
    before = notices(asked)
    for name, key in (("boyan", "✅"), ("ivan", "✅"), ("olga", "👍"), ("olga", "❌")):
        react(asked, name, key)
    assert (state(asked), "mira" in asked.members(), notices(asked)) == ("", False, before)
    assert other.person.slug == asked.id("boyan")


def test_a_copied_mark_under_somebody_elses_message_lets_nobody_in(asked: Place) -> None:
    content = {"msgtype": "m.text", "body": ASKS, "solutions.roomdesk.access": AccessRequest.objects.get().pk}
    where = path("rooms", asked.room, "send", "m.room.message", "forged")
    forged = asked.matrix.call("PUT", where, content, user=asked.user("ivan"))["event_id"]
    hear(asked)
    react(asked, "olga", to=str(forged))
    assert state(asked) == ""


def test_an_admin_who_is_none_any_more_lets_nobody_in(asked: Place) -> None:
    services.do_put_member(
        workspace=asked.slug,
        id=asked.id("asen"),
        role="member",
        support_room_access=True,
        actor=ACTOR,
        now=clock.now(),
    )
    asked.settle()
    react(asked, "asen")
    assert (state(asked), "mira" in asked.members()) == ("", False)


@pytest.mark.parametrize(("decision", "by"), [("declined", "olga"), ("withdrawn", "mira")])
def test_what_is_not_asked_any_more_is_taken_back(asked: Place, decision: str, by: str) -> None:
    request, event = AccessRequest.objects.get(), notice(asked).external_id
    access.do_decide(
        workspace=asked.slug, request=request.pk, decision=decision, by=asked.id(by), actor=ACTOR, now=clock.now()
    )
    asked.settle()
    hear(asked)
    shown = asked.matrix.call("GET", path("rooms", asked.room, "event", event), user=asked.user("olga"))
    assert shown["content"] == {}
    assert notice(asked).redacted_at is not None
    react(asked, "olga", to=event)
    assert (state(asked), "mira" in asked.members()) == (decision, False)


def test_somebody_who_is_switched_off_again_is_out_and_can_ask_again(asked: Place) -> None:
    react(asked, "olga")
    mira = asked.id("mira")
    access.do_switch(workspace=asked.slug, person=mira, access=False, by=asked.id("asen"), actor=ACTOR, now=clock.now())
    asked.settle()
    assert asked.members()["mira"] == "leave"
    access.do_ask(workspace=asked.slug, person=mira, actor=Actor("person", mira), now=clock.now())
    asked.settle()
    assert OutboxRow.objects.filter(once__startswith="access:", once__endswith=":asked", state="sent").count() == 2
