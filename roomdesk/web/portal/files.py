"""Files of the workspace's conversation: the list, and each to be saved (R09)."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from roomdesk.cases.files import access_file
from roomdesk.cases.for_customers import access_files
from roomdesk.web.inert import inert
from roomdesk.web.portal.guard import Visitor, customer_only, frame
from roomdesk.web.portal.lines import author_of
from roomdesk.web.portal.words import told_at


@require_safe
@customer_only
def files(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """What people attached, the newest first."""
    after = request.GET.get("after", "")
    found = access_files(visitor.customer.viewer, visitor.customer.workspace, after=after)
    address = reverse("portal:files", args=[visitor.slug])
    context = {
        **frame(visitor),
        "is_files": True,
        "address": address,
        "items": [(file, author_of(said), said, told_at(said.at, visitor)) for file, said in found.items],
        "is_later_page": bool(after),
        "next": f"{address}?{urlencode({'after': found.next})}" if found.next else "",
    }
    return render(request, "portal/files.html", context)


@require_safe
@customer_only
def file(request: HttpRequest, visitor: Visitor, number: int) -> HttpResponseBase:
    """The kept copy, as an attachment that runs nothing."""
    return inert(access_file(number, visitor.customer.viewer))
