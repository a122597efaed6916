"""Attainment (D21): counted by the database in one statement, and here once more, slowly, clock by clock."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk.clocks.models import Clock
from roomdesk.directory.errors import Invalid, NotFound
from roomdesk.directory.queries import Viewer
from roomdesk.directory.services import do_put_staff
from roomdesk.reports.attainment import Asked, attainment
from roomdesk.reports.shown import report
from roomdesk.rules.months import check_month, following, month_begins, month_of, months_between
from roomdesk.rules.percent import percent
from roomdesk.runtime.clock import Frozen
from tests.cases_api.place import Rest, command, nothing_changes, token, told
from tests.reports.made_up import ACTOR, ALL, NOW, PLACES, case, cases, lowered, viewer

ZONES = {"plana-business-cloud": "Europe/Sofia", "power-omni": "America/Sao_Paulo"}


def wall(text: str, zone: str = "Europe/Sofia") -> datetime:
    """`2026-03-01 00:00` on the wall of the zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


#: Both sides of a month's border, of a year's, of both changes of daylight saving, in both zones.
BORDERS = [
    wall(f"{day} 00:00", zone)
    for zone in ZONES.values()
    for day in ("2026-01-01", "2026-03-01", "2026-04-01", "2025-11-01", "2025-10-26", "2026-03-29", "2024-03-01")
]
STATES = ("met", "met", "met", "breached", "past_aim", "running", "cancelled")


def some_clock(chance: random.Random) -> dict[str, Any]:
    due = chance.choice(BORDERS) + timedelta(seconds=chance.choice((-86400, -7200, -1, 0, 1, 7200, 10**6)))
    state = chance.choice(STATES)
    paused = state == "running" and chance.random() < 0.3
    late = state in ("breached", "past_aim")
    # The promise was changed after the breach was published: the month is that of what passed (D17).
    moved = timedelta(days=40) if late and chance.random() < 0.2 else timedelta()
    return {
        "kind": "update",
        "state": state,
        "severity": chance.choice(("critical", "normal")),
        "is_soft": state == "past_aim" or (state == "met" and chance.random() < 0.2),
        "is_public": chance.random() < 0.7,
        "due_at": None if paused else due + moved,
        "breached_at": due if late else None,
        "paused_at": due if paused else None,
        "stopped_at": None if state in ("running", "cancelled") else due,
        "caused_by": chance.choice(("", "", "split")) if late else "",
        "target_kind": "none" if chance.random() < 0.05 else "business_hours",
        "tier": chance.choice(("", "enterprise")) or "pro",
        # Only one clock of a kind runs at a time; these go on for others.
        "merged_with": None,
    }


def made_up(seed: int, number: int) -> None:
    chance = random.Random(seed)
    cases([(chance.choice([*PLACES]), [some_clock(chance)], NOW, "", {}) for _ in range(number)])


def slowly(clocks: Iterable[Clock]) -> dict[tuple[Any, ...], Counter[str]]:
    """The same figures without the code under test: Python's own zones, one clock at a time."""
    found: dict[tuple[Any, ...], Counter[str]] = {}
    for one in clocks:
        if one.state == "cancelled" or one.target_kind == "none":
            continue
        due = one.breached_at or one.due_at
        month = f"{due.astimezone(ZoneInfo(ZONES[one.case.product])):%Y-%m}" if due else None
        tier = one.revisions.get(number=one.revision).tier
        place = (one.case.product, tier, one.severity, month, one.kind, one.is_soft, one.is_public)
        what = "undecided" if one.state == "running" else "caused_by" if one.caused_by else one.state
        found.setdefault(place, Counter())[what] += 1
    return found


def counted(viewer: Viewer = ALL, **asked: str) -> dict[tuple[Any, ...], Counter[str]]:
    rows = [row.as_json() for row in attainment(viewer, Asked(**asked))]
    places = ("product", "tier", "severity", "month", "clock", "soft", "public")
    names = ("met", "breached", "caused_by", "past_aim", "undecided")
    found = {tuple(row[p] for p in places): Counter({n: row[n] for n in names if row[n]}) for row in rows}
    assert len(found) == len(rows)
    for row in rows:
        assert row["percent"] == percent(row["met"], row["met"] + row["breached"] + row["past_aim"])
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_statement_counts_what_a_slow_count_counts(desk: Frozen, seed: int) -> None:
    made_up(seed, 400)
    clocks = list(Clock.objects.select_related("case"))
    whole = slowly(clocks)
    assert counted() == whole
    assert {place[3] for place in whole} >= {"2025-12", "2026-01", "2026-02", "2026-03", None}
    for month in ("2025-12", "2026-01", "2026-03", "2026-04"):
        assert counted(month=month) == {place: n for place, n in whole.items() if place[3] == month}
    for name, value, position in (("product", "power-omni", 0), ("tier", "enterprise", 1), ("severity", "critical", 2)):
        assert counted(**{name: value}) == {place: n for place, n in whole.items() if place[position] == value}
    assert counted(clock="resolution") == {}
    assert counted(clock="update", month="2026-01", tier="pro") == {
        place: n for place, n in whole.items() if place[3] == "2026-01" and place[1] == "pro"
    }


@pytest.mark.parametrize(
    ("at", "month"),
    [
        ("2026-02-28 23:59:59", "2026-02"),
        ("2026-03-01 00:00", "2026-03"),
        ("2025-12-31 23:59:59", "2025-12"),
        ("2026-01-01 00:00", "2026-01"),
        # Summer time began: the month ends an hour earlier in UTC than it began.
        ("2026-03-31 23:59:59", "2026-03"),
        ("2026-04-01 00:00", "2026-04"),
    ],
)
def test_a_clock_counts_in_the_month_of_its_due_instant_where_the_office_is(desk: Frozen, at: str, month: str) -> None:
    case("acme", {"due_at": wall(at), "state": "met", "stopped_at": NOW})
    assert [row.month for row in attainment(ALL, Asked())] == [month]
    assert len(attainment(ALL, Asked(month=month))) == 1
    assert attainment(ALL, Asked(month=following(month))) == []


@pytest.mark.parametrize("many", [1, 3])
def test_some_months_are_those_of_all_months(desk: Frozen, many: int) -> None:
    made_up(7, 300)
    every = attainment(ALL, Asked())
    months = [sorted(row.month for row in every if row.month)[len(every) // 3]]
    while len(months) < many:
        months.append(following(months[-1]))
    expected = [row for row in every if row.month is None or row.month in months]
    assert {row.month for row in expected} >= {None, months[0]}
    assert attainment(ALL, Asked(), within=months) == expected


def test_percentages_leave_out_the_undecided_and_what_a_change_caused(desk: Frozen) -> None:
    due = {"due_at": wall("2026-02-10 12:00"), "stopped_at": NOW}
    late = {**due, "state": "breached", "breached_at": due["due_at"]}
    for one in ({**due, "state": "met"}, {**due, "state": "met"}, late, {**late, "caused_by": "merge"}):
        case("acme", one)
    case("acme", {"due_at": wall("2026-02-11 12:00")})
    case("acme", {**due, "is_soft": True, "state": "past_aim", "breached_at": due["due_at"]})
    case("acme", {**due, "is_soft": True, "state": "met"})
    found = report(ALL, Asked(month="2026-02"))
    assert found["promises"] == {
        "met": 2,
        "breached": 1,
        "caused_by": 1,
        "past_aim": 0,
        "undecided": 1,
        "percent": "66.7",
    }
    assert (found["aims"]["met"], found["aims"]["past_aim"], found["aims"]["percent"]) == (1, 1, "50.0")
    assert report(ALL, Asked(month="2030-01"))["promises"]["percent"] is None


def test_lowered_severities_are_listed_with_their_reason(desk: Frozen) -> None:
    ours, hidden, other = case("acme"), case("acme", is_restricted=True), case("beta")
    lowered(ours, wall("2026-02-28 23:59"), "critical", "normal")
    lowered(hidden, wall("2026-02-20 12:00"), "critical", "high")
    lowered(other, wall("2026-02-28 23:59", "America/Sao_Paulo"), "high", "normal")
    found = report(ALL, Asked(month="2026-02"))
    assert [row["ref"] for row in found["downward"]] == [other.ref, ours.ref, hidden.ref]
    assert [row["reason"] for row in found["downward"]] == ["Only a question.", "Only a question.", None]
    assert {row["month"] for row in found["downward"]} == {"2026-02"}
    assert report(ALL, Asked(month="2026-03"))["downward_total"] == 0
    assert report(ALL, Asked(severity="high"))["downward_total"] == 2
    assert report(ALL, Asked(tier="enterprise"))["downward_total"] == 1
    # An engineer without the security role is not told of the restricted case at all.
    assert [row["ref"] for row in report(viewer("ivan"), Asked())["downward"]] == [ours.ref]


def test_staff_count_their_own_products_and_customers_nothing(desk: Frozen) -> None:
    for slug in PLACES:
        case(slug, {"due_at": NOW, "state": "met", "stopped_at": NOW})
    assert {row.product for row in attainment(viewer("tiago"), Asked())} == {"power-omni"}
    assert {row.product for row in attainment(viewer("lea"), Asked())} == {*ZONES}
    assert attainment(viewer("olga-acme"), Asked()) == []
    do_put_staff(id="olga-acme", roles=["auditor"], product="power-omni", actor=ACTOR, now=NOW)
    assert {row.product for row in attainment(viewer("olga-acme"), Asked())} == {"power-omni"}


def test_what_cannot_be_asked_is_refused(desk: Frozen) -> None:
    for asked in (Asked(month="2026-13"), Asked(month="03-2026"), Asked(month=""), Asked(clock="third")):
        with pytest.raises(Invalid):
            attainment(ALL, asked)
    with pytest.raises(NotFound):
        attainment(ALL, Asked(product="nothing"))


def test_rest_command_and_csv_tell_the_same(desk: Frozen) -> None:
    made_up(7, 60)
    lowered(case("acme"), NOW, "critical", "normal")
    rest = Rest(token("reader", "cases:read"))
    whole = rest.get("attainment").json()
    assert told("sla", "attainment") == whole
    assert whole["items"] and whole["downward"]
    one = rest.get("attainment?month=2026-01&product=power-omni&tier=pro&severity=normal&clock=update").json()["items"]
    assert one == [
        row
        for row in whole["items"]
        if (row["month"], row["product"], row["tier"], row["severity"]) == ("2026-01", "power-omni", "pro", "normal")
    ]
    sheet = list(csv.DictReader(io.StringIO(command("sla", "attainment", "--csv").stdout)))
    assert [{k: v or None for k, v in row.items()} for row in sheet] == [
        {k: str(row[k]).lower() if row[k] is not None else None for k in sheet[0]} for row in whole["items"]
    ]
    words = command("sla", "attainment").stdout
    assert "Promises: " in words and "critical → normal by ivan" in words


def test_refusals_over_rest_and_command_line(desk: Frozen) -> None:
    rest = Rest(token("reader", "cases:read"))
    limited = Rest(token("acme", "cases:read", workspace="acme"))
    with nothing_changes():
        answers = [rest.get(f"attainment?{asked}") for asked in ("month=x", "clock=x", "product=x", "until=now")]
        assert limited.get("attainment").status_code == 403
        done = command("sla", "attainment", "--month", "2026-3")
    assert [answer.status_code for answer in answers] == [422, 422, 404, 422]
    assert (done.exit_code, done.stdout) == (1, "")
    assert "2026-03" in done.stderr
    assert command("sla", "attainment", "--json", "--csv").exit_code == 2


def test_many_clocks_cost_as_many_statements_as_few(desk: Frozen) -> None:
    made_up(1, 3)
    report(ALL, Asked())
    counts = []
    for number in (0, 300):
        made_up(2, number)
        with CaptureQueriesContext(connection) as caught:
            report(ALL, Asked())
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 6


def test_months() -> None:
    assert [following(month) for month in ("2025-12", "2026-01", "2026-09")] == ["2026-01", "2026-02", "2026-10"]
    assert months_between(wall("2025-12-31 23:00"), wall("2026-02-03 00:00")) == ["2025-12", "2026-01", "2026-02"]
    assert month_begins("2026-04", "Europe/Sofia") == datetime(2026, 3, 31, 21, tzinfo=UTC)
    # In 2018 daylight saving began at midnight of the fourth of November; in Asuncion in 2017 the first of October.
    assert month_begins("2017-10", "America/Asuncion") == datetime(2017, 10, 1, 4, tzinfo=UTC)
    assert month_of(datetime(2017, 10, 1, 4, tzinfo=UTC), "America/Asuncion") == "2017-10"
    assert month_of(datetime(2017, 10, 1, 3, 59, tzinfo=UTC), "America/Asuncion") == "2017-09"
    assert check_month("2026-12") == "2026-12"


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 0, None),
        (0, 3, "0.0"),
        (1, 3, "33.3"),
        (2, 3, "66.7"),
        (1, 2000, "0.1"),
        (1, 2001, "0.0"),
        (7, 7, "100.0"),
        (1999, 2000, "100.0"),
        (9995, 10000, "100.0"),
        (9994, 10000, "99.9"),
    ],
)
def test_percent(part: int, whole: int, said: str | None) -> None:
    assert percent(part, whole) == said
