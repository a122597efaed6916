"""Who is on call, by the rotas that are stored: for REST, command line and pages (R40)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from roomdesk.directory.errors import Invalid
from roomdesk.directory.queries import Viewer
from roomdesk.oncall import importing, rotas
from roomdesk.oncall.checking import LONGEST_DAYS, shown
from roomdesk.oncall.models import Rota, Swap
from roomdesk.product.queries import newest, product_of
from roomdesk.rules import rota as rules


def who(viewer: Viewer, at: datetime, product: str | None = None) -> dict[str, Any]:
    """Who is on call at an instant, for one product or all of the viewer's that have a rota, and when that changes."""
    if product is not None:
        found = [rotas.access_rota(viewer, product)]
    else:
        rows = Rota.objects.order_by("product")
        found = [one for one in rows if viewer.sees_all or one.product in viewer.products]
    return {"at": at, "items": [_who(rota, at) for rota in found]}


def _who(rota: Rota, at: datetime) -> dict[str, Any]:
    meant = rotas.rota_of(rota)
    return {
        "product": rota.product,
        "on_call": [shown(one) for one in rules.on_call(meant, at)],
        "next_hand_over": rules.next_hand_over(meant, at),
        "source": rota.source,
        "imported": importing.shown(rota, rota.product),
    }


def ahead(viewer: Viewer, product: str, begin: datetime, days: int) -> dict[str, Any]:
    """Shifts, gaps and double bookings of the stored rota in `days` days from `begin`. Invalid for a range that is none."""
    rota = rotas.access_rota(viewer, product)
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"days must be from 1 to {LONGEST_DAYS}, not {days}.", field="days")
    return found_in(rota, begin, days)


def found_in(rota: Rota, begin: datetime, days: int) -> dict[str, Any]:
    end, meant = begin + timedelta(days=days), rotas.rota_of(rota)
    doubles = rules.double_bookings(meant, begin, end)
    return {
        "product": rota.product,
        "begin": begin,
        "end": end,
        "shifts": [shown(one) for one in rules.shifts(meant, begin, end)],
        "gaps": [{"start": start, "end": stop} for start, stop in rules.gaps(meant, begin, end)],
        "double_bookings": [
            {"person": a.person, "layers": [a.layer, b.layer], "start": a.start, "end": a.end} for a, b in doubles
        ],
    }


def notice_days(product: str) -> int:
    """How many days before it a gap is told."""
    return product_of(newest([product])[product].pk).oncall.gap_notice_days


def whole(rota: Rota) -> dict[str, Any]:
    """The rota as it is written, with its swaps to come."""
    return {
        "product": rota.product,
        "version": rota.version,
        "changed_at": rota.changed_at,
        "changed_by": rota.changed_by,
        "source": rota.source,
        "imported": importing.shown(rota, rota.product),
        "written": rota.written,
        "swaps": [swap(one) for one in rota.swaps.filter(ended_at=None).order_by("start", "pk")],
    }


def swap(one: Swap) -> dict[str, Any]:
    names = ("layer", "person", "start", "end", "reason", "made_at", "made_by", "ended_at", "ended_by")
    return {"id": one.pk, **{name: getattr(one, name) or None for name in names}}
