"""The page Search: what was ever said, in every workspace that the reader may see (R08)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from roomdesk.cases import search as record
from roomdesk.cases.search import Found, Results
from roomdesk.product.queries import newest, product_of
from roomdesk.record.models import Message
from roomdesk.refusals import DeskError
from roomdesk.rules.search_marks import Part
from roomdesk.web.console.clock_words import moment
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.portal.refusals import told

_ORDERS = ((record.NEWEST, _("Newest first")), (record.BEST, _("Best first")))
_EXAMPLES = (
    ("invoice vat", _("both words, in any form: invoices, invoiced")),
    ('"cannot be saved"', _("exactly these words, one after the other")),
    ("inv*", _("words that begin so")),
    ("from:olga", _("said by somebody; also from:customer, from:staff, from:desk")),
    ("workspace:acme", _("said in one workspace")),
    ("case:BC-1042", _("said in one case")),
    ("after:2026-11-01 before:2026-12-01", _("said in a span of time, in UTC")),
    ("has:file", _("only files")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A hit as it is drawn. `address` leads to its place in its case; empty for what belongs to none."""

    author: str
    tone: str
    workspace: str
    ref: str
    address: str
    time: str
    title: str
    marks: Sequence[str]
    parts: Sequence[Part]


@require_GET
@staff_only
def search(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The search with its hits; without a query what can be asked. A query that says nothing is told so beside its field."""
    asked = request.GET.get("q", "").strip()
    order = record.BEST if request.GET.get("order") == record.BEST else record.NEWEST
    after = request.GET.get("after", "")
    found, problem, status = None, "", 200
    if asked:
        try:
            found = record.search(reader.viewer, asked, reader.now, order=order, after=after)
        except DeskError as error:
            problem, status = told(error), error.status
    context = {
        **frame(reader),
        "asked": asked,
        "problem": problem,
        "is_later_page": bool(after),
        "hits": list(_lines(found, reader.now)) if found else [],
        "count": _count(found),
        "first": _address(asked, order),
        "next": _address(asked, order, found.next) if found and found.next else "",
        "orders": [(order == name, words, _address(asked, name)) for name, words in _ORDERS],
        "examples": [(_address(text, record.NEWEST), text, words) for text, words in _EXAMPLES],
    }
    return render(request, "console/search.html", context, status=status)


def _address(asked: str, order: str, after: str = "") -> str:
    wanted = {"q": asked, "order": order if order != record.NEWEST else "", "after": after}
    return f"{reverse('console:search')}?{urlencode({name: value for name, value in wanted.items() if value})}"


def _count(found: Results | None) -> str:
    if found is None or found.total is None:
        return ""
    many = f"{found.total:,}{'+' if found.is_more else ''}"
    return ngettext("%(many)s message", "%(many)s messages", found.total) % {"many": many}


def _lines(found: Results, now: datetime) -> Iterable[Line]:
    """Times in the zone of the office that supports the workspace; one query however many there are."""
    versions = newest({hit.message.workspace.product for hit in found.items})
    for hit in found.items:
        version = versions.get(hit.message.workspace.product)
        yield _line(hit, product_of(version.pk).office.timezone if version else "UTC", now)


def _line(hit: Found, zone: str, now: datetime) -> Line:
    message, case = hit.message, hit.message.case
    return Line(
        author=_author(message),
        tone=message.author_kind,
        workspace=message.workspace.display_name,
        ref=case.ref if case else "",
        address=f"{reverse('console:case', args=[case.ref])}#m-{message.pk}" if case else "",
        time=moment(message.at, zone, now),
        title=f"{message.at:%Y-%m-%d %H:%M:%S} UTC",
        marks=[*_marks(message)],
        parts=hit.excerpt,
    )


def _author(message: Message) -> str:
    if message.author_kind == Message.Author.DESK:
        return gettext("The desk")
    return message.author.name if message.author else message.author_ref


def _marks(message: Message) -> Iterable[str]:
    if message.author_kind == Message.Author.STAFF:
        yield "staff"
    if message.kind == Message.Kind.FILE:
        yield "file"
    if message.edited_at:
        yield "edited"
