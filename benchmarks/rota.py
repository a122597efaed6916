"""A year of a rota, computed: who is on call when, the gaps and the double bookings. Run: `python -m benchmarks.rota`.

The rota is a large one: follow-the-sun in three zones, nights and weekends, a second line, a swap a week, leave of everybody, and a
need outside the office's hours. Beside it, in the same run, the least that any way of computing it must do: making its shifts, as
plain tuples, from times that are known already. Aim: a year under 50 ms.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from roomdesk.rules.calendars import parse_calendar
from roomdesk.rules.instants import exactly, since_epoch
from roomdesk.rules.rota import (
    Hours,
    Layer,
    Leave,
    Override,
    Rota,
    double_bookings,
    gaps,
    next_hand_over,
    on_call,
    shifts,
)

TURNS = 15
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
PEOPLE = tuple(f"person-{number}" for number in range(12))


def hours(zone: str, *, outside: bool = False) -> Hours:
    return Hours(parse_calendar({"timezone": zone, "week": WEEK, "holidays": ["2026-01-01", "2026-12-25"]}), outside)


def layer(name: str, level: int, first: int, zone: str, length: timedelta, when: Hours | None) -> Layer:
    return Layer(name, level, PEOPLE[first : first + 3], zone, date(2025, 1, 6), 9 * 60, length, when)


def rota() -> Rota:
    week, day = timedelta(days=7), timedelta(days=1)
    layers = (
        layer("sofia", 1, 0, "Europe/Sofia", week, hours("Europe/Sofia")),
        layer("new-york", 1, 3, "America/New_York", week, hours("America/New_York")),
        layer("sydney", 1, 6, "Australia/Sydney", week, hours("Australia/Sydney")),
        layer("nights", 1, 9, "Europe/Sofia", day, hours("Europe/Sofia", outside=True)),
        layer("second", 2, 0, "Europe/Sofia", week, None),
    )
    monday = datetime(2026, 1, 5, 20, tzinfo=UTC)
    swaps = tuple(
        Override("nights", PEOPLE[number % 12], monday + timedelta(days=7 * number), monday + timedelta(days=7 * number, hours=10))
        for number in range(52)
    )  # fmt: skip
    leave = tuple(
        Leave(person, monday + timedelta(days=21 * number), monday + timedelta(days=21 * number + 14))
        for number, person in enumerate(PEOPLE)
    )
    return Rota(layers, swaps, leave, hours("Europe/Sofia", outside=True))


def best(call: Callable[[], Any]) -> float:
    """Milliseconds of the fastest of all turns."""
    taken = []
    for _ in range(TURNS):
        begun = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begun) * 1000)
    return min(taken)


def main() -> None:
    one = rota()
    found = shifts(one, BEGIN, END)
    known = [(since_epoch(shift.start), since_epoch(shift.end), shift.person) for shift in found]
    least = best(lambda: [(exactly(start), exactly(end), person) for start, end, person in known])
    year = best(lambda: shifts(one, BEGIN, END))
    print(
        f"a year of {len(found)} shifts in {len(one.layers)} layers: {year:.1f} ms (aim: under 50), {year / least:.0f} times the least"
    )
    print(f"its gaps: {best(lambda: gaps(one, BEGIN, END)):.1f} ms ({len(gaps(one, BEGIN, END))})")
    print(
        f"its double bookings: {best(lambda: double_bookings(one, BEGIN, END)):.1f} ms ({len(double_bookings(one, BEGIN, END))})"
    )
    print(
        f"who is on call now: {best(lambda: on_call(one, BEGIN)):.2f} ms; next hand-over: {best(lambda: next_hand_over(one, BEGIN)):.2f} ms"
    )


if __name__ == "__main__":
    main()
