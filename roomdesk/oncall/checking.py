"""What a rota that is only written yet would mean: shifts, gaps and double bookings. Nothing is stored (R40)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from roomdesk.directory.errors import Invalid
from roomdesk.product import services as products
from roomdesk.rules import rota as rules
from roomdesk.rules.calendars import parse_calendar
from roomdesk.rules.errors import RuleError
from roomdesk.rules.rota import Rota, Shift
from roomdesk.rules.rota_file import parse_rota

#: Longer ranges are asked for in parts.
LONGEST_DAYS = 366


def do_check(*, product: str, written: object, begin: datetime, days: int) -> dict[str, Any]:
    """Shifts, gaps and double bookings of `days` days from `begin`, by the calendars of the product's newest version.

    NotFound for an unknown product; Invalid for what is wrong in the rota (with its field) or in the range.
    """
    rota = read_rota(product, written)
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"days must be from 1 to {LONGEST_DAYS}, not {days}.", field="days")
    end = begin + timedelta(days=days)
    return {
        "begin": begin,
        "end": end,
        "shifts": [shown(one) for one in rules.shifts(rota, begin, end)],
        "gaps": [{"start": start, "end": stop} for start, stop in rules.gaps(rota, begin, end)],
        "double_bookings": [_both(one, other) for one, other in rules.double_bookings(rota, begin, end)],
    }


def do_who(*, product: str, written: object, at: datetime) -> dict[str, Any]:
    """Who would be on call at an instant, in the order in which they are called, and when that changes. Refusals as above."""
    rota = read_rota(product, written)
    return {
        "at": at,
        "on_call": [shown(one) for one in rules.on_call(rota, at)],
        "next_hand_over": rules.next_hand_over(rota, at),
    }


def shown(shift: Shift) -> dict[str, Any]:
    """A shift for REST and `--json`; what is empty is left out."""
    found: dict[str, Any] = {"level": shift.level, "layer": shift.layer, "person": shift.person}
    found |= {"start": shift.start, "end": shift.end}
    if shift.is_override:
        found |= {"override": True, "reason": shift.reason}
    if shift.stands_in_for:
        found |= {"stands_in_for": shift.stands_in_for}
    return found


def _both(one: Shift, other: Shift) -> dict[str, Any]:
    return {"person": one.person, "layers": [one.layer, other.layer], "start": one.start, "end": one.end}


def read_rota(product: str, written: object) -> Rota:
    """A written rota by the calendars of the product's newest version. Refusals as `do_check`."""
    found = products.product_of(products.current(product)).calendars
    calendars = {name: parse_calendar(calendar.as_plain()) for name, calendar in found.items()}
    try:
        return parse_rota(written, calendars)
    except RuleError as error:
        raise Invalid(str(error), field="rota") from error
