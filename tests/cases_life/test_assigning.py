"""New cases find somebody by themselves where the product says so: by turn, capacity and presence, under lock (R26)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from roomdesk import timers
from roomdesk.audit.models import Entry
from roomdesk.audit.work import DESK, Work
from roomdesk.cases import assigning
from roomdesk.cases.models import Case, Turns
from roomdesk.directory import services
from roomdesk.product.policy import Assignment
from roomdesk.product.queries import newest, product_of
from roomdesk.queues.models import InboxEvent, Timer
from roomdesk.runtime import clock
from tests.cases_api.place import ACTOR, PRODUCT, command, nothing_changes, staff, told
from tests.cases_life.acting import FIXED, Desk
from tests.harness.races import at_once

pytestmark = pytest.mark.part_of("R26")


def switch_on(**more: object) -> None:
    """The product gives cases to its engineers by turn, from the next one on."""
    product = product_of(newest([PRODUCT])[PRODUCT].pk)
    rule = Assignment.model_validate({"mode": "round_robin", "capacity": 2, **more})
    services.load(product.model_copy(update={"assignment": rule}), ACTOR, clock.now() - timedelta(minutes=1))


def join(person: str, role: str) -> None:
    """Somebody more on the staff. There are no rooms here: what would bring them in is put away, as in `conftest.built`."""
    staff(person, role)
    InboxEvent.objects.update(state=InboxEvent.State.IGNORED)


@pytest.fixture
def turning(desk: Desk) -> Desk:
    """Engineers Ivan and Eva, two open cases each at most; Petya is a lead."""
    join("eva", "engineer")
    switch_on()
    return desk


def whose(desk: Desk, ref: str) -> str | None:
    found: str | None = desk.case(ref)["assignee"]
    return found


def test_by_default_nobody_is_given_anything(desk: Desk) -> None:
    ref = desk.open()
    desk.later(minutes=1)
    assert whose(desk, ref) is None and not Timer.objects.filter(kind=assigning.ASSIGN_TIMER).exists()


def test_cases_go_round_up_to_each_ones_capacity_and_wait_for_room(turning: Desk) -> None:
    refs = []
    for n in range(5):
        refs.append(turning.open(f"Matter {n}"))
        turning.later(minutes=1)
    given = [whose(turning, ref) for ref in refs]
    assert sorted(given[:2], key=str) == ["eva", "ivan"] and given[2:4] == given[:2]
    assert given[4] is None, "both have two"
    turning.changed(refs[1], **FIXED)
    turning.later(minutes=11)
    assert whose(turning, refs[4]) == given[1]
    (change,) = [c for c in turning.case(refs[0])["changes"] if c["what"] == "assignee"]
    assert (change["before"], change["after"], change["by"]) == (None, given[0], "desk")
    assert change["reason"] == "Their turn, with 0 of 2 open cases."
    assert Entry.objects.filter(action="case.assignee", subject=f"case:{refs[0]}").count() == 1


def test_who_is_away_gets_nothing_until_they_are_back(turning: Desk) -> None:
    told("staff", "availability", "eva", "--away")
    refs = [turning.open("One"), turning.open("Two", "mira")]
    turning.later(minutes=1)
    assert [whose(turning, ref) for ref in refs] == ["ivan", "ivan"]
    answer = turning.rest._client.put(
        "/api/v1/staff/eva/availability",
        '{"present": true, "capacity": 5}',
        content_type="application/json",
        headers=turning.rest._headers,
    )
    assert answer.status_code == 403, "this token has no such scope"
    told("staff", "availability", "eva", "--present", "--capacity", "5")
    ref = turning.open("Three")
    turning.later(minutes=1)
    assert whose(turning, ref) == "eva"
    with nothing_changes():
        assert "eva is present, for 5 open cases." in command("staff", "availability", "eva").stdout
        assert command("staff", "availability", "olga", "--away").exit_code == 1
        assert command("staff", "availability", "eva", "--capacity", "-1").exit_code == 1


def test_at_night_it_waits_for_the_office_to_open(turning: Desk) -> None:
    turning.time.tick(timedelta(hours=12))
    ref = turning.open("At night")
    turning.later(hours=8)
    assert whose(turning, ref) is None
    # The day after is a public holiday in Sofia.
    turning.later(hours=26)
    assert whose(turning, ref) is None
    turning.later(hours=1, minutes=1)
    assert whose(turning, ref) is not None


def test_who_takes_it_first_keeps_it(turning: Desk) -> None:
    ref = turning.open()
    turning.changed(ref, assignee="petya")
    turning.later(minutes=1)
    assert whose(turning, ref) == "petya" and not Turns.objects.exclude(order=[]).exists()


def test_what_is_over_before_its_turn_is_given_to_nobody(turning: Desk) -> None:
    ref = turning.open()
    turning.changed(ref, **FIXED)
    turning.later(minutes=1)
    assert whose(turning, ref) is None


def test_a_customer_who_reopens_an_unassigned_case_has_it_given_away(turning: Desk) -> None:
    ref = turning.open()
    turning.changed(ref, **FIXED)
    turning.later(minutes=1)
    turning.say(ref, "olga", "It is back")
    turning.later(minutes=1)
    assert whose(turning, ref) is not None


def test_a_restricted_case_goes_to_the_security_role_alone(turning: Desk) -> None:
    ref = turning.open("We think our data was leaked, somebody else sees our customers.")
    assert turning.case(ref)["restricted"]
    turning.later(minutes=1)
    assert whose(turning, ref) is None
    join("sofia", "security")
    turning.later(minutes=11)
    assert whose(turning, ref) == "sofia"


def test_what_staff_begin_is_theirs_to_give(turning: Desk) -> None:
    ref = turning.open("We restart your server on Friday", "ivan")
    turning.later(minutes=1)
    assert whose(turning, ref) is None


def test_two_cases_at_once_do_not_both_get_the_last_free_place(desk: Desk) -> None:
    switch_on(capacity=1)
    desk.open("One"), desk.open("Two", "oto", workspace="beta")
    desk.time.tick(timedelta(minutes=1))
    waiting = list(Timer.objects.filter(kind=assigning.ASSIGN_TIMER).order_by("pk"))
    barrier = threading.Barrier(2)

    def fire(timer: Timer) -> None:
        # Each worker has the lane of one customer.
        with transaction.atomic():
            work = Work(clock.now(), DESK)
            barrier.wait(60)
            assigning.fire(work, [timer])
            work.flush()

    assert at_once(*[lambda timer=timer: fire(timer) for timer in waiting]) == []
    assert Case.objects.filter(assignee__slug="ivan").count() == 1
    assert Case.objects.filter(assignee=None).count() == 1


def test_timers_give_each_case_to_one_person_however_often_they_fire(turning: Desk) -> None:
    refs = [turning.open("One"), turning.open("Two", "oto", workspace="beta")]
    turning.time.tick(timedelta(minutes=1))
    assert timers.fire() == 2 and timers.fire() == 0
    assert sorted(whose(turning, ref) or "" for ref in refs) == ["eva", "ivan"]
