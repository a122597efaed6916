"""Who looks at the console's pages, and what stands on every one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from roomdesk.cases import marks, questions, worklist
from roomdesk.clocks import queries as clocks
from roomdesk.directory.models import Person, StaffRole
from roomdesk.directory.queries import viewer_of_person
from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from roomdesk.web.console.nav import menu
from roomdesk.web.console.reader import RESTRICTED, Reader
from roomdesk.web.live.scopes import Scope, followed
from roomdesk.web.portal.refusals import told

__all__ = ["RESTRICTED", "Reader", "frame", "staff_only"]

View = Callable[..., HttpResponseBase]
#: What pages follow that are about no single case.
INBOX = Scope("inbox")
#: Over the sentence of a refusal, by its status.
_HEADS = {403: _("Not for you"), 404: _("Not found")}


def staff_only(view: View) -> View:
    """Signs people in; to somebody who is no staff these pages do not exist. The view gets the reader."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, **named: Any) -> HttpResponseBase:
        reader = _reader(request)
        try:
            return view(request, reader, **named)
        except DeskError as error:
            head = _HEADS.get(error.status, _("This cannot be shown"))
            context = {**frame(reader), "head": head, "sentence": told(error)}
            return render(request, "console/missing.html", context, status=error.status)

    return guarded


def _reader(request: HttpRequest) -> Reader:
    person, now = request.user, clock.now()
    assert isinstance(person, Person)
    viewer = viewer_of_person(person, now)
    if viewer.kind != "staff":
        raise Http404
    roles = viewer.roles
    is_administrator = StaffRole.Role.ADMINISTRATOR in roles
    is_lead = is_administrator or StaffRole.Role.LEAD in roles
    is_auditor = is_administrator or bool({StaffRole.Role.AUDITOR, StaffRole.Role.SECURITY} & roles)
    return Reader(person, viewer, now, viewer.security, is_administrator, is_lead, is_auditor)


def frame(reader: Reader, follows: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What every page needs: what it follows (the inbox, where nothing else is given), the time, P0s that nobody has answered,
    and how much asks for attention. To be asked before the page reads anything else.
    """
    live = followed(INBOX, marks.of_inbox(reader.viewer)) if follows is None else follows
    asked = questions.access_questions(reader.viewer).filter(answered_at=None).count()
    told = clocks.unseen_count(reader.viewer, reader.person, reader.now)
    urgent = [(case, reader.title(case)) for case in worklist.open_p0(reader.viewer)]
    return {**live, "now": reader.now, "p0": urgent, "attention": asked + told, "menu": menu(reader)}
