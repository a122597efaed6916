"""Who is told what, when: warnings, the breach, quiet hours, changes, late ones (R22, D18, R27)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk import timers
from roomdesk.cases.models import Case
from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Notice
from roomdesk.queues.inbox import Arrival, store
from roomdesk.queues.models import InboxEvent, Route, Timer
from tests.clocks.bench import Bench

WHOLE = [(50, "assignee", False), (75, "lead", False), (90, "desk", False), (100, "desk", False)]


def test_each_step_is_told_once_to_those_it_is_for(bench: Bench) -> None:
    matter = bench.matter("birch", "critical", assignee="ivan")
    bench.run_until("Fri 10:00")
    assert bench.told() == WHOLE
    told = [n.planned_at for n in Notice.objects.order_by("id")]
    assert told == [bench.at(at) for at in ("Wed 12:00", "Wed 13:00", "Wed 13:36", "Wed 14:00")]
    assert {n.assignee.slug for n in Notice.objects.select_related("assignee") if n.assignee} == {"ivan"}
    assert (matter.clock().state, matter.clock().breached_at) == ("breached", bench.at("Wed 14:00"))
    assert not Timer.objects.filter(state="pending").exists()


def test_where_nobody_has_the_case_the_lead_is_told_first(bench: Bench) -> None:
    bench.matter("birch")
    bench.run_until("Wed 12:30")
    assert bench.told() == [(50, "lead", False)]


def test_an_answer_ends_all_of_it(bench: Bench) -> None:
    matter = bench.matter("birch", assignee="ivan")
    bench.run_until("Wed 12:30")
    bench.answer(matter)
    update = matter.clock("update")
    bench.run_until("Wed 14:20")
    assert bench.told() == [(50, "assignee", False)]
    assert Timer.objects.get(state="pending").subject_id == update.pk


def test_the_assignee_is_reminded_before_the_promised_update_is_due(bench: Bench) -> None:
    matter = bench.matter("birch", assignee="ivan")
    bench.answer(matter)
    bench.run_until("Wed 13:30")
    assert bench.told(matter) == [(50, "assignee", False), (75, "lead", False)]
    assert set(Notice.objects.values_list("clock__kind", flat=True)) == {"update"}


def test_nobody_is_disturbed_outside_the_targets_hours(bench: Bench) -> None:
    """Due on the stroke of closing: known to be late at once, told when the office opens."""
    bench.until("Wed 14:00")
    matter = bench.matter("birch")
    bench.run_until("Wed 23:00")
    assert [step for step, _, _ in bench.told()] == [50, 75, 90]
    assert matter.clock().state == "breached"
    bench.run_until("Thu 09:05")
    last = Notice.objects.latest("id")
    assert (last.step, last.planned_at, last.is_late) == (100, bench.at("Thu 09:00"), False)


def test_a_worker_that_is_late_at_night_waits_for_the_morning(bench: Bench) -> None:
    bench.until("Wed 14:20")
    bench.matter("birch")
    bench.until("Wed 22:00")
    assert bench.fire()
    assert bench.told() == []
    bench.run_until("Thu 09:05")
    assert bench.told() == [(90, "desk", True)]


def test_elapsed_targets_have_all_hours(bench: Bench) -> None:
    bench.until("Wed 22:00")
    bench.matter("cedar", "critical")
    bench.run_until("Wed 23:30")
    assert [step for step, _, _ in bench.told()] == [50, 75, 90, 100]


def test_after_an_outage_only_the_highest_step_is_told_late_and_in_one_digest(bench: Bench) -> None:
    matters = [bench.matter(slug, "critical", assignee="ivan") for slug in ("birch", "birch", "cedar")]
    bench.until("Wed 13:20")
    assert bench.fire() == 3
    assert bench.told() == [(75, "lead", True), (75, "lead", True), (100, "desk", True)]
    assert set(Notice.objects.values_list("digest", flat=True)) == {bench.at("Wed 13:15")}
    assert bench.fire() == 0
    bench.run_until("Wed 16:00")
    assert bench.told(matters[0]) == [(75, "lead", True), (90, "desk", False), (100, "desk", False)]


def test_what_began_in_the_past_disturbs_only_by_the_digest(bench: Bench) -> None:
    """A set-aside event that is replayed (D24): it starts clocks in the past and calls nobody."""
    bench.until("Thu 12:00")
    matter = bench.matter("birch", at=bench.at("Wed 10:00"))
    assert bench.fire()
    assert matter.clock().state == "breached"
    assert [(n.step, n.is_late, n.digest) for n in Notice.objects.all()] == [(100, True, bench.at("Thu 12:00"))]


def test_a_clock_set_forwards_and_back_tells_nothing_twice(bench: Bench) -> None:
    matter = bench.matter("birch")
    bench.until("Thu 10:00")
    assert bench.fire() == 1
    bench.until("Wed 10:30")
    assert bench.fire() == 0
    bench.run_until("+1 Wed 10:00")
    assert bench.told() == [(100, "desk", True)]
    bench.until("Wed 11:00")
    bench.answer(matter)
    assert matter.clock().state == "met"


def test_set_back_before_a_step_it_is_told_when_its_time_comes(bench: Bench) -> None:
    bench.matter("birch")
    Timer.objects.update(next_at=bench.at("Wed 10:00"))
    bench.until("Wed 10:30")
    assert bench.fire() == 1
    assert bench.told() == []
    bench.run_until("Wed 12:10")
    assert bench.told() == [(50, "lead", False)]


def test_an_answer_that_waits_in_the_inbox_comes_first(bench: Bench) -> None:
    matter = bench.matter("birch", "feature")
    store([Arrival("matrix", "$answer", "!birch", "{}")], bench.now)
    InboxEvent.objects.update(lane_id=matter.subject.lane_id)
    bench.until("+1 Thu 10:00")
    assert timers.fire() == 0
    assert (bench.told(), matter.clock().state) == ([], "running")
    InboxEvent.objects.update(state="done")
    bench.answer(matter, at=bench.at("+1 Wed 09:59"))
    assert bench.fire() == 0
    assert (bench.told(), matter.clock().state) == ([], "met")


def test_while_a_room_is_read_back_nothing_is_called_late(bench: Bench) -> None:
    matter = bench.matter("birch")
    bench.until("Wed 15:00")
    Route.objects.create(
        source="matrix", address="!birch", lane_id=matter.subject.lane_id, since=bench.now,
        unread_from=bench.at("Wed 13:00"), held_since=bench.now,
    )  # fmt: skip
    assert timers.fire() == 0
    bench.time.tick(timedelta(seconds=31))
    assert timers.fire() == 1, "order gives way to being told"


def test_a_busy_customer_holds_up_nobody_else(bench: Bench) -> None:
    busy = [bench.matter("birch") for _ in range(4)]
    bench.matter("cedar")
    store([Arrival("matrix", "$wait", "!birch", "{}")], bench.now)
    InboxEvent.objects.update(lane_id=busy[0].subject.lane_id)
    bench.until("Wed 15:00")
    assert timers.fire(limit=2) == 1


@pytest.mark.parametrize("state", ["resolved", "closed"])
def test_of_a_case_that_is_not_open_nothing_is_told(bench: Bench, state: str) -> None:
    matter = bench.matter("birch")
    Case.objects.update(state=state)
    bench.run_until("Fri 10:00")
    assert (bench.told(), matter.clock().state) == ([], "breached")


def test_a_deflected_case_is_told_of_once_it_is_a_case_again(bench: Bench) -> None:
    matter = bench.matter("birch")
    Case.objects.update(state="deflected")
    bench.run_until("Wed 15:00")
    assert (bench.told(), matter.clock().state) == ([], "running")
    Case.objects.update(state="new")
    with bench.acting() as work:
        clocks.wake(work, matter.subject, matter.running)
    bench.run_until("Wed 15:01")
    assert [step for step, _, _ in bench.told()] == [100]
    assert matter.clock().breached_at == bench.at("Wed 14:00")


def test_a_cancelled_clock_tells_nothing(bench: Bench) -> None:
    matter = bench.matter("birch")
    with bench.acting() as work:
        clocks.cancel(work, matter.subject, matter.running[0], at=bench.now, reason="Opened by mistake.")
    bench.run_until("Fri 10:00")
    assert (bench.told(), matter.clock().state, Timer.objects.count()) == ([], "cancelled", 0)


def test_while_it_is_paused_nothing_is_told(bench: Bench) -> None:
    matter = bench.matter("birch", kinds=("resolution",))
    with bench.acting() as work:
        clocks.pause(work, matter.subject, matter.running, at=bench.now)
    bench.run_until("+2 Wed 10:00")
    assert bench.told() == []
    with bench.acting() as work:
        clocks.resume(work, matter.subject, matter.running, at=bench.now)
    bench.run_until("+2 Thu 10:01")
    assert bench.told() == [(50, "lead", False)]


def test_the_queries_of_a_pass_are_as_many_for_60_as_for_6(bench: Bench) -> None:
    numbers = []
    for count in (6, 60):
        for _ in range(count // 2):
            bench.matter("birch", assignee="ivan")
            bench.matter("cedar", assignee="ivan")
        bench.time.tick(timedelta(days=1))
        with CaptureQueriesContext(connection) as captured:
            assert timers.fire() == count
        numbers.append(len(captured))
    # Very many new rows of a table are copied, and what waits is sent before that: two exchanges more for each of two tables.
    assert numbers[0] <= numbers[1] <= numbers[0] + 4 <= 20
