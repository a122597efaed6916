"""An incident over two customers, driven from the control room: each hears the answer in their own room and language (R26, R28)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from roomdesk import timers
from roomdesk.cases import writing
from roomdesk.cases.models import Case
from roomdesk.control.models import Command
from roomdesk.queues import lanes
from roomdesk.runtime import clock
from tests.harness.database import in_thread
from tests.rooms.control import Control
from tests.rooms.place import ACTOR, PRODUCT, Place
from tests.rooms.talking import hear, texts

pytestmark = pytest.mark.part_of("R26", "R28")
DONE = ["✅"]


def other_case(other: Place) -> Case:
    return writing.do_open_case(
        workspace=other.slug,
        author=other.id("olga"),
        text="Всичко е бавно.",
        channel="api",
        actor=ACTOR,
        now=clock.now(),
    )


def test_an_answer_to_all_reaches_both_rooms_and_neither_hears_of_the_other(place: Place) -> None:
    control, other = Control(place), Place(place.matrix).build()
    other.put(product=PRODUCT, tier="pro", locale="bg", display_name="Бета")
    control.settle()
    hear(other)
    leader, case = control.open("Nothing loads."), other_case(other)
    control.settle()
    hear(other)
    assert control.answers(control.order(f"!desk attach {leader.ref} the same disk", case)) == DONE
    assert "Leads an incident: 1 attached" in control.card(leader)
    assert f"Attached to the incident of {leader.ref}" in control.card(case)
    (told,) = control.answers(control.order("!desk answer-all We are on it.\nbg: Работим по въпроса.", leader))
    assert told == f"Told in {leader.ref}, {case.ref}."
    hear(other)
    assert texts(place, "ivan") == ["We are on it."]
    by_ivan = [
        e["content"]["body"]
        for e in control.events(other.room, other.user("olga"))
        if e["sender"] == place.user("ivan") and "body" in e["content"]
    ]
    assert by_ivan == ["Работим по въпроса."]
    assert {one.answered_at is not None for one in Case.objects.all()} == {True}, "it is an answer in both"
    (along,) = control.answers(control.order("!desk resolve fix: a new disk; cause: the old one", leader))
    assert along == f"Resolved with it: {case.ref}."
    assert set(Case.objects.values_list("state", flat=True)) == {"resolved"}
    delivered = repr(control.events(place.room, place.user("olga")))
    assert case.ref not in delivered and "Бета" not in delivered and "attach" not in delivered


def test_a_command_waits_while_somebody_is_at_the_other_customers_case(place: Place) -> None:
    control, other = Control(place), Place(place.matrix).build()
    control.settle()
    hear(other)
    leader, case = control.open("Nothing loads."), other_case(other)
    control.settle()
    root = control.roots(leader)[0]["event_id"]
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            lanes.lock(other.workspace.lane_id)
            held.set()
            assert done.wait(600)

    thread = in_thread(hold)
    assert held.wait(60)
    first = control.say("ivan", f"!desk link {case.ref}", room=control.room, thread=root)
    second = control.say("ivan", "!desk ack", room=control.room, thread=root)
    control.settle()
    timers.fire()
    assert [command.state for command in Command.objects.all()] == ["waiting", "waiting"], "in their order"
    assert control.answers(first) == [] and Case.objects.get(pk=leader.pk).state == "new"
    done.set()
    thread.join(120)
    with clock.frozen(clock.now()) as time:
        time.tick(timedelta(seconds=2))
        while timers.fire():
            control.settle()
        control.settle()
    assert (control.answers(first), control.answers(second)) == (DONE, DONE)
    assert Case.objects.get(pk=leader.pk).state == "acknowledged"
