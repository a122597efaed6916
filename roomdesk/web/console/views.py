"""The console's page of a case: parse, call, answer."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from roomdesk.bootstrap import settings
from roomdesk.cases import linking, queries, worklist, writing
from roomdesk.cases.attaching import MOST, Upload, check_uploads
from roomdesk.cases.files import files_of
from roomdesk.cases.handing import Given, do_hand_over
from roomdesk.cases.macros import offers
from roomdesk.cases.many import changed, standing
from roomdesk.cases.models import Case
from roomdesk.cases.narrowing import Narrow
from roomdesk.cases.presence import leave, note_presence, others_at
from roomdesk.cases.queue import place_of
from roomdesk.cases.report import intake_of, report
from roomdesk.cases.wording import callable_in
from roomdesk.clocks import explain
from roomdesk.directory.queries import escalated, people_of
from roomdesk.queues import requests
from roomdesk.refusals import DeskError
from roomdesk.rooms import queries as rooms
from roomdesk.web.console import acts, present, undo
from roomdesk.web.console.act_forms import Around
from roomdesk.web.console.bulk import context_of
from roomdesk.web.console.consents import about_case
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.inbox import address as list_address
from roomdesk.web.console.inbox import view_words
from roomdesk.web.console.workspace_card import beside
from roomdesk.web.live.scopes import follow_case
from roomdesk.web.portal.refusals import told
from roomdesk.web.uploads import uploads_of, words_of


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
        {**frame(reader, follow_case(found, reader.viewer)), "row": row, "case": found},
        status=status,
    )


def _answer(request: HttpRequest, reader: Reader, found: Case) -> HttpResponse:
    """Says it once, however often the button was pressed: each drawn form has a key of its own. A text, files, or both."""
    text = request.POST.get("text", "").replace("\0", "").strip()
    uploads = uploads_of(request)
    author = reader.viewer.name
    if collision := _collision(request, reader, found):
        return _page(request, reader, found.ref, text=text, collision=collision, status=409)

    try:
        check_uploads(uploads)
        digest = _digest(found.ref, text, *words_of(uploads))
        said = partial(_say, reader, found.ref, text, uploads)
        done = requests.once(f"console:{author}", _key(request), digest, reader.now, said)
    except DeskError as error:
        return _page(request, reader, found.ref, text=text, problem=told(error), status=error.status)
    leave(found, reader.person)
    return HttpResponseRedirect(f"{_address(request, found.ref)}#{done.body}")


def _say(reader: Reader, ref: str, text: str, uploads: list[Upload]) -> tuple[int, str]:
    """The anchor of the last thing that was said."""
    by: dict[str, Any] = {"author": reader.viewer.name, "channel": "console", "actor": reader.actor, "now": reader.now}
    said = [writing.do_say(ref=ref, text=text, is_markdown=True, **by)] if text or not uploads else []
    said += [do_hand_over(reader.viewer, ref, Given(one, is_note=False), **by) for one in uploads]
    return 303, f"m-{said[-1].pk}"


def _collision(request: HttpRequest, reader: Reader, found: Case) -> str:
    """Who else writes an answer just now, in a sentence; empty for nobody, and for who was asked and sends theirs anyway."""
    if request.POST.get("anyway"):
        return ""
    names = [one.person.name for one in others_at(found, reader.person, reader.now) if one.is_writing]
    both = {"names": _(" and ").join(names)}
    words = ngettext(
        "%(names)s is writing an answer just now.", "%(names)s are writing an answer just now.", len(names)
    )
    return words % both if names else ""


def _address(request: HttpRequest, ref: str) -> str:
    """The case's page, beside the list that it was opened from."""
    query = urlencode(Narrow.of(request.GET.dict()).wanted)
    return reverse("console:case", args=[ref]) + (f"?{query}" if query else "")


@require_POST
@staff_only
def act(request: HttpRequest, reader: Reader, ref: str) -> HttpResponse:
    """Does something with a case, once for each drawn form; what is refused is said beside its field."""
    found = _access(ref, reader)
    if not reader.may_read(found):
        return _stub(request, reader, found)
    wanted = acts.Wanted.of(request.POST, uploads_of(request))
    try:
        digest = _digest(found.ref, *wanted.words())
        owner = f"console:{reader.viewer.name}"
        before = standing(found)
        done = requests.once(owner, _key(request), digest, reader.now, lambda: (303, acts.do(reader, found, wanted)))
        steps = changed(before, _access(ref, reader)) if wanted.act in UNDONE else []
    except DeskError as error:
        refused = acts.Refused(wanted, told(error), error.field)
        return _page(request, reader, ref, refused=refused, status=error.status)
    undo.keep(request, steps, _("%(ref)s was changed.") % {"ref": done.body}, reader.now)
    return HttpResponseRedirect(f"{_address(request, done.body)}#facts")


@require_POST
@staff_only
def presence(request: HttpRequest, reader: Reader, ref: str) -> HttpResponse:
    """The reader has the case's page open (`is`: here, writing), or closes it (gone)."""
    found = _access(ref, reader)
    if not reader.may_read(found):
        return HttpResponse(status=403)
    said = request.POST.get("is", "")
    if said == "gone":
        leave(found, reader.person)
    else:
        note_presence(found, reader.person, is_writing=said == "writing", now=reader.now)
    return HttpResponse(status=204)


_KEY_SIZE = 40
#: Acts whose change of a field can be taken back.
UNDONE = ("take", "assign", "severity", "kind", "snooze", "wake")
#: A page that was told that it is behind says so by this header: first it gets the talk, and a moment later the rest of what follows the case.
AGAIN, TALK = "Desk-Again", "talk"
#: Of which moment it has everything: what it was told with the talk before.
STOOD = "Desk-Stood"
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
    collision: str = "",
    refused: acts.Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    found = _access(ref, reader)
    if not reader.may_read(found):
        return _stub(request, reader, found)
    part = request.headers.get(AGAIN) if request.method == "GET" else None
    if part == TALK:
        response = _part(render(request, "console/case_talk.html", _talk(request, reader, found)), TALK)
        response.headers[STOOD] = reader.now.isoformat()
        return response
    shown = _shown(request, reader, found)
    if part:
        return _part(render(request, "console/case_rest.html", shown), "rest")
    canned = offers(found, reader.person.name) if found.state in Case.OPEN else []
    inside = callable_in(found.workspace)
    context = {
        **shown,
        "pace": PACE,
        "is_open": found.state in Case.OPEN,
        "text": text,
        "problem": problem,
        "collision": collision,
        **context_of(request, reader),
        **beside(reader, found),
        "consents": about_case(found, reader),
        "is_inside": not shown["row"].has_room or rooms.is_inside(found.workspace, reader.person),
        "people_inside": inside,
        "megabytes": settings.file_megabytes,
        "most_files": MOST,
        "canned": canned,
        "key": secrets.token_urlsafe(12),
    }
    forms = acts.offered(
        Around(
            reader, found, context["messages_said"], context["others"], context["called"], canned, context["pinned"]
        ),
        refused,
    )
    # Writing has a place of its own.
    context["acts"] = [form for form in forms if form.act != "note"]
    context["note"] = next((form for form in forms if form.act == "note"), None)
    context["writes_note"] = context["note"] is not None and context["note"].is_open
    return render(request, "console/case.html", context, status=status)


def _part(response: HttpResponse, name: str) -> HttpResponse:
    """Tells the page what it was given."""
    response.headers["Desk-Part"] = name
    return response


def _stood(request: HttpRequest) -> datetime | None:
    """What a page says of itself; None for nothing, or for what is no moment."""
    try:
        at = datetime.fromisoformat(request.headers.get(STOOD, ""))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _talk(request: HttpRequest, reader: Reader, found: Case) -> dict[str, Any]:
    """What may be new of the conversation to a page that has it, and who else is there: the least, so that words stand there soon."""
    said, people = queries.timeline(found, reader.viewer), people_of(found.workspace, reader.now)
    conversation, on_the_way = worklist.conversation(said, queries.changes(found)), worklist.undelivered(found)
    files = files_of(said)
    only = worklist.changed_lately(conversation, on_the_way, reader.now, _stood(request), files)
    zone = present.zone_of(found, queries.clocks_of([found])[found.pk])
    members = {member.person_id: member for member in people}
    return {
        **_around(request),
        "case": found,
        "entries": present.entries(conversation, members, on_the_way, zone, reader.now, files, only),
        "many_entries": len(conversation),
        "others_here": others_at(found, reader.person, reader.now),
    }


def _shown(request: HttpRequest, reader: Reader, found: Case) -> dict[str, Any]:
    """What follows the case while somebody looks; asked for before anything else is read, so that nothing is missed."""
    return {
        **frame(reader, follow_case(found, reader.viewer)),
        **_told(reader, found),
        **_around(request),
        "case": found,
        "others_here": others_at(found, reader.person, reader.now),
    }


def _around(request: HttpRequest) -> dict[str, Any]:
    """The list that the case was opened from."""
    narrow = Narrow.of(request.GET.dict())
    words = view_words(narrow.view)
    return {"query": urlencode(narrow.wanted), "list_address": list_address(narrow), "list_words": words}


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
        "pinned": next((one.product_version_id for one in cycles if one.number == found.cycle), None),
        "satisfaction": present.satisfaction(cycles),
        "resolutions": present.resolutions(cycles),
        "others": linking.others_of(found),
        "called": escalated([found.ref])[found.ref],
        "filed": present.filed(intake),
        "is_unknown": present.is_unknown(found, intake, changes),
        "checklist": present.checklist(intake, row.version_id),
        "report": present.report_lines(report(found, intake, said, files, row.version_id)) if row.version_id else [],
        "row": row,
        "snoozed": present.moment(found.snoozed_until, row.zone, now) if found.snoozed_until else "",
        "opener_role": present.role_words(str(people[found.opened_by_id].role)) if found.opened_by_id in people else "",
        "opener": people.get(found.opened_by_id or 0),
        "people": members,
        "clocks": present.clock_cards(found, clocks, explain.explain_all(clocks, now), now),
        "messages_said": said,
        "entries": present.entries(conversation, people, worklist.undelivered(found), row.zone, now, files),
        "many_entries": len(conversation),
    }
