"""The customer's page of what we ask their consent for: read by who may read the room, answered after a fresh sign-in (R34, D42)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from roomdesk.cases.models import Case
from roomdesk.consent import on_the_page, queries
from roomdesk.consent.models import Request
from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from roomdesk.web.identity.again import fresh_sign_in
from roomdesk.web.portal.guard import Visitor, customer_only, frame
from roomdesk.web.portal.refusals import told
from roomdesk.web.portal.words import role_words, told_at

STATES: dict[str, str | Promise] = {
    "open": _("Waits for an answer"),
    "granted": _("Agreed"),
    "refused": _("Refused"),
    "withdrawn": _("Withdrawn"),
    "expired": _("Expired"),
    "used": _("Done once, as agreed"),
}


@require_safe
@customer_only
def consents(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Everything that was asked, the newest first."""
    page = queries.page_of_consents(
        visitor.customer.viewer, workspace=visitor.slug, before=request.GET.get("before") or None
    )
    context = {**frame(visitor), "is_consents": True, "rows": _rows(page.requests, visitor), "next": page.next}
    return render(request, "portal/consents.html", context)


def _rows(requests: Sequence[Request], visitor: Visitor) -> list[tuple[Any, ...]]:
    """Each with its state in words, and when it was asked."""
    return [(one, STATES[one.state], *told_at(one.asked_at, visitor)) for one in requests]


def about_case(found: Case, visitor: Visitor) -> list[tuple[Any, ...]]:
    """What was asked about a request of theirs, for its page."""
    page = queries.page_of_consents(visitor.customer.viewer, workspace=visitor.slug, case=found.ref)
    return _rows(page.requests, visitor)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_only
def consent(request: HttpRequest, visitor: Visitor, ref: str) -> HttpResponse:
    """One question; POST agrees (`text`), refuses (`no`), or leads to the fresh sign-in that agreeing needs."""
    found = on_the_page.access_on_page(visitor.customer, ref)
    if request.method != "POST":
        return _page(request, visitor, found)
    try:
        if "no" in request.POST:
            on_the_page.do_refuse(visitor.customer, ref, actor=visitor.actor, now=visitor.now)
        elif _fresh(request, visitor) is None:
            return _sign_in(visitor, ref)
        else:
            _agree(request, visitor, ref)
    except DeskError as error:
        return _page(request, visitor, found, problem=told(error), status=error.status)
    return HttpResponseRedirect(reverse("portal:consent", args=[visitor.slug, found.ref]))


def _agree(request: HttpRequest, visitor: Visitor, ref: str) -> None:
    text = request.POST.get("text", "")[:1000]
    session = {**(_fresh(request, visitor) or {}), **_browser(request)}
    on_the_page.do_agree(visitor.customer, ref, text, session=session, actor=visitor.actor, now=visitor.now)


def _sign_in(visitor: Visitor, ref: str) -> HttpResponse:
    back = reverse("portal:consent", args=[visitor.slug, ref])
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")


def _fresh(request: HttpRequest, visitor: Visitor) -> dict[str, Any] | None:
    """The newest sign-in of this session if it is fresh: how and when. None otherwise, and the desk is in doubt."""
    return fresh_sign_in(request, visitor.person, clock.to_outside(visitor.now).timestamp())


def _browser(request: HttpRequest) -> dict[str, Any]:
    """Which session it was, without what would let somebody into it."""
    key = (request.session.session_key or "").encode()
    return {
        "session_sha256": hashlib.sha256(key).hexdigest(),
        "address": request.META.get("REMOTE_ADDR", ""),
        "agent": request.headers.get("User-Agent", "")[:300],
    }


def _page(
    request: HttpRequest, visitor: Visitor, found: Request, *, problem: str = "", status: int = 200
) -> HttpResponse:
    until, until_title = told_at(found.expires_at, visitor)
    grants = queries.grants_of([found])[found.pk]
    is_waiting = found.state == "open" and visitor.now < found.expires_at
    context = {
        **frame(visitor),
        "is_consents": True,
        "consent": found,
        "state": STATES[found.state],
        # Drawn so that it is seen where it begins and ends.
        "phrase": format_html("<strong>{}</strong>", found.phrase),
        "until": until,
        "until_title": until_title,
        "action": json.dumps(json.loads(found.action), ensure_ascii=False, indent=2),
        "grants": [(one, role_words(one.role, is_staff=False), *told_at(one.at, visitor)) for one in grants],
        "is_waiting": is_waiting,
        "may_answer": on_the_page.may_answer(visitor.customer, found, visitor.now),
        "may_refuse": found.state in ("open", "granted"),
        "is_fresh": _fresh(request, visitor) is not None,
        "problem": problem,
    }
    return render(request, "portal/consent.html", context, status=status)
