"""Acts on several cases of the list at once, and taking back what was done last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
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
from roomdesk.web.portal.refusals import told

#: What is said of one case, and of many.
Words = Any
_TAKEN = ngettext_lazy("%(ref)s was assigned to you.", "%(many)s cases were assigned to you.", "many")
_ASSIGNED = ngettext_lazy("%(ref)s was assigned to %(name)s.", "%(many)s cases were assigned to %(name)s.", "many")
_SET = ngettext_lazy("%(ref)s was set to %(severity)s.", "%(many)s cases were set to %(severity)s.", "many")
_SNOOZED = ngettext_lazy("%(ref)s was snoozed for %(span)s.", "%(many)s cases were snoozed for %(span)s.", "many")
_TAKEN_BACK = ngettext_lazy(
    "%(ref)s was taken back to what was before.", "%(many)s cases were taken back to what was before.", "many"
)


@require_POST
@staff_only
def bulk(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Does `act` to all `refs`, each by itself, and says what was done and what was not, with a way back."""
    given = {name: str(request.POST.get(name, "")).replace("\0", "").strip() for name in request.POST}
    refs = [ref.replace("\0", "") for ref in request.POST.getlist("refs")]
    try:
        change, words, names = _wanted(reader, given)
        done = do_change_many(hands_of(reader), refs, change)
    except DeskError as error:
        messages.error(request, told(error))
    else:
        _tell(request, done, words, names)
        undo.keep(request, done.steps, _said(done, words, names), reader.now)
    return _back(request)


@require_POST
@staff_only
def take_back(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Takes back what this person did last, where nobody has changed it since."""
    found = undo.kept(request, reader.now)
    if found is None:
        messages.error(request, _("There is nothing to take back any more; that goes for ten minutes."))
        return _back(request)
    undo.forget(request)
    done = do_take_back(hands_of(reader), found["steps"])
    _tell(request, done, _TAKEN_BACK, {})
    return _back(request)


def hands_of(reader: Reader) -> Hands:
    return Hands(reader.viewer, reader.viewer.name, reader.actor, reader.now)


def _wanted(reader: Reader, given: dict[str, str]) -> tuple[Change, Words, dict[str, Any]]:
    """What the pressed button wants, what is said of it afterwards, and what is filled in there."""
    match given.get("act"):
        case "take":
            return Change(assignee=reader.viewer.name), _TAKEN, {}
        case "assign":
            name = given.get("assignee", "")
            return Change(assignee=name or None), _ASSIGNED, {"name": name or _("nobody")}
        case "severity":
            severity = given.get("severity", "")
            if not severity:
                raise Invalid(_("Choose a severity."), field="severity")
            return Change(severity=severity, reason=given.get("reason", "")), _SET, {"severity": plain(severity)}
        case "snooze":
            hours = given.get("hours", "")
            if hours not in dict(HOURS):
                raise Invalid(_("Choose for how long."), field="hours")
            until = reader.now + timedelta(hours=int(hours))
            return Change(snoozed_until=until), _SNOOZED, {"span": dict(HOURS)[hours]}
    raise Invalid(_("This page has no such button; load it again."), field="act")


def _tell(request: HttpRequest, done: Done, words: Words, names: dict[str, Any]) -> None:
    if done.refs:
        messages.success(request, _said(done, words, names))
    elif not done.refused:
        messages.info(request, _("They are so already; nothing was changed."))
    for _ref, sentence in done.refused:
        messages.error(request, told(sentence))


def _said(done: Done, words: Words, names: dict[str, Any]) -> str:
    """What was done to which cases: one is called by its reference, several by their number."""
    return str(words % {**names, "ref": next(iter(done.refs), ""), "many": len(done.refs)})


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page where the button was, which must be one of ours."""
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/console/")
    return HttpResponseRedirect(back if is_ours else reverse("console:cases"))


def context_of(request: HttpRequest, reader: Reader) -> dict[str, Any]:
    """What a page needs to offer the way back."""
    found = undo.kept(request, reader.now)
    return {"undo": found["words"] if found else "", "back": request.get_full_path()}
