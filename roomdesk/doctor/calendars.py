"""Days off are dates that were looked up when a product was loaded (D38): one day they run out."""

from __future__ import annotations

from datetime import timedelta

from roomdesk.doctor.findings import Finding, ok, problem, warning
from roomdesk.product.services import current_all, product_of
from roomdesk.runtime import clock

#: A due time of the longest usual target lies within it.
AHEAD = timedelta(days=180)


def holidays() -> Finding:
    """Every calendar with days off must know them for the months to come."""
    ends = [
        (calendar.known_to, f"{name} of {version.slug}")
        for version in current_all()
        for name, calendar in product_of(version).calendars.items()
        if calendar.known_to is not None
    ]
    now = clock.now()
    short = [(year, whose) for year, whose in ends if (now + AHEAD).year > year]
    if not short:
        return ok("holidays", "All calendars know their days off for the months to come.")
    year, whose = min(short)
    kind = problem if now.year > year else warning
    return kind(
        "holidays",
        f"The calendar {whose} knows days off only to the end of {year}; later dates count as working days.",
        "Raise its `to_year` in policy.toml and run `roomdesk product load` again; `roomdesk sla retarget` corrects running clocks.",
    )
