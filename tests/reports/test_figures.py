"""Response times, backlog and workload: counted by the database, and here once more, slowly; and every figure leads to exactly what it counts (R57)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk.cases.models import Case, CaseChange, CaseCycle
from roomdesk.clocks.models import Clock
from roomdesk.directory.errors import Invalid
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer
from roomdesk.reports import backlog, behind, responses, workload
from roomdesk.reports.attainment import OUTCOMES, Asked, attainment
from roomdesk.reports.behind import Wanted
from roomdesk.rules.months import month_of
from roomdesk.runtime.clock import Frozen
from tests.reports.made_up import ALL, NOW, PLACES, cases, viewer

pytestmark = pytest.mark.part_of("R57")
ZONES = {"plana-business-cloud": "Europe/Sofia", "power-omni": "America/Sao_Paulo"}
FIRST, LAST = "2026-01", "2026-03"
OPEN = ("new", "acknowledged", "investigating", "waiting_customer", "waiting_third_party")
_EDGES = [timedelta(minutes=end) for end in responses.ENDS]


def made_up(seed: int, number: int) -> None:
    """Cases of all ages in all states, each with a first response and perhaps an aim; some on the very borders."""
    chance = random.Random(seed)
    people = list(Person.objects.filter(slug__in=["lea", "ivan", "tiago"]))
    wanted = []
    for _ in range(number):
        begun = NOW - timedelta(
            hours=chance.choice((1, 24, 72, 168, 336, 720, 2000)), seconds=chance.choice((0, 1, -1, 90))
        )
        state = chance.choice((*OPEN, "resolved", "closed", "merged"))
        facts = {
            "state": state,
            "severity": chance.choice(("critical", "normal")),
            "assignee": chance.choice((None, *people)),
            "p0_at": begun if chance.random() < 0.2 else None,
        }
        wanted.append((chance.choice([*PLACES]), [some_clock(chance, begun)], begun, "", facts))
    made = cases(wanted)
    for case in made:
        if case.state in ("resolved", "closed"):
            ended = min(NOW, case.opened_at + timedelta(hours=chance.choice((1, 24, 47, 200))))
            CaseCycle.objects.filter(case=case).update(ended_at=ended)
            CaseChange.objects.create(
                case=case, cycle=1, at=ended, what="state", before="investigating", after="resolved", by=chance.choice(("lea", "ivan", "desk"))
            )  # fmt: skip


def some_clock(chance: random.Random, begun: datetime) -> dict[str, Any]:
    took = chance.choice(_EDGES) + timedelta(microseconds=chance.choice((-1, 0, 1, 10**7)))
    stopped = begun + took if chance.random() < 0.8 else None
    late = chance.random() < 0.3
    state = ("breached" if late else "met") if stopped else ("breached" if late else "running")
    due = begun + timedelta(hours=4)
    return {
        "kind": "first_response",
        "state": state,
        "severity": chance.choice(("critical", "normal")),
        "due_at": due,
        "breached_at": due if late else None,
        "stopped_at": stopped,
        "caused_by": chance.choice(("", "split")) if late else "",
        "is_public": chance.random() < 0.7,
    }


def in_months(one: Clock, at: datetime) -> bool:
    return FIRST <= month_of(at, ZONES[one.case.product]) <= LAST


def slow_times(severity: str = "") -> list[timedelta]:
    clocks = Clock.objects.exclude(state="cancelled").select_related("case")
    took = [
        one.stopped_at - one.started_at
        for one in clocks
        if one.stopped_at
        and one.kind == "first_response"
        and in_months(one, one.stopped_at)
        and severity in ("", one.severity)
    ]
    return sorted(took)


def nearest_rank(times: list[timedelta], share: int) -> timedelta:
    return times[max(ceil(share * len(times) / 100), 1) - 1]


ASKED = Asked(clock="first_response")


@pytest.mark.parametrize("seed", range(3))
def test_response_times_equal_a_slow_count(desk: Frozen, seed: int) -> None:
    made_up(seed, 120)
    found = responses.responses(ALL, ASKED, FIRST, LAST)
    for line in found.lines:
        times = slow_times(line.severity)
        assert (line.count, line.longest) == (len(times), times[-1])
        assert line.at == tuple(nearest_rank(times, share) for share in responses.SHARES)
    times = slow_times()
    places = Counter(next((place for place, end in enumerate(_EDGES) if took <= end), len(_EDGES)) for took in times)
    assert found.spans == tuple(places[place] for place in range(len(_EDGES) + 1))
    assert sum(found.spans) == found.lines[0].count > 50


def test_no_answers_are_no_error(desk: Frozen) -> None:
    found = responses.responses(ALL, ASKED, FIRST, LAST)
    assert (found.lines[0].count, found.lines[0].at, found.lines[0].longest, sum(found.spans)) == (0, (), None, 0)
    assert backlog.backlog(ALL, NOW)[0].count == 0 and workload.workload(ALL, NOW, LAST) == []


@pytest.mark.parametrize("seed", range(3))
def test_the_backlog_and_its_course_equal_a_slow_count(desk: Frozen, seed: int) -> None:
    made_up(seed, 120)
    for line in backlog.backlog(ALL, NOW):
        mine = [one for one in Case.objects.filter(state__in=OPEN) if line.severity in ("", one.severity)]
        ages = Counter(
            next((n for n, end in enumerate(backlog.ENDS) if NOW - one.opened_at <= timedelta(days=end)), 5)
            for one in mine
        )
        assert line.ages == tuple(ages[place] for place in range(6)), line.severity
    cycles = list(CaseCycle.objects.exclude(case__state__in=["merged", "deflected"]))
    for day in backlog.course(ALL, NOW):
        begin = day.end - timedelta(days=1)
        at = min(day.end, NOW + timedelta(microseconds=1))
        assert day.open == sum(
            one.started_at < at and (one.ended_at is None or one.ended_at >= at) for one in cycles
        ), day
        assert day.begun == sum(begin <= one.started_at < day.end for one in cycles)
        assert day.ended == sum(one.ended_at is not None and begin <= one.ended_at < day.end for one in cycles)


@pytest.mark.parametrize("seed", range(2))
def test_workload_equals_a_slow_count(desk: Frozen, seed: int) -> None:
    made_up(seed, 120)
    lines = {line.who: line for line in workload.workload(ALL, NOW, LAST)}
    rows = list(Case.objects.filter(state__in=OPEN).select_related("assignee"))
    begin, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    done = Counter(CaseChange.objects.filter(after="resolved", at__gte=begin, at__lt=end).values_list("by", flat=True))
    assert set(lines) == {one.assignee.slug if one.assignee else "" for one in rows} | ({*done} - {"desk"})
    for who, line in lines.items():
        mine = [one for one in rows if (one.assignee.slug if one.assignee else "") == who]
        late = [one for one in mine if one.clocks.filter(stopped_at=None, due_at__lte=NOW).exists()]
        waiting = [one for one in mine if one.state.startswith("waiting")]
        p0 = [one for one in mine if one.p0_at]
        assert (line.open, line.late, line.waiting, line.p0, line.resolved) == (
            len(mine),
            len(late),
            len(waiting),
            len(p0),
            done[who],
        )


def all_of(wanted: Wanted, who: Viewer = ALL) -> list[Case]:
    """Every page of what stands behind a figure; its count is that of what it lists."""
    rows: list[Case] = []
    after = ""
    while True:
        page = behind.behind(who, wanted, NOW, after=after)
        rows += [case for case, _, _ in page.rows]
        after = page.next
        if not after:
            assert page.count == len(rows)
            return rows


def test_every_figure_leads_to_what_it_counts(desk: Frozen) -> None:
    made_up(7, 150)
    for row in attainment(ALL, Asked()):
        for outcome in OUTCOMES:
            link = Wanted(
                "attainment", outcome, row.product, row.tier, row.severity, row.clock, row.month or behind.NO_MONTH,
                promise=behind.promise_of(soft=row.soft, public=row.public),
            )  # fmt: skip
            assert len(all_of(link)) == getattr(row.counts, outcome), link
    found = responses.responses(ALL, ASKED, FIRST, LAST)
    times = {"clock": "first_response", "month": FIRST, "until": LAST}
    for place, count in enumerate(found.spans):
        assert len(all_of(Wanted("responses", str(place), **times))) == count
    for line in found.lines:
        assert len(all_of(Wanted("responses", "all", severity=line.severity, **times))) == line.count
        p90 = line.at[responses.SHARES.index(90)]
        slow = all_of(Wanted("responses", f"least:{p90 // timedelta(microseconds=1)}", severity=line.severity, **times))
        assert len(slow) == sum(took >= p90 for took in slow_times(line.severity)) > 0
    for old in backlog.backlog(ALL, NOW):
        assert [len(all_of(Wanted("backlog", str(n), severity=old.severity))) for n in range(6)] == list(old.ages)
    for day in backlog.course(ALL, NOW)[-3:-1]:
        assert len(all_of(Wanted("course", str(int(day.end.timestamp()))))) == day.open
    for one in workload.workload(ALL, NOW, LAST):
        for figure in ("open", "p0", "waiting", "late", "resolved"):
            assert len(all_of(Wanted("workload", figure, who=one.who, month=LAST))) == getattr(one, figure), one


def test_staff_of_one_product_count_and_see_their_own(desk: Frozen) -> None:
    made_up(3, 80)
    for who, product in (("ivan", "plana-business-cloud"), ("tiago", "power-omni")):
        eyes = viewer(who)
        assert backlog.backlog(eyes, NOW)[0].count == Case.objects.filter(state__in=OPEN, product=product).count()
        assert {case.product for case in all_of(Wanted("backlog", "all"), eyes)} == {product}
        assert responses.responses(eyes, ASKED, FIRST, LAST).lines[0].count < len(slow_times())
    customer = viewer("olga-acme")
    assert all_of(Wanted("responses", "all", clock="first_response", month=FIRST, until=LAST), customer) == []
    assert responses.responses(customer, ASKED, FIRST, LAST).lines[0].count == 0


@pytest.mark.parametrize(
    "given",
    [
        {"report": "nothing", "figure": "x"},
        {"report": "attainment", "figure": "won", "month": LAST},
        {"report": "attainment", "figure": "met", "month": "soon"},
        {"report": "responses", "figure": "-1", "month": LAST},
        {"report": "backlog", "figure": "²"},
        {"report": "workload", "figure": "tea"},
        {"report": "course", "figure": ""},
    ],
)
def test_a_figure_that_there_is_not_is_refused_with_a_sentence(desk: Frozen, given: dict[str, str]) -> None:
    with pytest.raises(Invalid, match=r"\.$"):
        behind.behind(ALL, Wanted.of(given), NOW)


def test_figures_of_many_cost_as_many_queries_as_of_few(desk: Frozen) -> None:
    made_up(1, 5)
    few = [queries(act) for act in _acts()]
    made_up(2, 90)
    assert [queries(act) for act in _acts()] == few
    assert max(few) <= 5


def _acts() -> Iterable[Any]:
    yield lambda: responses.responses(ALL, ASKED, FIRST, LAST)
    yield lambda: backlog.backlog(ALL, NOW)
    yield lambda: backlog.course(ALL, NOW)
    yield lambda: workload.workload(ALL, NOW, LAST)
    yield lambda: behind.behind(ALL, Wanted("backlog", "all"), NOW)
    yield lambda: behind.behind(ALL, Wanted("responses", "all", clock="first_response", month=FIRST, until=LAST), NOW)


def queries(act: Any) -> int:
    act()
    with CaptureQueriesContext(connection) as caught:
        act()
    return len(caught)
