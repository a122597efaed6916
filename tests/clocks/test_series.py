"""Starting, stopping, waiting: what every act does to every kind of clock (R17, R18, R20, R27)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock
from tests.clocks.bench import Bench

ALL = ("first_response", "resolution")


def test_the_first_response_starts_the_update_clock_and_each_message_the_next(bench: Bench) -> None:
    matter = bench.matter("birch", "critical", kinds=ALL)
    bench.until("Wed 11:00")
    bench.answer(matter)
    assert matter.clock("first_response").state == "met"
    first = matter.clock("update")
    assert (first.started_at, first.due_at, first.is_soft) == (bench.at("Wed 11:00"), bench.at("Wed 15:00"), True)
    bench.until("Wed 16:00")
    bench.answer(matter)
    series = list(Clock.objects.filter(case=matter.case, kind="update").order_by("id"))
    assert [(c.started_at, c.state, c.stopped_at) for c in series] == [
        (bench.at("Wed 11:00"), "past_aim", bench.at("Wed 16:00")),
        (bench.at("Wed 16:00"), "running", None),
    ]
    assert {clock.kind for clock in matter.running} == {"resolution", "update"}


def test_an_answer_older_than_the_running_update_changes_nothing_in_it(bench: Bench) -> None:
    matter = bench.matter("birch")
    bench.until("Wed 11:00")
    bench.answer(matter)
    bench.answer(matter, at=bench.at("Wed 10:30"))
    assert Clock.objects.filter(case=matter.case, kind="update").count() == 1


def test_waiting_for_the_customer_pauses_all_but_the_first_response(bench: Bench) -> None:
    matter = bench.matter("birch", "critical", kinds=ALL)
    due = {kind: matter.clock(kind).due_at for kind in ALL}
    bench.until("Wed 12:00")
    with bench.acting() as work:
        clocks.pause(work, matter.subject, matter.running, at=bench.now)
    assert matter.clock("first_response").due_at == due["first_response"]
    assert matter.clock("resolution").due_at is None
    bench.until("Wed 14:00")
    with bench.acting() as work:
        clocks.resume(work, matter.subject, matter.running, at=bench.now)
    # Two business days from Wednesday 10:00, and two hours of waiting.
    assert (due["resolution"], matter.clock("resolution").due_at) == (bench.at("Fri 10:00"), bench.at("Fri 12:00"))
    assert matter.clock("resolution").pauses == "2026-03-11T10:00:00Z/2026-03-11T12:00:00Z"


def test_an_update_clock_that_waits_goes_on_waiting_after_another_message(bench: Bench) -> None:
    matter = bench.matter("birch")
    bench.answer(matter)
    with bench.acting() as work:
        clocks.pause(work, matter.subject, matter.running, at=bench.now)
    bench.until("Wed 13:00")
    bench.answer(matter)
    second = matter.clock("update")
    assert (second.started_at, second.paused_at, second.due_at) == (bench.now, bench.now, None)


def test_resolving_stops_resolution_and_updates_also_while_they_wait(bench: Bench) -> None:
    matter = bench.matter("birch", kinds=ALL)
    bench.answer(matter)
    with bench.acting() as work:
        clocks.pause(work, matter.subject, matter.running, at=bench.at("Wed 10:00"))
    bench.until("+1 Fri 10:00")
    with bench.acting() as work:
        clocks.resolved(work, matter.subject, matter.running, at=bench.now, by="ivan")
    assert (matter.clock("resolution").state, matter.clock("update").state) == ("met", "met")
    assert matter.running == []
    bench.run_until("+2 Fri 10:00")
    assert bench.told() == []


@pytest.mark.parametrize(("slug", "state"), [("acme", "past_aim"), ("birch", "breached")])
def test_an_aim_passes_and_is_never_breached(bench: Bench, slug: str, state: str) -> None:
    """Five business days for a feature: an aim of Starter, a promise of Pro."""
    matter = bench.matter(slug, "feature")
    bench.run_until("+2 Wed 10:00")
    assert matter.clock().state == state
    bench.answer(matter)
    assert matter.clock().state == state


def test_where_the_workspace_has_no_clocks_the_wait_is_only_measured(bench: Bench) -> None:
    matter = bench.matter("cedar", "critical", has_clocks=False, kinds=("first_response", "resolution", "update"))
    assert [(c.kind, c.due_at) for c in matter.running] == [("first_response", None)]
    bench.run_until("+1 Wed 10:00")
    bench.answer(matter)
    clock = matter.clock()
    assert (clock.state, clock.stopped_at - clock.started_at) == ("met", timedelta(days=7))
    assert bench.told() == []


def test_one_clock_of_a_kind_runs_in_a_cycle(bench: Bench) -> None:
    matter = bench.matter("birch", kinds=ALL)
    with pytest.raises(IntegrityError, match="clock_once_per_cycle_and_kind"), bench.acting() as work:
        clocks.start(work, matter.subject, Clock.Kind.RESOLUTION, bench.now)
    bench.answer(matter)
    with pytest.raises(IntegrityError, match="clock_one_running_per_cycle_and_kind"), bench.acting() as work:
        clocks.start(work, matter.subject, Clock.Kind.UPDATE, bench.now)
    assert Clock.objects.filter(case=matter.case).count() == 3
