"""Search of what was said in one workspace, for the portal and the chat: one form, one list of hits (R08, R10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from roomdesk.cases import search as record
from roomdesk.cases.search import Results
from roomdesk.directory.models import Workspace
from roomdesk.directory.queries import Viewer
from roomdesk.record.models import Message
from roomdesk.refusals import DeskError
from roomdesk.web.portal.lines import author_of
from roomdesk.web.portal.refusals import told

#: Of a hit: the reference of its case where it is shown, the address of its place, and when it was said (in words, and for hovering).
Place = Callable[[Message], tuple[str, str, tuple[str, str]]]


def context_of(
    request: HttpRequest, viewer: Viewer | None, workspace: Workspace, now: datetime, address: str, place: Place
) -> tuple[dict[str, Any], int]:
    """What `parts/record_search.html` draws, and the answer's status; a query that says nothing is told so beside its field.

    Without a viewer nothing is looked for: they may not read the room.
    """
    asked, after = request.GET.get("q", "").strip(), request.GET.get("after", "")
    found, problem, status = None, "", 200
    if asked and viewer is not None:
        try:
            found = record.search(viewer, asked, now, workspace=workspace.slug, after=after)
        except DeskError as error:
            problem, status = told(error), error.status
    context = {
        "is_search": True,
        "asked": asked,
        "problem": problem,
        "is_later_page": bool(after),
        "hits": _hits(found, place) if found else [],
        "address": address,
        "first": f"{address}?{urlencode({'q': asked})}",
        "next": f"{address}?{urlencode({'q': asked, 'after': found.next})}" if found and found.next else "",
    }
    return context, status


def _hits(found: Results, place: Place) -> list[dict[str, Any]]:
    hits = []
    for hit in found.items:
        ref, address, time = place(hit.message)
        about = {"ref": ref, "address": address, "time": time, "parts": hit.excerpt}
        hits.append({"author": author_of(hit.message), "tone": hit.message.author_kind, **about})
    return hits
