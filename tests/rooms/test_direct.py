"""Direct messages with the desk, on the real homeserver: made by the desk, for one member of the staff, answered to them alone (D9)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roomdesk import pipeline, timers
from roomdesk.cases.models import Case
from roomdesk.channels.matrix import membership
from roomdesk.channels.matrix import send as sending
from roomdesk.channels.matrix.names import path
from roomdesk.channels.matrix.receive import arrival
from roomdesk.control.models import Command
from roomdesk.directory import services
from roomdesk.queues import inbox
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.record.models import Message
from roomdesk.rooms import direct as rooms
from roomdesk.rooms.models import Room
from roomdesk.runtime import clock
from tests.rooms.control import Control
from tests.rooms.place import ACTOR, PRODUCT, Place

pytestmark = pytest.mark.part_of("R28")
DONE = ["✅"]
Json = dict[str, Any]


class Direct(Control):
    """A control room, and beside it what one person and the desk say to each other alone."""

    @property
    def room(self) -> str:
        return Room.objects.get(kind="direct", person__slug=self.place.id(self.name)).room_id

    @property
    def control(self) -> Control:
        return Control(self.place)

    def settle(self) -> None:
        self.control.settle()
        self.place.settle()
        while self._hear():
            self.place.settle()

    def state(self) -> dict[tuple[str, str], Json]:
        events = self.place.matrix.state(self.room, self.place.user(self.name))
        return {(e["type"], e["state_key"]): e["content"] for e in events}


@pytest.fixture(scope="module")
def direct(same_place: Place) -> Direct:
    """Ivan has asked for his room in the control room."""
    control = Control(same_place)
    control.settle()
    answered = control.answers(control.order("!desk direct"))
    assert answered == ["A room for you and the desk alone is being made; you are invited in a moment."]
    found = Direct(same_place)
    found.settle()
    return found


def test_it_is_private_unencryptable_and_stands_in_no_space(direct: Direct) -> None:
    state, place = direct.state(), direct.place
    members = {key: c["membership"] for (kind, key), c in state.items() if kind == "m.room.member"}
    assert members == {place.user("ivan"): "join", place.matrix.bot: "join", place.matrix.keeper: "join"}
    levels = state["m.room.power_levels", ""]
    assert (levels["invite"], levels["events"]["m.room.encryption"], levels["users"]) == (100, 101, {})
    spaces = Room.objects.filter(kind="space").values_list("room_id", flat=True)
    named = [e["state_key"] for one in spaces for e in place.matrix.state(one, place.user("ivan")) if e["content"]]
    assert direct.room not in named
    hello = direct.messages()[0]["content"]
    assert hello["body"].startswith("This room is for you and the desk alone.")


def test_asking_again_makes_no_other_and_lets_the_person_in_again(direct: Direct) -> None:
    place, before = direct.place, direct.room
    membership.kick(place.matrix, before, place.user("ivan"), "")
    direct.settle()
    answered = direct.control.answers(direct.control.order("!desk direct"))
    direct.settle()
    assert answered == [f"It is there: https://matrix.to/#/{before}"]
    assert (direct.room, Room.objects.filter(kind="direct").count()) == (before, 1)


def test_the_same_commands_are_answered_here_and_not_in_the_control_room(direct: Direct) -> None:
    case = direct.control.open("Only Ivan asks about this one.")
    said = len(direct.control.messages())
    (status,) = direct.answers(direct.order(f"!desk {case.ref} status"))
    assert status.startswith(f"{case.ref} · Acme · Pro")
    (listed,) = direct.answers(direct.order("!desk help"))
    assert "!desk resolve fix:" in listed
    assert len(direct.control.messages()) == said, "nobody else reads it"
    assert direct.answers(direct.order(f"!desk {case.ref} ack")) == DONE
    case.refresh_from_db()
    assert (case.state, case.assignee.slug) == ("acknowledged", direct.place.id("ivan"))  # type: ignore[union-attr]
    assert direct.answers(direct.order(f"!desk {case.ref} resolve fix: a canary; cause: unknown")) == DONE
    delivered = json.dumps(direct.events(direct.place.room, direct.place.user("olga")))
    assert "canary" not in delivered and direct.room not in delivered and "!desk" not in delivered


def test_a_case_is_named_always_and_a_missing_one_is_not_there(direct: Direct) -> None:
    (which,) = direct.answers(direct.order("!desk ack"))
    assert which == "Which case? Name it: !desk BC-1042 status. Nothing was done."
    (missing,) = direct.answers(direct.order("!desk BC-999999 ack"))
    assert missing == "There is no case BC-999999 here; nothing was done."


def test_what_is_no_command_is_answered_with_how_one_is_written(direct: Direct) -> None:
    event = direct.order("What is new?")
    (hint,) = direct.answers(event)
    assert hint.startswith("Only what begins with !desk is read here")
    assert not Message.objects.filter(external_id=event).exists(), "it is no part of any customer's record"


def test_a_note_goes_to_the_case_it_names(direct: Direct) -> None:
    case = direct.control.open("A note from afar.")
    event = direct.order(f"!desk {case.ref} note They moved offices.")
    assert direct.answers(event) == DONE
    (note,) = Message.objects.filter(case=case, kind="note")
    assert note.body.endswith("They moved offices.") and note.author_kind == "staff"


def test_staff_of_another_product_hear_nothing_of_the_case(direct: Direct) -> None:
    place, case = direct.place, direct.control.open("Not Petya's product.")
    services.do_put_staff(id=place.id("petya"), roles=["engineer"], product="bos", actor=ACTOR, now=clock.now())
    petya = _room_of(direct, "petya")
    before = Case.objects.filter(pk=case.pk).values().get()
    for text in (f"!desk {case.ref} status", f"!desk {case.ref} ack", f"!desk {case.ref} note Hello"):
        event = petya.order(text)
        assert petya.answers(event) == [f"There is no case {case.ref} here; nothing was done."]
    assert Case.objects.filter(pk=case.pk).values().get() == before
    assert not Message.objects.filter(case=case, kind="note").exists()


def test_of_a_restricted_case_the_security_role_alone_is_told(direct: Direct) -> None:
    place, case = direct.place, direct.control.open("Our mail looks odd to me.")
    Case.objects.filter(pk=case.pk).update(is_restricted=True)
    for text in (f"!desk {case.ref} status", f"!desk {case.ref} ack", f"!desk {case.ref} note x"):
        (refused,) = direct.answers(direct.order(text))
        assert refused.startswith(f"{case.ref} is restricted; only the security role")
    assert Case.objects.get(pk=case.pk).state == "new"
    services.do_put_staff(id=place.id("sava"), roles=["security"], product=PRODUCT, actor=ACTOR, now=clock.now())
    sava = _room_of(direct, "sava")
    assert sava.answers(sava.order(f"!desk {case.ref} ack")) == DONE
    assert sava.answers(sava.order(f"!desk {case.ref} note Seen.")) == DONE
    assert Case.objects.get(pk=case.pk).assignee.slug == place.id("sava")  # type: ignore[union-attr]


def _room_of(direct: Direct, name: str) -> Direct:
    """Somebody else's, asked for by an invitation of the bot, which a homeserver without the wall lets through."""
    place = direct.place
    place.settle()
    _invite(place, name, "!elsewhere")
    while pipeline.drain():
        pass
    # The room that was invited to is not there to be left: that is fine.
    place.settle()
    found = Direct(place, name)
    found.settle()
    return found


def _invite(place: Place, name: str, room: str) -> str:
    event = {
        "type": "m.room.member", "state_key": place.matrix.bot, "content": {"membership": "invite", "is_direct": True},
        "sender": place.user(name), "room_id": room, "event_id": f"$invite-{name}-{room}", "origin_server_ts": 1,
    }  # fmt: skip
    inbox.store([arrival(event, place.matrix.bot)], clock.now())
    return str(event["event_id"])


@pytest.mark.part_of("R39")
def test_a_page_is_said_to_its_person_there_once_and_calls_them(
    direct: Direct, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "current", lambda: direct.place.matrix)
    row = OutboxRow(key="the-row-of-a-call", attempts=1)
    for _ in range(2):
        rooms.say(direct.place.id("ivan"), row, "P0 · BC-1042 · Acme: all is down")
    (told,) = [one["content"] for one in direct.messages() if "all is down" in one["content"]["body"]]
    assert told["m.mentions"] == {"user_ids": [direct.place.user("ivan")]} and told["msgtype"] == "m.text"
    with pytest.raises(rooms.NoRoom, match="no room with the desk yet"):
        rooms.say(direct.place.id("olga"), row, "P0")


def test_an_invitation_is_declined_and_staff_get_a_room_that_the_desk_makes(there: Place) -> None:
    """On a homeserver that lets people make rooms."""
    made = {}
    for name in ("ivan", "olga"):
        body = {"is_direct": True, "invite": [there.matrix.bot], "preset": "trusted_private_chat"}
        made[name] = str(there.matrix.call("POST", path("createRoom"), body, user=there.user(name))["room_id"])
        _invite(there, name, made[name])
    there.settle()
    for name, room in made.items():
        how = membership.membership(there.matrix, room, there.matrix.bot, reader=there.user(name))
        assert how == "leave", name
    assert [row.person.slug for row in Room.objects.filter(kind="direct")] == [there.id("ivan")]  # type: ignore[union-attr]
    assert not OutboxRow.objects.filter(state="failed").exists()
    events = InboxEvent.objects.filter(external_id__startswith="$invite")
    assert {event.state for event in events} == {"ignored"}


def test_who_leaves_the_staff_is_out_of_it_at_once(there: Place) -> None:
    _invite(there, "ivan", "!anywhere")
    there.settle()
    room = Room.objects.get(kind="direct").room_id
    assert membership.membership(there.matrix, room, there.user("ivan")) == "join"
    services.do_remove_staff(id=there.id("ivan"), actor=ACTOR, now=clock.now())
    there.settle()
    assert membership.membership(there.matrix, room, there.user("ivan")) == "leave"
    there.sweep()
    assert membership.membership(there.matrix, room, there.user("ivan")) == "leave"
    before = Command.objects.count()
    assert timers.fire() == 0 and Command.objects.count() == before
