"""The four reports, made of figures of `roomdesk.reports`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from roomdesk.reports import backlog, responses, workload
from roomdesk.reports.attainment import Asked, Counts, Row, attainment
from roomdesk.reports.behind import NO_MONTH, Wanted, promise_of
from roomdesk.web.console.clock_words import NAMES
from roomdesk.web.console.own import names
from roomdesk.web.console.present import plain
from roomdesk.web.console.reader import Reader
from roomdesk.web.console.reports.drawn import Cell, Report, Table, bars, count, length, link, points
from roomdesk.web.console.reports.figure_words import OUTCOMES, age_words, clock_words, span_words


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form above a report says; empty texts narrow nothing. `months` are those it looks at, in order."""

    product: str
    tier: str
    severity: str
    clock: str
    months: Sequence[str]

    def wanted(self, report: str, figure: str) -> Wanted:
        months = {"month": self.months[0], "until": self.months[-1]}
        return Wanted(report, figure, self.product, self.tier, self.severity, self.clock, **months)

    @property
    def asked(self) -> Asked:
        return Asked(self.product or None, self.tier or None, self.severity or None, None, self.clock or None)


def attained(reader: Reader, chosen: Chosen) -> Report:
    """Kept promises by month, product, tier, severity and clock."""
    rows = attainment(reader.viewer, chosen.asked, within=chosen.months)
    called = names(row.product for row in rows)
    by_month: dict[str, Counts] = defaultdict(Counts)
    for row in rows:
        if row.month and not row.soft:
            by_month[row.month] += row.counts
    months = [(month, by_month[month]) for month in chosen.months]
    drawn = [
        (month, float(counts.percent or 0), f"{counts.percent} %" if counts.percent else gettext("nothing was due"), "")
        for month, counts in months
    ]
    columns = [
        gettext("Month"),
        gettext("Product"),
        gettext("Tier"),
        gettext("Severity"),
        gettext("Clock"),
        *map(str, OUTCOMES.values()),
        gettext("Kept"),
    ]
    note = gettext(
        "A clock counts in the month of its due time. Late by a change: only because the case was split, merged or filed anew; like what runs still, that is in no percentage."
    )
    lines = Table(
        "lines",
        gettext("By product, tier, severity and clock"),
        columns,
        [_line(row, called[row.product]) for row in rows],
        note,
        names=5,
    )
    sums = Table(
        "months",
        gettext("Promises by month"),
        [gettext("Month"), *map(str, OUTCOMES.values()), gettext("Kept")],
        [_sum(chosen, m, c) for m, c in months],
    )
    question = gettext("How many of our promises did we keep?")
    empty = gettext("Nothing is promised in these months yet. Figures stand here from a customer’s first case on.")
    return Report(
        "attainment",
        str(HEADS["attainment"]),
        question,
        [sums, lines] if rows else [],
        [(gettext("Promises kept"), bars(drawn))] if rows else [],
        empty=empty,
    )


def _sum(chosen: Chosen, month: str, counts: Counts) -> list[Cell]:
    wanted = replace(chosen.wanted("attainment", ""), month=month, until="", promise="any")
    return [(month, ""), *_counts(counts, wanted), _percent(counts)]


def _line(row: Row, product: str) -> list[Cell]:
    month, promise = row.month or NO_MONTH, promise_of(soft=row.soft, public=row.public)
    wanted = Wanted("attainment", "", row.product, row.tier, row.severity, row.clock, month, promise=promise)
    kind = clock_words(row.clock, soft=row.soft, public=row.public)
    facts = [row.month or gettext("no due time"), product, plain(row.tier), plain(row.severity), kind]
    return [*((fact, "") for fact in facts), *_counts(row.counts, wanted), _percent(row.counts)]


def _counts(counts: Counts, wanted: Wanted) -> list[Cell]:
    return [count(getattr(counts, name), replace(wanted, figure=name)) for name in OUTCOMES]


def _percent(counts: Counts) -> Cell:
    return (f"{counts.percent} %" if counts.percent else "–", "")


def responded(reader: Reader, chosen: Chosen) -> Report:
    """How long answers took."""
    asked = chosen if chosen.clock else replace(chosen, clock="first_response")
    found = responses.responses(reader.viewer, asked.asked, asked.months[0], asked.months[-1])
    spans = [
        (span_words(place), number, str(number), _if(number, link(asked.wanted("responses", str(place)))))
        for place, number in enumerate(found.spans)
    ]
    spread = [
        [(label, ""), count(number, asked.wanted("responses", str(place)))]
        for place, (label, number, *_rest) in enumerate(spans)
    ]
    columns = [
        gettext("Severity"),
        gettext("Answers"),
        *(gettext("%(share)s %% within") % {"share": share} for share in responses.SHARES),
        gettext("Longest"),
    ]
    lines = [_times(asked, line) for line in found.lines]
    note = gettext(
        "Elapsed time, nights and holidays included: what the customer waited. A link at a time leads to what took as long or longer."
    )
    tables = [
        Table("times", gettext("Percentiles by severity"), columns, lines, note),
        Table("spans", gettext("How many took how long"), [gettext("Within"), gettext("Answers")], spread),
    ]
    what = NAMES[asked.clock]
    empty = gettext("Nothing was answered in these months yet. Times stand here from the first answer on.")
    shown = found.lines[0].count > 0
    return Report(
        "responses",
        str(HEADS["responses"]),
        gettext("How long did customers wait? (%(what)s)") % {"what": what},
        tables if shown else [],
        [(gettext("Answers by time"), bars(spans))] if shown else [],
        empty=empty,
    )


def _times(chosen: Chosen, line: responses.Line) -> list[Cell]:
    wanted = chosen.wanted("responses", "all")
    wanted = replace(wanted, severity=line.severity) if line.severity else wanted
    ends = [*line.at, *([line.longest] if line.longest is not None else [])]
    times = [(length(end), link(replace(wanted, figure=f"least:{end // timedelta(microseconds=1)}"))) for end in ends]
    return [(plain(line.severity) if line.severity else gettext("All"), ""), count(line.count, wanted), *times]


def aged(reader: Reader, chosen: Chosen) -> Report:
    """What is open, by age, and how that went."""
    lines = backlog.backlog(reader.viewer, reader.now, product=chosen.product)
    days = backlog.course(reader.viewer, reader.now, product=chosen.product)
    ages = [age_words(place) for place in range(len(backlog.ENDS) + 1)]
    wanted = Wanted("backlog", "all", chosen.product)
    rows = [
        [
            (plain(line.severity) if line.severity else gettext("All"), ""),
            count(line.count, replace(wanted, severity=line.severity)),
            *(
                count(number, replace(wanted, figure=str(place), severity=line.severity))
                for place, number in enumerate(line.ages)
            ),
        ]
        for line in lines
    ]
    drawn = [
        (label, number, str(number), _if(number, link(replace(wanted, figure=str(place)))))
        for place, (label, number) in enumerate(zip(ages, lines[0].ages, strict=True))
    ]
    course = [
        [
            (f"{day.end - timedelta(days=1):%Y-%m-%d}", ""),
            (str(day.begun), ""),
            (str(day.ended), ""),
            count(day.open, Wanted("course", str(int(day.end.timestamp())), chosen.product)),
        ]
        for day in reversed(days)
    ]
    figures = [day.open for day in days]
    line = {
        "points": points(figures),
        "most": gettext("at most %(most)s") % {"most": max(figures)},
        "first": f"{date_format(days[0].end - timedelta(days=1), 'j F')}: {figures[0]}",
        "last": gettext("today: %(figure)s") % {"figure": figures[-1]},
    }
    note = gettext(
        "Days are UTC’s. A case that was reopened counts anew; merged ones, and those that the desk’s own answer was enough for, do not."
    )
    tables = [
        Table("ages", gettext("Open cases by severity and age"), [gettext("Severity"), gettext("Open"), *ages], rows),
        Table(
            "course",
            gettext("The last 30 days"),
            [gettext("Day"), gettext("Begun"), gettext("Ended"), gettext("Open in the evening")],
            course,
            note,
        ),
    ]
    empty = gettext("No case was ever open. The first one stands here as soon as a customer writes.")
    shown = any(figures) or lines[0].count > 0
    return Report(
        "backlog",
        str(HEADS["backlog"]),
        gettext("What is open, and since when?"),
        tables if shown else [],
        [(gettext("Open cases by age"), bars(drawn))] if shown else [],
        line if shown else None,
        empty,
    )


def shared_out(reader: Reader, chosen: Chosen) -> Report:
    """Who has how much in hand."""
    month = chosen.months[-1]
    lines = workload.workload(reader.viewer, reader.now, month, product=chosen.product)
    columns = [
        gettext("Assignee"),
        gettext("Open"),
        "P0",
        gettext("Waiting for others"),
        gettext("Late"),
        gettext("Resolved in %(month)s") % {"month": month},
    ]
    rows = [list(_hands(line, chosen.product, month)) for line in lines]
    drawn = [
        (
            line.name or gettext("Nobody"),
            line.open,
            str(line.open),
            _if(line.open, link(Wanted("workload", "open", chosen.product, who=line.who))),
        )
        for line in lines
    ]
    empty = gettext("Nobody has a case in hand. Who takes or is given one stands here.")
    return Report(
        "workload",
        str(HEADS["workload"]),
        gettext("Who has how much in hand?"),
        [Table("hands", gettext("By assignee"), columns, rows)] if lines else [],
        [(gettext("Open cases"), bars(drawn))] if lines else [],
        empty=empty,
    )


def _hands(line: workload.Line, product: str, month: str) -> Iterable[Cell]:
    wanted = Wanted("workload", "", product, month=month, who=line.who)
    yield (line.name or gettext("Nobody"), "")
    for figure in (workload.OPEN, workload.P0, workload.WAITING, workload.LATE):
        yield count(getattr(line, figure), replace(wanted, figure=figure))
    yield count(line.resolved, replace(wanted, figure=workload.RESOLVED)) if line.who else ("–", "")


def _if(number: int, address: str) -> str:
    return address if number else ""


REPORTS = {"attainment": attained, "responses": responded, "backlog": aged, "workload": shared_out}
HEADS: Mapping[str, str | Promise] = {
    "attainment": _("Attainment"),
    "responses": _("Response times"),
    "backlog": _("Backlog"),
    "workload": _("Workload"),
}
