"""Search of what was said in one room; each hit leads to its place there (R08, R10)."""

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
from roomdesk.web.chat.guard import Reader, reader_only
from roomdesk.web.portal.lines import author_of
from roomdesk.web.portal.refusals import told


@require_safe
@reader_only
def search(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The search with its hits; a query that says nothing is told so beside its field."""
    asked, after = request.GET.get("q", "").strip(), request.GET.get("after", "")
    found, problem, status, slug = None, "", 200, reader.workspace.slug
    if asked:
        try:
            found = record.search(reader.viewer, asked, reader.now, workspace=slug, after=after)
        except DeskError as error:
            problem, status = told(error), error.status
    address = reverse("chat:search", args=[slug])
    context = {
        "now": reader.now,
        "reader": reader,
        "workspace": reader.workspace,
        "asked": asked,
        "problem": problem,
        "is_later_page": bool(after),
        "hits": list(_hits(found, reader)) if found else [],
        "address": address,
        "first": f"{address}?{urlencode({'q': asked})}",
        "next": f"{address}?{urlencode({'q': asked, 'after': found.next})}" if found and found.next else "",
    }
    return render(request, "chat/search.html", context, status=status)


def _hits(found: Results, reader: Reader) -> Iterable[dict[str, Any]]:
    room = reverse("chat:room", args=[reader.workspace.slug])
    for hit in found.items:
        message = hit.message
        yield {
            "author": author_of(message),
            "tone": message.author_kind,
            "address": f"{room}?at={message.pk}#m-{message.pk}",
            "time": reader.told_at(message.at),
            "parts": hit.excerpt,
        }
