"""What a figure of a report counts, in words: over its cases, and in the report itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from roomdesk.directory.models import Person
from roomdesk.reports import backlog, responses, workload
from roomdesk.reports.behind import NO_MONTH, Wanted
from roomdesk.web.console.clock_words import NAMES
from roomdesk.web.console.own import names
from roomdesk.web.console.present import plain
from roomdesk.web.console.reports.drawn import length

OUTCOMES = {
    "met": _("Met"),
    "breached": _("Late"),
    "caused_by": _("Late by a change"),
    "past_aim": _("Past our aim"),
    "undecided": _("Running"),
}
_HANDS = {
    workload.OPEN: _("Open"),
    workload.P0: _("P0"),
    workload.WAITING: _("Waiting for others"),
    workload.LATE: _("Late"),
    workload.RESOLVED: _("Resolved"),
}


def figure_words(wanted: Wanted) -> str:
    """The figure itself, as its report names it. Of a figure that `behind` has counted."""
    if wanted.report == "attainment":
        return str(OUTCOMES[wanted.figure])
    if wanted.report == "workload":
        return str(_HANDS[wanted.figure])
    if wanted.figure == "all":
        return gettext("All")
    if wanted.report == "course":
        # The figure is the end of its day.
        day = datetime.fromtimestamp(int(wanted.figure), UTC) - timedelta(days=1)
        return gettext("Open in the evening") + f" {day:%Y-%m-%d}"
    if wanted.report == "backlog":
        return age_words(min(int(wanted.figure), len(backlog.ENDS)))
    word, _colon, least = wanted.figure.partition(":")
    if word == "least":
        return gettext("at least %(length)s") % {"length": length(timedelta(microseconds=int(least)))}
    return span_words(min(int(word), len(responses.ENDS)))


def facts(wanted: Wanted) -> Iterable[tuple[str, str]]:
    """What narrows the figure, each as name and value. A query each for a product's and a person's name."""
    if wanted.product:
        yield gettext("Product"), names([wanted.product])[wanted.product]
    if wanted.tier:
        yield gettext("Tier"), plain(wanted.tier)
    if wanted.severity:
        yield gettext("Severity"), plain(wanted.severity)
    if wanted.clock:
        yield (
            gettext("Clock"),
            clock_words(wanted.clock, soft="aim" in wanted.promise, public="internal" not in wanted.promise),
        )
    if wanted.month:
        yield gettext("Month"), _months(wanted)
    if wanted.who:
        yield (
            gettext("Assignee"),
            Person.objects.filter(slug=wanted.who).values_list("name", flat=True).first() or wanted.who,
        )


def clock_words(clock: str, *, soft: bool, public: bool) -> str:
    """A clock, and whether it is an aim and told to customers."""
    words = str(NAMES.get(clock, clock))
    return words + (gettext(" (aim)") if soft else "") + ("" if public else gettext(" (internal)"))


def _months(wanted: Wanted) -> str:
    if wanted.month == NO_MONTH:
        return gettext("no due time")
    last = wanted.until or wanted.month
    return _month(last) if last == wanted.month else f"{_month(wanted.month)} – {_month(last)}"


def _month(month: str) -> str:
    year, number = month.split("-")
    return date_format(date(int(year), int(number), 1), "F Y")


def span_words(place: int) -> str:
    """A span of the response times, by its place."""
    ends = [length(timedelta(minutes=end)) for end in responses.ENDS]
    if place >= len(ends):
        return gettext("over %(end)s") % {"end": ends[-1]}
    return gettext("up to %(end)s") % {"end": ends[place]}


def age_words(place: int) -> str:
    """An age of the backlog, by its place."""
    ends = backlog.ENDS
    if place >= len(ends):
        return gettext("over %(days)s d") % {"days": ends[-1]}
    return gettext("up to %(days)s d") % {"days": ends[place]}
