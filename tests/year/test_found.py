"""Faults that the simulated year has found, each in its smallest form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from roomdesk import timers
from roomdesk.audit.models import Content, Entry
from roomdesk.audit.work import Actor
from roomdesk.cases import changing, joining, parting
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case
from roomdesk.cases.parting import Parting
from roomdesk.clocks.models import Clock, Notice
from roomdesk.clocks.retargeting import do_retarget
from roomdesk.directory.services import do_put_workspace
from roomdesk.queues.models import InboxEvent
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.harness.database import Databases
from tests.year.desk import EVERYBODY
from tests.year.place import VENDOR, Place, build, hear, load_policy, work_off

IVAN = Actor("staff", "ivan")
#: A Monday, 10:00 in Sofia; the next day is a holiday.
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def place(databases: Databases) -> Iterator[tuple[Place, clock.Frozen]]:
    """One workspace of PLANA Business Cloud with its room."""
    with databases.copy(), clock.frozen(START - timedelta(days=9)) as time:
        made = build(1, Random(3))[0]
        InboxEvent.objects.filter(state="pending").update(state="ignored")
        time.at = START
        yield made, time


def says(place: Place, person: str, event_id: str, text: str = "Orders cannot be saved.", about: str = "") -> None:
    content: dict[str, object] = {"msgtype": "m.text", "body": text}
    if about:
        content["m.relates_to"] = {"rel_type": "m.thread", "event_id": about}
    hear(place.room, person, "m.room.message", content, event_id)


def case_of(event_id: str) -> Case:
    work_off()
    found = Message.objects.get(external_id=event_id).case
    assert found is not None
    return found


def change(case: Case, **given: str) -> None:
    changing.do_change(EVERYBODY, case.ref, Change(**given), author="ivan", actor=IVAN, now=clock.now())  # type: ignore[arg-type]


def resolve(case: Case) -> None:
    change(case, state="resolved", fix="Restarted", root_cause="A full disk")


def clock_of(case: Case, kind: str = "first_response", cycle: int = 1) -> Clock:
    return Clock.objects.get(case=case, kind=kind, cycle__number=cycle)


def work_until(time: clock.Frozen, days: int) -> None:
    """The worker looks every hour."""
    for _ in range(24 * days):
        time.tick(timedelta(hours=1))
        while timers.fire():
            pass


def told(case: Case, cycle: int = 1) -> list[int]:
    found = Notice.objects.filter(clock=clock_of(case, cycle=cycle)).order_by("id")
    return list(found.values_list("step", flat=True))


def test_an_answer_in_a_case_that_waits_begins_no_running_update_clock(place: tuple[Place, clock.Frozen]) -> None:
    here, time = place
    says(here, here.people[0], "$one")
    case = case_of("$one")
    change(case, state="waiting_customer")
    time.tick(timedelta(minutes=5))
    says(here, "ivan", "$answer", "Which version is it?", "$one")
    work_off()
    update = clock_of(case, "update")
    assert (update.paused_at, update.due_at) == (time.at, None)
    time.tick(timedelta(hours=3))
    says(here, here.people[0], "$version", "Seven.", "$one")
    work_off()
    update.refresh_from_db()
    assert update.paused_at is None
    assert update.due_at


def test_a_late_answer_taken_away_leaves_the_breach(place: tuple[Place, clock.Frozen]) -> None:
    here, time = place
    says(here, here.people[0], "$one")
    says(here, here.people[1], "$two", "Something else altogether.")
    case, other = case_of("$one"), case_of("$two")
    assert case != other
    work_until(time, 20)
    says(here, "ivan", "$answer", "Fixed.", "$one")
    work_off()
    before = clock_of(case)
    assert before.state == "breached"
    moved = Parting([Message.objects.get(external_id="$answer").pk])
    parting.do_move(EVERYBODY, case.ref, other.ref, moved, author="ivan", actor=IVAN, now=clock.now())
    after = clock_of(case)
    assert (after.state, after.breached_at, after.stopped_at) == ("breached", before.due_at, None)


def test_an_answer_in_time_found_late_and_taken_away_is_found_late_again(place: tuple[Place, clock.Frozen]) -> None:
    here, time = place
    says(here, here.people[0], "$one")
    says(here, here.people[1], "$two", "Something else altogether.")
    case, other = case_of("$one"), case_of("$two")
    in_time = clock.to_ms(START + timedelta(hours=1))
    work_until(time, 20)
    assert told(case)[-1] == 100
    content = {"msgtype": "m.text", "body": "Fixed.", "m.relates_to": {"rel_type": "m.thread", "event_id": "$one"}}
    hear(here.room, "ivan", "m.room.message", content, "$answer", sent=in_time)
    work_off()
    assert clock_of(case).state == "met"
    moved = Parting([Message.objects.get(external_id="$answer").pk])
    parting.do_move(EVERYBODY, case.ref, other.ref, moved, author="ivan", actor=IVAN, now=clock.now())
    steps = told(case)
    work_until(time, 3)
    found = clock_of(case)
    assert (found.state, found.breached_at, found.caused_by) == ("breached", found.due_at, "move")
    assert told(case) == steps


def test_a_first_response_that_runs_again_is_named_with_the_tier_of_its_own_promise(
    place: tuple[Place, clock.Frozen],
) -> None:
    here, _ = place
    says(here, here.people[0], "$one")
    says(here, here.people[1], "$two", "Something else altogether.")
    case, other = case_of("$one"), case_of("$two")
    before, bought = clock_of(case).tier, "pro" if clock_of(case).tier != "pro" else "enterprise"
    says(here, "ivan", "$answer", "We look.", "$one")
    work_off()
    do_put_workspace(slug=here.slug, tier=bought, actor=VENDOR, now=clock.now())
    given = {"reason": "Bought", "dry_run": False, "actor": VENDOR, "now": clock.now()}
    do_retarget(EVERYBODY, workspace=here.slug, **given)  # type: ignore[arg-type]

    moved = Parting([Message.objects.get(external_id="$answer").pk])
    parting.do_move(EVERYBODY, case.ref, other.ref, moved, author="ivan", actor=IVAN, now=clock.now())
    entry = Entry.objects.filter(action="clock.awaited_again").latest("id")
    last = json.loads(Content.objects.get(entry_id=entry.pk).data)
    assert (last["clock"], last["tier"], clock_of(case).cycle.tier) == ("first_response", before, bought)

    # Given once more, the command reaches it too: it is a running promise of the former tier.
    do_retarget(EVERYBODY, workspace=here.slug, **given)  # type: ignore[arg-type]
    assert clock_of(case).tier == bought


def test_a_first_response_still_owed_is_told_of_when_the_case_is_open_again(place: tuple[Place, clock.Frozen]) -> None:
    here, time = place
    says(here, here.people[0], "$one")
    case = case_of("$one")
    resolve(case)
    work_until(time, 4)
    assert told(case) == []
    changing.do_reopen(EVERYBODY, case.ref, author="ivan", actor=IVAN, now=clock.now())
    work_until(time, 20)
    assert told(case)[-1] == 100


def test_a_case_begins_under_the_policy_of_its_own_time(place: tuple[Place, clock.Frozen], tmp_path: Path) -> None:
    here, time = place
    sent = clock.to_ms(time.at)
    time.tick(timedelta(minutes=20))
    load_policy("stricter", tmp_path)
    content = {"msgtype": "m.text", "body": "Orders cannot be saved."}
    hear(here.room, here.people[0], "m.room.message", content, "$one", sent=sent)
    time.tick(timedelta(days=1))
    says(here, here.people[1], "$two", "Something else altogether.")
    work_off()
    assert [clock_of(case_of(name)).product_version.number for name in ("$one", "$two")] == [1, 2]


def test_a_wait_that_begins_after_the_due_time_hides_no_breach(place: tuple[Place, clock.Frozen]) -> None:
    here, time = place
    says(here, here.people[0], "$one")
    case = case_of("$one")
    says(here, "ivan", "$answer", "We look.", "$one")
    work_off()
    due = clock_of(case, "update").due_at
    assert due
    time.at = due + timedelta(minutes=5)
    change(case, state="waiting_customer")
    work_until(time, 1)
    found = clock_of(case, "update")
    assert (found.state, found.breached_at) == ("past_aim", due)


def test_a_first_response_still_owed_goes_on_where_its_case_is_merged(place: tuple[Place, clock.Frozen]) -> None:
    here, time = place
    says(here, here.people[0], "$one")
    case = case_of("$one")
    resolve(case)
    time.tick(timedelta(hours=2))
    says(here, here.people[0], "$again", "It is back.", "$one")
    says(here, here.people[1], "$two", "Something else altogether.")
    other = case_of("$two")
    owed, due = clock_of(case), [clock_of(one).due_at for one in (case, other)]
    assert due[0] < due[1]  # type: ignore[operator]
    given = {"author": "ivan", "actor": IVAN}
    joining.do_merge(EVERYBODY, case.ref, other.ref, now=clock.now(), **given)  # type: ignore[arg-type]
    assert {one.state for one in Clock.objects.filter(case=case)} == {"met", "cancelled"}
    assert Clock.objects.get(taken_from=owed).due_at == due[0]

    joining.do_unmerge(EVERYBODY, case.ref, now=clock.now(), **given)  # type: ignore[arg-type]
    own = Clock.objects.get(case=other, kind="first_response", taken_from=None)
    assert [clock_of(case).due_at, own.due_at] == due
    says(here, "ivan", "$answer", "Fixed.", "$one")
    work_off()
    assert [clock_of(case, cycle=number).state for number in (1, 2)] == ["met", "met"]
    own.refresh_from_db()
    assert own.state == "running"


def test_whether_a_state_has_clocks_says_the_policy_that_the_cycle_was_begun_under(
    place: tuple[Place, clock.Frozen], tmp_path: Path
) -> None:
    here, time = place
    do_put_workspace(slug=here.slug, state="trial", actor=VENDOR, now=clock.now())
    time.tick(timedelta(hours=1))
    says(here, here.people[0], "$before")
    before, sent = case_of("$before"), clock.to_ms(time.at)
    time.tick(timedelta(minutes=20))
    load_policy("trials without clocks", tmp_path)
    content = {"msgtype": "m.text", "body": "Something else altogether."}
    hear(here.room, here.people[1], "m.room.message", content, "$late", sent=sent + 60_000)
    time.tick(timedelta(hours=2))
    says(here, here.people[2], "$after", "Nobody can sign in.")
    late, after = case_of("$late"), case_of("$after")
    change(before, severity="critical")
    assert [bool(clock_of(case).due_at) for case in (before, late, after)] == [True, True, False]

    given = {"reason": "New terms", "dry_run": False, "actor": VENDOR, "now": clock.now()}
    do_retarget(EVERYBODY, workspace=here.slug, **given)  # type: ignore[arg-type]
    assert [clock_of(case).due_at for case in (before, late, after)] == [None] * 3


def test_what_was_said_while_a_state_took_no_cases_makes_none_under_a_later_policy(
    place: tuple[Place, clock.Frozen], tmp_path: Path
) -> None:
    here, time = place
    do_put_workspace(slug=here.slug, state="cancelled", actor=VENDOR, now=clock.now())
    time.tick(timedelta(hours=1))
    sent = clock.to_ms(time.at)
    time.tick(timedelta(minutes=20))
    load_policy("cancelled are heard", tmp_path)
    content = {"msgtype": "m.text", "body": "Where is our copy?"}
    hear(here.room, here.people[0], "m.room.message", content, "$then", sent=sent)
    time.tick(timedelta(hours=1))
    says(here, here.people[0], "$now", "Where is our copy?")
    work_off()
    found = {name: Message.objects.get(external_id=name).case for name in ("$then", "$now")}
    assert [case is None for case in found.values()] == [True, False]
