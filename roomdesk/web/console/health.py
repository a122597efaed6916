"""The page Health: whether everything moves. What is wrong says what to do; `roomdesk doctor` looks deeper."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from roomdesk import bootstrap
from roomdesk.queues import health as queues
from roomdesk.queues import workers
from roomdesk.record import finding
from roomdesk.refusals import Forbidden
from roomdesk.rooms import overview
from roomdesk.web.console.clock_words import span
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.live.scopes import UNTOLD

#: Older work than this is a delay, and than that a stop.
SLOW, STUCK = timedelta(minutes=1), timedelta(minutes=10)
#: What is looked at: its name, how it is (met, soon, late), what is found, and what to do (empty: nothing).
Line = tuple[str, str, str, str]
_TONES = {"met": "in order", "soon": "slow", "late": "wrong"}


@require_safe
@staff_only
def health(request: HttpRequest, reader: Reader) -> HttpResponse:
    """A line for each part, the worst first; it is brought up to date by itself."""
    if not reader.is_lead:
        raise Forbidden("This page is for leads and administrators. Attention shows what asks for you.")
    order = [*_TONES]
    lines = sorted(_lines(reader), key=lambda line: -order.index(line[1]))
    told = [(name, tone, _TONES[tone], words, next_step) for name, tone, words, next_step in lines]
    return render(request, "console/health.html", {**frame(reader, UNTOLD), "lines": told})


def _lines(reader: Reader) -> Iterable[Line]:
    yield _workers()
    waiting = queues.pending_inbox(reader.now)
    yield _late("Inbox", f"{waiting.count} events wait", waiting, "See that workers run; their log says what they do.")
    unrouted = queues.unrouted(reader.now)
    yield _late(
        "Unrouted",
        f"{unrouted.count} events of rooms that belong to nobody",
        unrouted,
        "They are put away by themselves.",
    )
    unread = queues.unread(reader.now)
    yield _late(
        "Rooms to read back",
        f"{unread.count} after a break of the homeserver",
        unread,
        "See that the homeserver answers.",
    )
    yield _set_aside()
    yield _outbox(reader)
    lag = finding.lag(reader.now)
    yield _late("Search", f"{lag.count} messages cannot be found yet", lag, "After an upgrade this passes by itself.")
    wrong = overview.count_wrong(reader.viewer)
    yield (
        "Rooms",
        "soon" if wrong else "met",
        f"{wrong} are not as they should be",
        "The page Rooms says why, and repairs." if wrong else "",
    )


def _workers() -> Line:
    living, wanted = len(workers.living()), bootstrap.settings.worker_processes
    tone = "late" if not living else "soon" if living < wanted else "met"
    return (
        "Workers",
        tone,
        f"{living} of {wanted} run",
        "" if tone == "met" else "Start them with `roomdesk up` or `roomdesk worker`.",
    )


def _late(name: str, words: str, waiting: queues.Waiting | finding.Lag, step: str) -> Line:
    tone = "met" if not waiting.count or waiting.age <= SLOW else "late" if waiting.age > STUCK else "soon"
    since = f", the oldest for {span(waiting.age)}" if waiting.count else ""
    return (name, tone, words + since, "" if tone == "met" else step)


def _set_aside() -> Line:
    count, first = queues.set_aside()
    step = f"`roomdesk inbox show {first}`, then replay or ignore it." if count else ""
    return ("Set aside", "late" if count else "met", f"{count} events always failed", step)


def _outbox(reader: Reader) -> Line:
    found = queues.outbox(reader.now)
    tone = "late" if found.failed or (found.retrying and found.age > STUCK) else "soon" if found.retrying else "met"
    words = f"{found.waiting} calls wait, {found.retrying} are tried again, {found.failed} of the last were given up"
    step = (
        f"Last error: {found.retry_error}"
        if found.retry_error
        else "What was given up stands on its case’s page, with Send again."
    )
    return ("Outbox", tone, words, "" if tone == "met" else step)
