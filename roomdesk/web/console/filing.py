"""The page Filing, for the support lead: how well the desk files by itself, and what it has put away without a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from roomdesk.product.schema import Product
from roomdesk.record.models import Message
from roomdesk.refusals import Forbidden
from roomdesk.reports import filing, unplaced
from roomdesk.web.console.clock_words import moment
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.own import own_products
from roomdesk.web.portal.refusals import told


@dataclass(frozen=True, slots=True)
class Put:
    """A message that belongs to no case, as it is drawn; `address` is the room's, where it was said in one."""

    author: str
    workspace: str
    address: str
    at: str
    text: str | None
    why: str


@require_GET
@staff_only
def page(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The rates of the last months, and the messages, the newest first."""
    if not reader.is_lead:
        raise Forbidden(_("This page is for leads and administrators."))
    product, reason = (request.GET.get(name, "").replace("\0", "") or None for name in ("product", "reason"))
    before = request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    kinds = own_products(reader)
    lines = filing.filing(reader.viewer, reader.now, product=product)
    found = unplaced.unplaced(reader.viewer, product=product, reason=reason, before=number)
    chosen = {"product": product or "", "reason": reason or ""}
    context = {
        **frame(reader),
        "lines": [(_month(line.month), kinds[line.product].name, line) for line in lines],
        "unplaced": _drawn(found.items, kinds, reader),
        "reasons": [(code, told(words), code == reason) for code, words in unplaced.REASONS.items() if code],
        "products": [(slug, one.name) for slug, one in kinds.items()],
        "product": product,
        "is_narrowed": bool(product or reason or number),
        "is_later": number is not None,
        "first": _address(chosen),
        "next": _address({**chosen, "before": found.next}) if found.next else "",
    }
    return render(request, "console/filing.html", context)


def _address(wanted: Mapping[str, Any]) -> str:
    given = urlencode({name: value for name, value in wanted.items() if value})
    return reverse("console:filing") + (f"?{given}" if given else "")


def _month(month: str) -> str:
    year, number = month.split("-")
    return date_format(date(int(year), int(number), 1), "F Y")


def _drawn(found: Sequence[Message], products: Mapping[str, Product], reader: Reader) -> list[Put]:
    zones = {slug: one.office.timezone for slug, one in products.items()}
    return [
        Put(
            author=message.author.name if message.author else message.author_ref,
            workspace=message.workspace.display_name,
            address=reverse("chat:room", args=[message.workspace.slug]) if message.channel == "matrix" else "",
            at=moment(message.at, zones.get(message.workspace.product, "UTC"), reader.now),
            text=unplaced.shown(message)["text"],
            why=told(message.why or unplaced.REASONS.get(message.why_code, unplaced.REASONS[""])),
        )
        for message in found
    ]
