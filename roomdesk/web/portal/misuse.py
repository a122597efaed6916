"""P0s of the workspace that staff recorded as none: what counts, until when, and where owner and admins appeal (R41)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from roomdesk.cases import misusing
from roomdesk.oncall import misuse
from roomdesk.oncall.models import Misuse
from roomdesk.web.portal.guard import Visitor, customer_only, frame
from roomdesk.web.portal.words import told_at


@require_http_methods(["GET", "HEAD", "POST"])
@customer_only
def page(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The entries; POST appeals against one."""
    if request.method == "POST":
        number, text = request.POST.get("number", ""), request.POST.get("text", "")
        misusing.do_appeal(
            visitor.customer.viewer,
            visitor.slug,
            int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else 0,
            text=text,
            author=visitor.person.slug,
            actor=visitor.actor,
            now=visitor.now,
        )
        return HttpResponseRedirect(reverse("portal:p0", args=[visitor.slug]))
    found = misusing.access_ledger(visitor.customer.viewer, visitor.slug)
    context = {
        **frame(visitor),
        "entries": [_entry(one, visitor) for one in found],
        "may_decide": visitor.customer.may_decide,
    }
    return render(request, "portal/p0.html", context)


def _entry(one: Misuse, visitor: Visitor) -> dict[str, Any]:
    (shown,) = misuse.shown([one], visitor.now)
    may_appeal = shown["counts"] and one.appealed_at is None
    return {
        **shown,
        "since": told_at(one.at, visitor),
        "until": told_at(shown["until"], visitor),
        "may_appeal": may_appeal,
    }
