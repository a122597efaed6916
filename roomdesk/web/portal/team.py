"""The team page: who belongs to the workspace, who has access to the room, and who asks for it (R03, D7)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from roomdesk.directory.customers import access_requests, newest_request
from roomdesk.directory.models import Membership
from roomdesk.directory.queries import people_of
from roomdesk.directory.services import access as services
from roomdesk.refusals import DeskError, Invalid
from roomdesk.rules.room_access import is_admitted
from roomdesk.web.portal.guard import Visitor, customer_only, frame
from roomdesk.web.portal.refusals import told
from roomdesk.web.portal.words import role_words, told_at

_OUTCOMES = {"approve": "approved", "decline": "declined"}
OUTCOMES = {"approved": _("let in"), "declined": _("declined"), "withdrawn": _("withdrawn"), "ended": _("left")}
#: Decided requests that the page tells of.
_DECIDED = 5


@require_http_methods(["GET", "HEAD", "POST"])
@customer_only
def team(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """GET: the team. POST: `approve` or `decline` a request, or switch `on` or `off` the access of a member.

    What is done twice is done once; a refusal is said on the page, and nothing was changed.
    """
    if request.method != "POST":
        return _page(request, visitor)
    try:
        _act(request, visitor)
    except DeskError as error:
        return _page(request, visitor, problem=told(error), status=error.status)
    return HttpResponseRedirect(f"{reverse('portal:team', args=[visitor.slug])}#people")


def _act(request: HttpRequest, visitor: Visitor) -> None:
    given = request.POST
    common: dict[str, Any] = {"workspace": visitor.slug, "by": visitor.person.slug, "actor": visitor.actor}
    for name, outcome in _OUTCOMES.items():
        if name in given:
            services.do_decide(request=_number(given[name]), decision=outcome, now=visitor.now, **common)
            return
    for name in ("on", "off"):
        if name in given:
            services.do_switch(person=given[name], access=name == "on", now=visitor.now, **common)
            return
    raise Invalid("The form says neither whom to let in nor whose request to decide.")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _page(request: HttpRequest, visitor: Visitor, problem: str = "", status: int = 200) -> HttpResponse:
    workspace = visitor.customer.workspace
    requests = access_requests(workspace) if visitor.customer.may_decide else []
    waiting = [row for row in requests if row.decided_at is None]
    decided = [row for row in requests if row.decided_at is not None][:_DECIDED]
    people = people_of(workspace, visitor.now)
    names = {row.person.slug: row.person.name for row in people}
    context = {
        **frame(visitor),
        "is_team": True,
        "people": [_person(row, visitor) for row in people],
        "waiting": [(row, told_at(row.asked_at, visitor)) for row in waiting],
        "decided": [
            (row, OUTCOMES[row.outcome], names.get(row.decided_by, row.decided_by), told_at(row.decided_at, visitor))
            for row in decided
            if row.decided_at is not None
        ],
        "may_decide": visitor.customer.may_decide,
        "asked": None if visitor.customer.may_read else newest_request(visitor.customer),
        "problem": problem,
    }
    return render(request, "portal/team.html", context, status=status)


def _person(row: Membership, visitor: Visitor) -> dict[str, Any]:
    return {
        "person": row.person,
        "role": role_words(row.role, is_staff=False),
        "is_me": row.person_id == visitor.person.pk,
        "is_in": is_admitted(row.role, row.support_room_access),
        "is_member": row.role == Membership.Role.MEMBER,
    }


@require_POST
@customer_only
def access(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Asks for access, or takes the request back. Idempotent."""
    if "withdraw" in request.POST:
        _withdraw(visitor)
    else:
        services.do_ask(workspace=visitor.slug, person=visitor.person.slug, actor=visitor.actor, now=visitor.now)
    return HttpResponseRedirect(f"{reverse('portal:support', args=[visitor.slug])}#access")


def _withdraw(visitor: Visitor) -> None:
    found = newest_request(visitor.customer)
    if found is not None and found.decided_at is None:
        services.do_decide(
            workspace=visitor.slug,
            request=found.pk,
            decision="withdrawn",
            by=visitor.person.slug,
            actor=visitor.actor,
            now=visitor.now,
        )
