"""The page Filing, for the support lead: how well the desk files by itself, and what it has put away without a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from roomdesk.product.queries import newest, product_of
from roomdesk.product.services import known
from roomdesk.record.models import Message
from roomdesk.refusals import Forbidden
from roomdesk.reports import filing, unplaced
from roomdesk.web.console.clock_words import moment
from roomdesk.web.console.guard import Reader, frame, staff_only


@dataclass(frozen=True, slots=True)
class Put:
    """A message that belongs to no case, as it is drawn."""

    author: str
    workspace: str
    at: str
    text: str | None
    why: str


@require_GET
@staff_only
def page(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The rates of the last months, and the messages, the newest first."""
    if not reader.is_lead:
        raise Forbidden("This page is for leads and administrators.")
    product, reason = (request.GET.get(name, "").replace("\0", "") or None for name in ("product", "reason"))
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    lines = filing.filing(reader.viewer, reader.now, product=product)
    found = unplaced.unplaced(reader.viewer, product=product, reason=reason, before=number)
    chosen = {"product": product or "", "reason": reason or ""}
    context = {
        **frame(reader),
        "is_filing": True,
        "lines": lines,
        "messages": _drawn(found.items, reader),
        "reasons": [(code, words, code == reason) for code, words in unplaced.REASONS.items() if code],
        "products": [slug for slug in known() if reader.viewer.sees_all or slug in reader.viewer.products],
        "product": product,
        "next": _address({**chosen, "before": found.next}) if found.next else "",
    }
    return render(request, "console/filing.html", context)


def _address(wanted: Mapping[str, Any]) -> str:
    return f"{reverse('console:filing')}?{urlencode({name: value for name, value in wanted.items() if value})}"


def _drawn(found: Sequence[Message], reader: Reader) -> list[Put]:
    versions = newest({message.workspace.product for message in found})
    zones = {slug: product_of(version.pk).office.timezone for slug, version in versions.items()}
    return [
        Put(
            author=message.author.name if message.author else message.author_ref,
            workspace=message.workspace.display_name,
            at=moment(message.at, zones.get(message.workspace.product, "UTC"), reader.now),
            text=unplaced.shown(message)["text"],
            why=message.why or unplaced.REASONS.get(message.why_code, unplaced.REASONS[""]),
        )
        for message in found
    ]
