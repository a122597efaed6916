"""Another promise for a running clock, and two cases that become one (D8, D16, D17)."""

from __future__ import annotations

from dataclasses import replace

from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock, Notice, Revision
from roomdesk.queues.models import Timer
from tests.clocks.bench import Bench, Matter


def test_upward_it_counts_from_the_start(bench: Bench) -> None:
    matter = bench.matter("birch", "high")
    bench.until("Wed 11:00")
    bench.change(matter, "critical")
    assert matter.clock().due_at == bench.at("Wed 14:00")
    first, second = Revision.objects.order_by("number")
    assert (first.severity, first.due_at) == ("high", bench.at("Thu 10:00"))
    assert (second.severity, second.counted_due_at, second.grace_due_at, second.due_at, second.by) == (
        "critical", bench.at("Wed 14:00"), bench.at("Wed 11:15"), bench.at("Wed 14:00"), "ivan",
    )  # fmt: skip


def test_upward_never_before_the_grace_has_passed_in_its_own_kind_of_time(bench: Bench) -> None:
    """At ten to six a quarter of an hour of working time ends at five past nine."""
    matter = bench.matter("birch", "high")
    bench.until("Wed 17:50")
    bench.change(matter, "critical")
    changed = Revision.objects.get(number=2)
    assert (changed.counted_due_at, changed.grace_due_at) == (bench.at("Wed 14:00"), bench.at("Thu 09:05"))
    assert matter.clock().due_at == bench.at("Thu 09:05")


def test_the_grace_of_an_elapsed_target_is_a_quarter_of_an_hour_whatever_the_hour(bench: Bench) -> None:
    matter = bench.matter("cedar", "high")
    bench.until("Wed 17:50")
    bench.change(matter, "critical")
    assert matter.clock().due_at == bench.at("Wed 18:05")


def test_a_further_change_that_promises_the_same_postpones_nothing(bench: Bench) -> None:
    matter = bench.matter("birch", "high")
    bench.until("Wed 17:50")
    bench.change(matter, "critical")
    bench.until("Thu 09:03")
    bench.change(matter, "critical", cause="kind:incident")
    assert (matter.clock().due_at, matter.clock().revision) == (bench.at("Thu 09:05"), 3)


def test_after_a_change_only_the_highest_passed_step_is_told(bench: Bench) -> None:
    matter = bench.matter("birch", "high", assignee="ivan")
    bench.until("Wed 13:10")
    bench.change(matter, "critical")
    bench.run_until("Wed 13:30")
    assert bench.told() == [(75, "lead", False)]
    bench.run_until("Wed 15:00")
    assert [step for step, _, _ in bench.told()] == [75, 90, 100]


def test_a_breach_that_only_the_change_made_names_it(bench: Bench) -> None:
    matter = bench.matter("birch", "high")
    bench.until("Wed 15:00")
    bench.change(matter, "critical")
    bench.run_until("Wed 16:00")
    assert (matter.clock().state, matter.clock().caused_by) == ("breached", "severity:critical")
    bench.answer(matter)
    assert (matter.clock().state, matter.clock().caused_by) == ("breached", "severity:critical")


def test_a_breach_that_would_have_been_anyway_names_nothing(bench: Bench) -> None:
    matter = bench.matter("birch", "high")
    bench.until("Wed 15:00")
    bench.change(matter, "critical")
    bench.until("Thu 10:01")
    bench.answer(matter)
    assert (matter.clock().state, matter.clock().caused_by) == ("breached", "")


def test_a_clock_that_is_met_in_spite_of_the_change_names_nothing(bench: Bench) -> None:
    matter = bench.matter("birch", "high")
    bench.change(matter, "critical")
    bench.until("Wed 12:00")
    bench.answer(matter)
    assert (matter.clock().state, matter.clock().caused_by) == ("met", "")


def test_downward_it_is_due_later_and_told_anew(bench: Bench) -> None:
    matter = bench.matter("birch", "critical", assignee="ivan")
    bench.run_until("Wed 13:50")
    bench.change(matter, "high", reason="They can work round it.")
    assert matter.clock().due_at == bench.at("Thu 10:00")
    bench.run_until("Thu 09:30")
    assert [step for step, _, _ in bench.told()] == [50, 75, 90, 50, 75, 90]
    assert Revision.objects.get(number=2).reason == "They can work round it."


def test_a_published_breach_stays(bench: Bench) -> None:
    matter = bench.matter("birch", "critical")
    bench.run_until("Wed 14:10")
    bench.change(matter, "normal")
    clock = matter.clock()
    assert (clock.state, clock.breached_at, clock.due_at) == ("breached", bench.at("Wed 14:00"), bench.at("Fri 10:00"))
    bench.answer(matter)
    assert (matter.clock().state, matter.clock().breached_at) == ("breached", bench.at("Wed 14:00"))
    bench.run_until("+1 Wed 10:00")
    assert Notice.objects.filter(clock=clock, step=100).count() == 1


def test_a_breach_that_no_timer_has_found_yet_stays_too(bench: Bench) -> None:
    matter = bench.matter("birch", "critical")
    bench.until("Wed 14:10")
    bench.change(matter, "normal")
    assert (matter.clock().state, matter.clock().breached_at) == ("breached", bench.at("Wed 14:00"))


def test_the_same_due_time_is_not_told_of_again(bench: Bench) -> None:
    matter = bench.matter("birch", "critical")
    bench.run_until("Wed 12:10")
    bench.change(matter, "critical", cause="kind:question")
    bench.run_until("Wed 12:30")
    assert [step for step, _, _ in bench.told()] == [50]


def test_a_change_while_it_waits_compares_as_if_it_went_on(bench: Bench) -> None:
    matter = bench.matter("birch", "normal", kinds=("resolution",))
    bench.until("Wed 12:00")
    with bench.acting() as work:
        clocks.pause(work, matter.subject, matter.running, at=bench.now)
    bench.until("Thu 12:00")
    bench.change(matter, "critical")
    assert (matter.clock("resolution").due_at, matter.clock("resolution").cause) == (None, "severity:critical")
    bench.until("Fri 12:00")
    with bench.acting() as work:
        clocks.resume(work, matter.subject, matter.running, at=bench.now)
    assert matter.clock("resolution").due_at == bench.at("+1 Tue 10:00")


def test_what_is_promised_no_more_is_cancelled_and_what_is_promised_now_begins(bench: Bench) -> None:
    matter = bench.matter("birch", "critical", kinds=("first_response", "resolution"))
    began = bench.now
    bench.until("Thu 12:00")
    matter.subject = replace(matter.subject, severity="feature")
    with bench.acting() as work:
        clocks.reclassified(
            work,
            matter.subject,
            matter.running,
            cycle_started_at=began,
            at=bench.now,
            by="ivan",
            cause="severity:feature",
        )
    assert [clock.kind for clock in matter.running] == ["first_response"]
    assert matter.clock("resolution").state == "cancelled"
    matter.subject = replace(matter.subject, severity="critical")
    bench.until("Fri 12:00")
    with bench.acting() as work:
        clocks.reclassified(
            work,
            matter.subject,
            matter.running,
            cycle_started_at=began,
            at=bench.now,
            by="ivan",
            cause="severity:critical",
        )
    resolution = matter.clock("resolution")
    assert (resolution.started_at, resolution.due_at, resolution.cause) == (
        began, bench.at("Fri 12:15"), "severity:critical",
    )  # fmt: skip


def test_a_clock_that_a_split_began_names_it_when_late(bench: Bench) -> None:
    bench.until("Thu 12:00")
    matter = bench.matter("birch", at=bench.at("Wed 10:00"), caused_by="split:BC-1")
    bench.run_until("Thu 12:01")
    assert (matter.clock().state, matter.clock().caused_by) == ("breached", "split:BC-1")


def merge(bench: Bench, into: Matter, other: Matter) -> None:
    with bench.acting() as work:
        clocks.take_over(work, into.subject, into.running, other.subject, other.running, at=bench.now)


def undo(bench: Bench, into: Matter, other: Matter) -> None:
    with bench.acting() as work:
        clocks.give_back(work, into.subject, into.running, other.subject, other.running, at=bench.now)


def test_merged_the_earliest_due_goes_on_and_the_other_case_never_alarms(bench: Bench) -> None:
    older = bench.matter("birch", "critical")
    bench.until("Wed 11:00")
    newer = bench.matter("birch", "critical")
    merge(bench, newer, older)
    assert [(c.due_at, c.started_at) for c in newer.running] == [(bench.at("Wed 14:00"), bench.at("Wed 10:00"))]
    assert Clock.objects.filter(case=older.case).get().state == "cancelled"
    assert Timer.objects.filter(state="pending").count() == 1
    bench.run_until("Thu 12:00")
    assert bench.told(older) == []
    assert [step for step, _, _ in bench.told(newer)] == [50, 75, 90, 100]


def test_merged_into_the_earlier_one_only_the_other_is_cancelled(bench: Bench) -> None:
    older = bench.matter("birch", "critical")
    bench.until("Wed 11:00")
    newer = bench.matter("birch", "critical")
    merge(bench, older, newer)
    assert (older.clock().state, newer.clock().state) == ("running", "cancelled")
    assert older.running == [older.clock()]


def test_what_was_met_stays_met_and_the_unanswered_message_keeps_its_promise(bench: Bench) -> None:
    answered = bench.matter("birch", "critical")
    bench.until("Wed 11:00")
    bench.answer(answered)
    other = bench.matter("birch", "critical")
    merge(bench, answered, other)
    kinds = Clock.objects.filter(case=answered.case, kind="first_response").order_by("id")
    assert [(c.state, c.due_at) for c in kinds] == [("met", bench.at("Wed 14:00")), ("running", bench.at("Wed 15:00"))]


def test_what_was_told_before_the_merge_is_not_told_again(bench: Bench) -> None:
    older = bench.matter("birch")
    bench.until("Wed 11:30")
    newer = bench.matter("birch")
    bench.run_until("Wed 12:10")
    merge(bench, newer, older)
    bench.run_until("Wed 13:10")
    assert (bench.told(older), bench.told(newer)) == ([(50, "lead", False)], [(75, "lead", False)])


def test_undone_both_run_as_if_nothing_had_been(bench: Bench) -> None:
    older = bench.matter("birch")
    bench.until("Wed 11:00")
    newer = bench.matter("birch")
    merge(bench, newer, older)
    bench.until("Wed 11:05")
    undo(bench, newer, older)
    assert [(m.clock().state, m.running[0].due_at) for m in (older,)] == [("running", bench.at("Wed 14:00"))]
    assert [(c.due_at, c.state) for c in newer.running] == [(bench.at("Wed 15:00"), "running")]
    assert Timer.objects.filter(state="pending").count() == 2
    merge(bench, newer, older)
    assert [c.due_at for c in newer.running] == [bench.at("Wed 14:00")]


def test_an_answer_during_the_merge_counts_for_the_case_it_was_given_in(bench: Bench) -> None:
    older = bench.matter("birch")
    bench.until("Wed 11:00")
    newer = bench.matter("birch")
    merge(bench, newer, older)
    bench.until("Wed 11:05")
    bench.answer(newer)
    undo(bench, newer, older)
    own = Clock.objects.get(case=newer.case, kind="first_response", taken_from=None)
    assert (own.state, own.stopped_at) == ("met", bench.at("Wed 11:05"))
    assert [c.kind for c in newer.running] == ["update"]
    assert [(c.kind, c.state) for c in older.running] == [("first_response", "running")]
