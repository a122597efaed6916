"""Specialists come into the customer's room while a case is escalated to them, on the real homeserver (R26, D32)."""

from __future__ import annotations

import pytest

from roomdesk.directory import services
from roomdesk.runtime import clock
from tests.rooms.control import Control
from tests.rooms.place import ACTOR, PRODUCT, Place

pytestmark = pytest.mark.part_of("R26", "R28")


def test_a_specialist_is_called_in_by_command_joins_and_leaves_with_the_resolution(place: Place) -> None:
    control = Control(place)
    services.do_put_staff(
        id=place.id("dora"), roles=["specialist"], field="database", product=PRODUCT, actor=ACTOR, now=clock.now()
    )
    control.settle()
    case = control.open("Every page takes a minute.")
    assert "dora" not in place.members()
    assert control.answers(control.order("!desk escalate database the queries are slow", case)) == ["✅"]
    assert place.members()["dora"] == "join"
    assert place.state()["m.room.power_levels", ""]["users"][place.user("dora")] == 50
    assert place.plan() == {"actions": [], "held": [], "problem": None}
    assert "Assignee: nobody · escalated to database" in control.card(case)
    (told,) = [one for one in control.thread(case) if one["body"].startswith("Escalated")]
    assert told["body"] == f"Escalated to database, by {place.id('ivan')}. Reason: the queries are slow"
    assert told["m.mentions"] == {"user_ids": [place.user("dora")]}
    (refused,) = control.answers(control.order("!desk escalate plumbing", case))
    assert refused == 'There is no field "plumbing" here; this product has ai, database, networking.'
    assert control.answers(control.order("!desk resolve fix: an index; cause: it was missing", case)) == ["✅"]
    assert place.members()["dora"] == "leave"
    assert place.plan() == {"actions": [], "held": [], "problem": None}
    assert "escalated" not in control.card(case)


def test_who_is_sent_home_by_command_leaves(place: Place) -> None:
    control = Control(place)
    services.do_put_staff(
        id=place.id("dora"), roles=["specialist"], field="database", product=PRODUCT, actor=ACTOR, now=clock.now()
    )
    control.settle()
    case = control.open("Every page takes a minute.")
    control.order("!desk escalate database", case)
    assert place.members()["dora"] == "join"
    assert control.answers(control.order("!desk deescalate", case)) == ["✅"]
    assert place.members()["dora"] == "leave"
    assert f"No longer escalated to database, by {place.id('ivan')}." in control.told(case)
