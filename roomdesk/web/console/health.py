"""The page Health: whether everything moves. What is wrong says what to do; `roomdesk doctor` looks deeper."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
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
_TONES = {"met": gettext_lazy("in order"), "soon": gettext_lazy("slow"), "late": gettext_lazy("wrong")}


@require_safe
@staff_only
def health(request: HttpRequest, reader: Reader) -> HttpResponse:
    """A line for each part, the worst first; it is brought up to date by itself."""
    if not reader.is_lead:
        raise Forbidden(_("This page is for leads and administrators. Attention shows what asks for you."))
    order = [*_TONES]
    lines = sorted(_lines(reader), key=lambda line: -order.index(line[1]))
    told = [(name, tone, _TONES[tone], words, next_step) for name, tone, words, next_step in lines]
    return render(request, "console/health.html", {**frame(reader, UNTOLD), "lines": told})


def _lines(reader: Reader) -> Iterable[Line]:
    yield _workers()
    waiting = queues.pending_inbox(reader.now)
    yield _late(
        _("Inbox"),
        _("%(many)s events wait") % {"many": waiting.count},
        waiting,
        _("See that workers run; their log says what they do."),
    )
    unrouted = queues.unrouted(reader.now)
    yield _late(
        _("Unrouted"),
        _("%(many)s events of rooms that belong to nobody") % {"many": unrouted.count},
        unrouted,
        _("They are put away by themselves."),
    )
    unread = queues.unread(reader.now)
    yield _late(
        _("Rooms to read back"),
        _("%(many)s after a break of the homeserver") % {"many": unread.count},
        unread,
        _("See that the homeserver answers."),
    )
    yield _set_aside()
    yield _outbox(reader)
    lag = finding.lag(reader.now)
    yield _late(
        _("Search"),
        _("%(many)s messages cannot be found yet") % {"many": lag.count},
        lag,
        _("After an upgrade this passes by itself."),
    )
    wrong = overview.count_wrong(reader.viewer)
    yield (
        _("Rooms"),
        "soon" if wrong else "met",
        _("%(many)s are not as they should be") % {"many": wrong},
        _("The page Rooms says why, and repairs.") if wrong else "",
    )


def _workers() -> Line:
    living, wanted = len(workers.living()), bootstrap.settings.worker_processes
    tone = "late" if not living else "soon" if living < wanted else "met"
    return (
        _("Workers"),
        tone,
        _("%(living)s of %(wanted)s run") % {"living": living, "wanted": wanted},
        "" if tone == "met" else _("Start them with `roomdesk up` or `roomdesk worker`."),
    )


def _late(name: str, words: str, waiting: queues.Waiting | finding.Lag, step: str) -> Line:
    tone = "met" if not waiting.count or waiting.age <= SLOW else "late" if waiting.age > STUCK else "soon"
    since = _(", the oldest for %(span)s") % {"span": span(waiting.age)} if waiting.count else ""
    return (name, tone, words + since, "" if tone == "met" else step)


def _set_aside() -> Line:
    count, first = queues.set_aside()
    step = _("`roomdesk inbox show %(number)s`, then replay or ignore it.") % {"number": first} if count else ""
    return (_("Set aside"), "late" if count else "met", _("%(many)s events always failed") % {"many": count}, step)


def _outbox(reader: Reader) -> Line:
    found = queues.outbox(reader.now)
    tone = "late" if found.failed or (found.retrying and found.age > STUCK) else "soon" if found.retrying else "met"
    words = _("%(waiting)s calls wait, %(retrying)s are tried again, %(failed)s of the last were given up") % {
        "waiting": found.waiting,
        "retrying": found.retrying,
        "failed": found.failed,
    }
    step = (
        _("Last error: %(error)s") % {"error": found.retry_error}
        if found.retry_error
        else _("What was given up stands on its case’s page, with Send again.")
    )
    return (_("Outbox"), tone, words, "" if tone == "met" else step)
