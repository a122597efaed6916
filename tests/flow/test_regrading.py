"""A graver message of the customer in the same case raises its severity, as if somebody had (D12, D17); staff's word stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from roomdesk.cases import changing
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case, CaseChange
from roomdesk.clocks.models import Clock
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.flow.world import ACTOR, ASEN, EVERYONE, OLGA, START, message, room, store, work_off

MILD, GRAVE = "The report of March looks odd.", "Nobody can log in any more, production is down for the whole team!"


@pytest.fixture(autouse=True)
def _desk(desk: None) -> None:
    """The world, in which cedar is an enterprise; nothing there waits for the customer."""
    waiting = Message.objects.get(external_id="$cedar-waiting").case
    assert waiting is not None
    done = Change(state="resolved", fix="x", root_cause="y")
    changing.do_change(EVERYONE, waiting.ref, done, actor=ACTOR, now=START - timedelta(hours=1))


def says(event_id: str, sender: str, text: str, about: str = "", slug: str = "cedar") -> Case:
    content: dict[str, Any] = {"m.relates_to": {"rel_type": "m.thread", "event_id": about}} if about else {}
    store(message(event_id, room(slug), sender, text, **content))
    work_off()
    found = Message.objects.get(external_id=event_id).case
    assert found is not None
    return found


def first_response(case: Case) -> Clock:
    return Clock.objects.get(case=case, kind="first_response", cycle__number=case.cycle)


def test_it_is_raised_from_the_cycles_start_with_grace_and_stands_in_the_history() -> None:
    with clock.frozen(START) as time:
        case = says("$one", OLGA, MILD)
        assert (case.severity, first_response(case).severity) == ("normal", "normal")
        time.tick(timedelta(hours=3))
        again = says("$two", ASEN, GRAVE, "$one")
        assert (again.pk, again.severity) == (case.pk, "critical")
        change = CaseChange.objects.get(case=case, what="severity")
        assert (change.before, change.after, change.by, change.at) == ("normal", "critical", "desk", clock.now())
        assert change.reason == "A further message of the customer is graver.", "nothing of the customer's words"
        running = first_response(again)
        assert running.severity == "critical" and running.started_at == START
        # An hour around the clock from the start is over; the grace of 15 minutes from the change is not (D17).
        assert running.due_at == clock.now() + timedelta(minutes=15)
        assert "log in" in again.intake.why, "staff see what it was told by"


def test_what_is_as_grave_or_milder_changes_nothing() -> None:
    with clock.frozen(START) as time:
        case = says("$one", OLGA, GRAVE)
        time.tick(timedelta(minutes=5))
        for number, text in enumerate(
            (MILD, GRAVE, "Thanks!", "Can you add a dark theme, please?", "!desk severity critical")
        ):
            says(f"$m{number}", OLGA, text, "$one")
        case.refresh_from_db()
        assert case.severity == "critical" and not CaseChange.objects.filter(case=case, what="severity").exists()


@pytest.mark.parametrize("wanted", ["normal", "high"])
def test_what_staff_have_decided_stays(wanted: str) -> None:
    with clock.frozen(START) as time:
        case = says("$one", OLGA, GRAVE if wanted == "normal" else MILD)
        changing.do_change(
            EVERYONE,
            case.ref,
            Change(severity=wanted, reason="It is one person"),
            author="ivan",
            actor=ACTOR,
            now=clock.now(),
        )
        time.tick(timedelta(minutes=5))
        assert says("$two", ASEN, GRAVE, "$one").severity == wanted


def test_at_night_it_says_how_to_wake_somebody_and_wakes_nobody() -> None:
    with clock.frozen(START + timedelta(hours=14)) as time:
        case = says("$one", OLGA, MILD)
        assert not OutboxRow.objects.filter(once=f"case:{case.pk}:guessed").exists()
        time.tick(timedelta(minutes=1))
        for event in ("$two", "$three"):
            assert says(event, OLGA, GRAVE, "$one").severity == "critical"
        (said,) = OutboxRow.objects.filter(once=f"case:{case.pk}:guessed")
        assert "write P0 as the first word" in said.payload
        assert Case.objects.get(pk=case.pk).p0_at is None and not OutboxRow.objects.exclude(channel="matrix").exists()


def test_a_p0_is_a_case_of_its_own() -> None:
    with clock.frozen(START) as time:
        case = says("$one", OLGA, MILD)
        time.tick(timedelta(minutes=1))
        p0 = says("$two", OLGA, f"P0 {GRAVE}", "$one")
        assert p0.pk != case.pk and Case.objects.get(pk=case.pk).severity == "normal"
