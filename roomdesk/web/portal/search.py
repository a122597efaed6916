"""Search of what was said in the visitor's own workspace (R08)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from roomdesk.cases import search as record
from roomdesk.cases.search import Results
from roomdesk.refusals import DeskError
from roomdesk.web.portal.guard import Visitor, customer_only, frame
from roomdesk.web.portal.lines import author_of
from roomdesk.web.portal.refusals import told
from roomdesk.web.portal.words import told_at


@require_safe
@customer_only
def search(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The search with its hits; a query that says nothing is told so beside its field."""
    asked, after = request.GET.get("q", "").strip(), request.GET.get("after", "")
    found, problem, status = None, "", 200
    if asked and visitor.customer.may_read:
        try:
            found = record.search(visitor.customer.viewer, asked, visitor.now, workspace=visitor.slug, after=after)
        except DeskError as error:
            problem, status = told(error), error.status
    address = reverse("portal:search", args=[visitor.slug])
    context = {
        **frame(visitor),
        "is_search": True,
        "asked": asked,
        "problem": problem,
        "is_later_page": bool(after),
        "hits": list(_hits(found, visitor)) if found else [],
        "address": address,
        "first": f"{address}?{urlencode({'q': asked})}",
        "next": f"{address}?{urlencode({'q': asked, 'after': found.next})}" if found and found.next else "",
    }
    return render(request, "portal/search.html", context, status=status)


def _hits(found: Results, visitor: Visitor) -> Iterable[dict[str, Any]]:
    for hit in found.items:
        message, case = hit.message, hit.message.case
        where = reverse("portal:case", args=[visitor.slug, case.ref]) + f"#m-{message.pk}" if case else ""
        yield {
            "author": author_of(message),
            "tone": message.author_kind,
            "ref": case.ref if case else "",
            "address": where,
            "time": told_at(message.at, visitor),
            "parts": hit.excerpt,
        }
