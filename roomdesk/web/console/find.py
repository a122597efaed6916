"""What the command bar finds while somebody types: cases by reference or title. A fragment of a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from roomdesk.cases.finding import found_cases
from roomdesk.web.console.guard import Reader, staff_only


@require_GET
@staff_only
def find(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The cases, the newest first; nothing for fewer than two characters."""
    asked = request.GET.get("q", "").replace("\0", "").strip()[:200]
    found = [(case, reader.title(case)) for case in found_cases(reader.viewer, asked)]
    return render(request, "console/found.html", {"found": found})
