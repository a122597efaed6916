"""The console's pages: parse, call, answer."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from roomdesk.audit.work import Actor
from roomdesk.cases import queries, worklist, writing
from roomdesk.cases.models import Case
from roomdesk.clocks import explain
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer, people_of, viewer_of_person, workspace_page
from roomdesk.queues import requests
from roomdesk.refusals import DeskError, NotFound
from roomdesk.rooms import queries as rooms
from roomdesk.runtime import clock
from roomdesk.web.console import present
from roomdesk.web.console.clock_words import face

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """Signs people in; to somebody who is no staff these pages do not exist. The view gets the viewer and the time."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, **named: Any) -> HttpResponse:
        now = clock.now()
        viewer = viewer_of_person(_person(request), now)
        if viewer.kind != "staff":
            raise Http404
        try:
            return view(request, viewer, now, **named)
        except NotFound as error:
            return render(request, "console/missing.html", {"sentence": str(error)}, status=404)

    return guarded


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


@require_GET
@staff_only
def cases(request: HttpRequest, viewer: Viewer, now: datetime) -> HttpResponse:
    """The list: open cases, the most urgent first, or all of them, the newest first."""
    view = worklist.ALL if request.GET.get("view") == worklist.ALL else worklist.OPEN
    workspace = request.GET.get("workspace", "").strip().replace("\0", "")
    found = worklist.worklist(viewer, view=view, workspace=workspace, after=request.GET.get("after", ""))
    clocks = queries.clocks_of(found.cases)
    context = {
        "now": now,
        "view": view,
        "workspace": workspace,
        "workspaces": workspace_page(viewer)[0],
        "is_later_page": bool(request.GET.get("after")),
        "rows": [present.case_row(case, clocks[case.pk], now) for case in found.cases],
        "open": found.open,
        "next": _address(view, workspace, found.next) if found.next else "",
        "p0": worklist.open_p0(viewer),
        "tabs": [(view == name, words, _address(name, workspace)) for name, words in _TABS],
    }
    return render(request, "console/cases.html", context)


_TABS = ((worklist.OPEN, "Open"), (worklist.ALL, "All"))


def _address(view: str, workspace: str, after: str = "") -> str:
    wanted = {"view": view if view != worklist.OPEN else "", "workspace": workspace, "after": after}
    query = urlencode({name: value for name, value in wanted.items() if value})
    return reverse("console:cases") + (f"?{query}" if query else "")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def case(request: HttpRequest, viewer: Viewer, now: datetime, ref: str) -> HttpResponse:
    """A case with its clocks and its conversation; POST says something in it as the person who is signed in."""
    found = queries.access_case(ref.replace("\0", ""), viewer)
    if request.method == "POST":
        return _answer(request, viewer, found, now)
    return _page(request, viewer, found, now)


def _answer(request: HttpRequest, viewer: Viewer, found: Case, now: datetime) -> HttpResponse:
    """Says it once, however often the button was pressed: each drawn form has a key of its own."""
    text, key = request.POST.get("text", "").replace("\0", "").strip(), request.POST.get("key", "")[:_KEY_SIZE] or None

    def say() -> tuple[int, str]:
        actor = Actor("staff", viewer.name)
        said = writing.do_say(ref=found.ref, author=viewer.name, text=text, channel="console", actor=actor, now=now)
        return 303, f"m-{said.pk}"

    try:
        done = requests.once(f"console:{viewer.name}", key, _digest(found.ref, text), now, say)
    except DeskError as error:
        return _page(request, viewer, found, now, text=text, problem=str(error), status=error.status)
    return HttpResponseRedirect(f"{reverse('console:case', args=[found.ref])}#{done.body}")


_KEY_SIZE = 40


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()


def _page(
    request: HttpRequest,
    viewer: Viewer,
    found: Case,
    now: datetime,
    *,
    text: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    clocks = queries.clocks_of([found])[found.pk]
    row = present.case_row(found, clocks, now)
    members = people_of(found.workspace, now)
    people = {member.person_id: member for member in members}
    explained = explain.explain_all(clocks, now)
    said = worklist.conversation(queries.timeline(found, viewer), queries.changes(found))
    context = {
        "now": now,
        "row": row,
        "case": found,
        "p0": worklist.open_p0(viewer),
        "opener": people.get(found.opened_by_id or 0),
        "people": members,
        "clocks": [(face(one, now), told["lines"]) for one, told in zip(clocks, explained, strict=True)],
        "entries": present.entries(said, people, worklist.undelivered(found), row.zone, now),
        "is_open": found.state in Case.OPEN,
        "is_inside": not row.has_room or rooms.is_inside(found.workspace, _person(request)),
        "text": text,
        "problem": problem,
        "key": secrets.token_urlsafe(12),
    }
    return render(request, "console/case.html", context, status=status)
