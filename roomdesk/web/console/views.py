"""The console's list and case pages: parse, call, answer."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roomdesk.cases import linking, queries, worklist, writing
from roomdesk.cases.files import files_of
from roomdesk.cases.models import Case
from roomdesk.cases.queue import place_of
from roomdesk.cases.report import intake_of, report
from roomdesk.clocks import explain
from roomdesk.directory.queries import escalated, people_of, workspace_page
from roomdesk.queues import requests
from roomdesk.refusals import DeskError
from roomdesk.rooms import queries as rooms
from roomdesk.web.console import acts, present
from roomdesk.web.console.act_forms import Around
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.live.scopes import Scope


@require_GET
@staff_only
def cases(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The list: open cases in the order of the queue, or all of them, the newest first."""
    view = worklist.ALL if request.GET.get("view") == worklist.ALL else worklist.OPEN
    workspace = request.GET.get("workspace", "").strip().replace("\0", "")
    after = request.GET.get("after", "")
    found = worklist.worklist(reader.viewer, reader.now, view=view, workspace=workspace, after=after)
    clocks = queries.clocks_of(found.cases)
    rows = [
        present.case_row(case, clocks[case.pk], reader.now, title=reader.title(case), place=found.places.get(case.pk))
        for case in found.cases
    ]
    context = {
        **frame(reader),
        "view": view,
        "workspace": workspace,
        "workspaces": workspace_page(reader.viewer)[0],
        "is_later_page": bool(after),
        "rows": rows,
        "open": found.open,
        "next": _address(view, workspace, found.next) if found.next else "",
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
def case(request: HttpRequest, reader: Reader, ref: str) -> HttpResponse:
    """A case with its clocks and its conversation; POST says something in it as the person who is signed in."""
    if request.method != "POST":
        return _page(request, reader, ref)
    found = _access(ref, reader)
    return _answer(request, reader, found) if reader.may_read(found) else _stub(request, reader, found)


def _access(ref: str, reader: Reader) -> Case:
    return queries.access_case(ref.replace("\0", ""), reader.viewer)


def _stub(request: HttpRequest, reader: Reader, found: Case) -> HttpResponse:
    """What somebody outside the security role sees of a restricted case; whatever else they ask for is refused."""
    row = present.case_row(found, queries.clocks_of([found])[found.pk], reader.now, title=reader.title(found))
    status = 403 if request.method == "POST" else 200
    return render(
        request,
        "console/stub.html",
        {**frame(reader, Scope("case", found.ref)), "row": row, "case": found},
        status=status,
    )


def _answer(request: HttpRequest, reader: Reader, found: Case) -> HttpResponse:
    """Says it once, however often the button was pressed: each drawn form has a key of its own."""
    text = request.POST.get("text", "").replace("\0", "").strip()
    author = reader.viewer.name

    def say() -> tuple[int, str]:
        said = writing.do_say(
            ref=found.ref, author=author, text=text, channel="console", actor=reader.actor, now=reader.now
        )
        return 303, f"m-{said.pk}"

    try:
        done = requests.once(f"console:{author}", _key(request), _digest(found.ref, text), reader.now, say)
    except DeskError as error:
        return _page(request, reader, found.ref, text=text, problem=str(error), status=error.status)
    return HttpResponseRedirect(f"{reverse('console:case', args=[found.ref])}#{done.body}")


@require_POST
@staff_only
def act(request: HttpRequest, reader: Reader, ref: str) -> HttpResponse:
    """Does something with a case, once for each drawn form; what is refused is said beside its field."""
    found = _access(ref, reader)
    if not reader.may_read(found):
        return _stub(request, reader, found)
    wanted = acts.Wanted.of(request.POST)
    try:
        digest = _digest(found.ref, *wanted.words())
        owner = f"console:{reader.viewer.name}"
        done = requests.once(owner, _key(request), digest, reader.now, lambda: (303, acts.do(reader, found, wanted)))
    except DeskError as error:
        refused = acts.Refused(wanted, str(error).replace("`", ""), error.field)
        return _page(request, reader, ref, refused=refused, status=error.status)
    return HttpResponseRedirect(f"{reverse('console:case', args=[done.body])}#facts")


_KEY_SIZE = 40
#: Milliseconds that a case's page leaves between two looks at itself.
PACE = 150


def _key(request: HttpRequest) -> str | None:
    return request.POST.get("key", "").replace("\0", "")[:_KEY_SIZE] or None


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()


def _page(
    request: HttpRequest,
    reader: Reader,
    ref: str,
    *,
    text: str = "",
    problem: str = "",
    refused: acts.Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    outer = frame(reader, Scope("case", ref.replace("\0", "")))
    found = _access(ref, reader)
    if not reader.may_read(found):
        return _stub(request, reader, found)
    context = {
        **outer,
        "pace": PACE,
        **_told(reader, found),
        "case": found,
        "is_open": found.state in Case.OPEN,
        "text": text,
        "problem": problem,
        "key": secrets.token_urlsafe(12),
    }
    context["acts"] = acts.offered(
        Around(reader, found, context["messages_said"], context["others"], context["called"]), refused
    )
    return render(request, "console/case.html", context, status=status)


def _told(reader: Reader, found: Case) -> dict[str, Any]:
    now = reader.now
    clocks = queries.clocks_of([found])[found.pk]
    members = people_of(found.workspace, now)
    people = {member.person_id: member for member in members}
    said = queries.timeline(found, reader.viewer)
    row = present.case_row(found, clocks, now, title=found.title, place=place_of(found, now))
    changes = queries.changes(found)
    conversation = worklist.conversation(said, changes)
    files, intake = files_of(said), intake_of(found)
    cycles = queries.cycles(found)
    return {
        "satisfaction": present.satisfaction(cycles),
        "resolutions": present.resolutions(cycles),
        "others": linking.others_of(found),
        "called": escalated([found.ref])[found.ref],
        "filed": present.filed(intake),
        "is_unknown": present.is_unknown(found, intake, changes),
        "report": present.report_lines(report(found, intake, said, files, row.version_id)) if row.version_id else [],
        "row": row,
        "opener": people.get(found.opened_by_id or 0),
        "people": members,
        "clocks": present.clock_cards(found, clocks, explain.explain_all(clocks, now), now),
        "messages_said": said,
        "entries": present.entries(conversation, people, worklist.undelivered(found), row.zone, now, files),
        "is_inside": not row.has_room or rooms.is_inside(found.workspace, reader.person),
    }
