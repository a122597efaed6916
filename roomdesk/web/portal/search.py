"""Search of what was said in the visitor's own workspace; a hit leads to its request (R08)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from roomdesk.record.models import Message
from roomdesk.web import record_search
from roomdesk.web.portal.guard import Visitor, customer_only, frame
from roomdesk.web.portal.words import told_at


@require_safe
@customer_only
def search(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The search with its hits; who may not read the room is told so."""

    def place(message: Message) -> tuple[str, str, tuple[str, str]]:
        case = message.case
        where = reverse("portal:case", args=[visitor.slug, case.ref]) + f"#m-{message.pk}" if case else ""
        return case.ref if case else "", where, told_at(message.at, visitor)

    customer = visitor.customer
    around, viewer = frame(visitor), customer.viewer if customer.may_read else None
    address = reverse("portal:search", args=[visitor.slug])
    found, status = record_search.context_of(request, viewer, customer.workspace, visitor.now, address, place)
    return render(request, "portal/search.html", {**around, **found}, status=status)
