"""Acts on several cases of the list at once, and taking back what was done last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from roomdesk.cases.changing import Change
from roomdesk.cases.many import Done, do_change_many, do_take_back
from roomdesk.cases.together import Hands
from roomdesk.directory.errors import Invalid
from roomdesk.refusals import DeskError
from roomdesk.web.console import undo
from roomdesk.web.console.act_forms import HOURS
from roomdesk.web.console.guard import Reader, staff_only
from roomdesk.web.console.present import plain


@require_POST
@staff_only
def bulk(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Does `act` to all `refs`, each by itself, and says what was done and what was not, with a way back."""
    given = {name: str(request.POST.get(name, "")).replace("\0", "").strip() for name in request.POST}
    refs = [ref.replace("\0", "") for ref in request.POST.getlist("refs")]
    try:
        change, words = _wanted(reader, given)
        done = do_change_many(hands_of(reader), refs, change)
    except DeskError as error:
        messages.error(request, str(error))
    else:
        _tell(request, done, words)
        undo.keep(request, done.steps, f"{_these(done)} {words}.", reader.now)
    return _back(request)


@require_POST
@staff_only
def take_back(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Takes back what this person did last, where nobody has changed it since."""
    found = undo.kept(request, reader.now)
    if found is None:
        messages.error(request, "There is nothing to take back any more; that goes for ten minutes.")
        return _back(request)
    undo.forget(request)
    done = do_take_back(hands_of(reader), found["steps"])
    _tell(request, done, "taken back to what was before")
    return _back(request)


def hands_of(reader: Reader) -> Hands:
    return Hands(reader.viewer, reader.viewer.name, reader.actor, reader.now)


def _wanted(reader: Reader, given: dict[str, str]) -> tuple[Change, str]:
    """What the pressed button wants, and what is said of it afterwards."""
    match given.get("act"):
        case "take":
            return Change(assignee=reader.viewer.name), "assigned to you"
        case "assign":
            name = given.get("assignee", "")
            return Change(assignee=name or None), f"assigned to {name or 'nobody'}"
        case "severity":
            severity = given.get("severity", "")
            if not severity:
                raise Invalid("Choose a severity.", field="severity")
            return Change(severity=severity, reason=given.get("reason", "")), f"set to {plain(severity)}"
        case "snooze":
            hours = given.get("hours", "")
            if hours not in dict(HOURS):
                raise Invalid("Choose for how long.", field="hours")
            return Change(snoozed_until=reader.now + timedelta(hours=int(hours))), f"snoozed for {dict(HOURS)[hours]}"
    raise Invalid("This page has no such button; load it again.", field="act")


def _tell(request: HttpRequest, done: Done, words: str) -> None:
    if done.refs:
        messages.success(request, f"{_these(done)} {words}.")
    elif not done.refused:
        messages.info(request, "They are so already; nothing was changed.")
    for _, sentence in done.refused:
        messages.error(request, sentence.replace("`", ""))


def _these(done: Done) -> str:
    refs = done.refs
    return f"{refs[0]} was" if len(refs) == 1 else f"{len(refs)} cases were"


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page where the button was, which must be one of ours."""
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/console/")
    return HttpResponseRedirect(back if is_ours else reverse("console:cases"))


def context_of(request: HttpRequest, reader: Reader) -> dict[str, Any]:
    """What a page needs to offer the way back."""
    found = undo.kept(request, reader.now)
    return {"undo": found["words"] if found else "", "back": request.get_full_path()}
