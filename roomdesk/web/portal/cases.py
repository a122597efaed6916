"""The customer's requests: the list, and each with its conversation and its public clocks. Notes and restricted cases are not here."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from roomdesk.cases import for_customers, queries, satisfaction, worklist, writing
from roomdesk.cases.files import files_of
from roomdesk.cases.models import Case, CaseChange
from roomdesk.cases.queue import place_in_queue
from roomdesk.cases.worklist import Delivery
from roomdesk.directory.models import Membership
from roomdesk.directory.queries import people_of
from roomdesk.queues import requests
from roomdesk.record.models import File, Message
from roomdesk.refusals import DeskError, NotFound
from roomdesk.web.portal.consents import about_case
from roomdesk.web.portal.guard import Visitor, customer_only, frame
from roomdesk.web.portal.lines import Line, line_of
from roomdesk.web.portal.refusals import told
from roomdesk.web.portal.rows import row_of, rows_of, shown_clocks
from roomdesk.web.portal.words import STATES, clock_told, told_at


@require_safe
@customer_only
def cases(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Open requests, or all of them, the newest first."""
    is_open, after = request.GET.get("view") != "all", request.GET.get("after", "")
    workspace = visitor.customer.workspace
    found = for_customers.cases_page(visitor.customer.viewer, workspace, only_open=is_open, after=after)
    address = reverse("portal:cases", args=[visitor.slug])
    view = {} if is_open else {"view": "all"}
    context = {
        **frame(visitor),
        "is_cases": True,
        "is_later_page": bool(after),
        "tabs": [(is_open, _("Open"), address), (not is_open, _("All"), f"{address}?view=all")],
        "first": f"{address}{f'?{urlencode(view)}' if view else ''}" if after else "",
        "rows": rows_of(found.cases, visitor),
        "next": f"{address}?{urlencode({**view, 'after': found.next})}" if found.next else "",
    }
    return render(request, "portal/cases.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_only
def case(request: HttpRequest, visitor: Visitor, ref: str) -> HttpResponse:
    """One request; POST says something in it as the person who is signed in."""
    if request.method == "POST":
        return _say(request, visitor, access_case(ref, visitor))
    return _page(request, visitor, ref)


def access_case(ref: str, visitor: Visitor) -> Case:
    """The request of this reference in the visitor's workspace. NotFound, in the same words, for every other."""
    found = for_customers.access_cases_of(visitor.customer.viewer, visitor.customer.workspace)
    case = found.filter(ref=ref).first() if "\0" not in ref else None
    if case is None:
        raise NotFound("There is no such request, or it is not yours to see.", field="ref")
    return case


def _say(request: HttpRequest, visitor: Visitor, found: Case) -> HttpResponse:
    """Says it once, however often the button was pressed."""
    text, author = request.POST.get("text", "").replace("\0", "").strip(), visitor.person.slug

    def say() -> tuple[int, str]:
        said = writing.do_say(
            ref=found.ref, author=author, text=text, channel="portal", actor=visitor.actor, now=visitor.now
        )
        return 303, f"m-{said.pk}"

    try:
        done = requests.once(f"portal:{author}", key_of(request), digest_of(found.ref, text), visitor.now, say)
    except DeskError as error:
        return _page(request, visitor, found.ref, text=text, problem=str(error), status=error.status)
    return HttpResponseRedirect(f"{reverse('portal:case', args=[visitor.slug, found.ref])}#{done.body}")


@require_POST
@customer_only
def rate(request: HttpRequest, visitor: Visitor, ref: str) -> HttpResponse:
    """Keeps whether the resolution helped; pressing again changes nothing."""
    found, score = access_case(ref, visitor), request.POST.get("score", "")
    person, viewer = visitor.person.slug, visitor.customer.viewer
    try:
        satisfaction.do_rate(viewer, found.ref, score, author=person, actor=visitor.actor, now=visitor.now)
    except DeskError as error:
        return _page(request, visitor, found.ref, problem=str(error), status=error.status)
    return HttpResponseRedirect(f"{reverse('portal:case', args=[visitor.slug, found.ref])}#rate")


def key_of(request: HttpRequest) -> str | None:
    """The key that the form was drawn with."""
    return request.POST.get("key", "").replace("\0", "")[:40] or None


def digest_of(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()


def _page(
    request: HttpRequest, visitor: Visitor, ref: str, *, text: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    found, viewer = access_case(ref, visitor), visitor.customer.viewer
    outer = frame(visitor, found)
    clocks = shown_clocks(queries.clocks_of([found], viewer)[found.pk])
    said = queries.timeline(found, viewer)
    conversation = worklist.conversation(said, queries.told_changes(found, viewer))
    people = {row.person_id: row for row in people_of(found.workspace, visitor.now)}
    context = {
        **outer,
        "is_cases": True,
        "case": found,
        "row": row_of(found, clocks, visitor),
        "clocks": [clock_told(clock, found, visitor) for clock in clocks if clock.cycle.number == found.cycle],
        "place": place_in_queue(found, visitor.now),
        "lines": list(_lines(conversation, visitor, people, files_of(said), worklist.undelivered(found))),
        "consents": about_case(found, visitor),
        "rating": _rating(found),
        "takes_words": for_customers.takes_words(found, visitor.now),
        "text": text,
        "problem": told(problem),
        "key": secrets.token_urlsafe(12),
    }
    return render(request, "portal/case.html", context, status=status)


def _rating(found: Case) -> str | None:
    """What was said of the newest resolution, empty for nothing yet; None while there is none to speak of."""
    if found.state not in (Case.State.RESOLVED, Case.State.CLOSED):
        return None
    return found.cycles.filter(number=found.cycle).values_list("satisfaction", flat=True).first()


def _lines(
    conversation: Iterable[Message | CaseChange],
    visitor: Visitor,
    people: dict[int, Membership],
    files: dict[int, File],
    on_the_way: dict[int, Delivery],
) -> Iterable[Line]:
    for entry in conversation:
        time = told_at(entry.at, visitor)
        if isinstance(entry, CaseChange):
            yield _changed(entry, visitor, time)
        else:
            delivery = on_the_way.get(entry.pk)
            failed = delivery is not None and delivery.state == "failed"
            marks = () if delivery is None else (_("not delivered"),) if failed else (_("sending"),)
            yield line_of(entry, time, people, file=files.get(entry.pk), more=marks)


def _changed(change: CaseChange, visitor: Visitor, time: tuple[str, str]) -> Line:
    """What changed, without who of the staff did it and why."""
    before, after = (_value(change.what, value, visitor) for value in (change.before, change.after))
    text = f"{before} → {after}" if before else after
    return Line(f"c-{change.pk}", "change", "", "", change.at, time[0], time[1], text)


def _value(what: str, value: str, visitor: Visitor) -> str:
    if what == "state" and value in STATES:
        return str(STATES[value])
    texts = visitor.product.texts[visitor.locale]
    return texts.get(f"severity.{value}.name", value) if what == "severity" else texts.get(f"kind.{value}", value)
