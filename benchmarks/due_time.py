"""Due times per second, one call each, at several lengths. Run: `python -m benchmarks.due_time` (no other part is needed).

The aim of issue 4 is a rate that does not fall with the length of the target.
"""

import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from roomdesk.rules.due_time import Pause, Target, due
from roomdesk.rules.working_time import CompiledCalendar, compile_calendar, parse_calendar

NINE_TO_SIX = [["09:00", "18:00"]]
WEEK = {day: NINE_TO_SIX for day in ("mon", "tue", "wed", "thu", "fri")}
HOLIDAYS = ["2026-01-01", "2026-03-03", "2026-04-10", "2026-04-13", "2026-05-01", "2026-05-06", "2026-05-25"]
CASES = {
    "4 business hours": Target("business_hours", Fraction(4)),
    "45 business hours": Target("business_hours", Fraction(45)),
    "540 business hours": Target("business_hours", Fraction(540)),
    "5 business days": Target("business_days", Fraction(5)),
    "60 business days": Target("business_days", Fraction(60)),
    "4 hours elapsed": Target("elapsed", Fraction(4)),
}
STARTS = [datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=37 * n) for n in range(10_000)]


def rate(calendar: CompiledCalendar, target: Target, pauses: tuple[Pause, ...], rounds: int) -> float:
    """Best of `rounds` runs over all starts, in due times per second."""
    best = 0.0
    for _ in range(rounds):
        began = time.perf_counter()
        for start in STARTS:
            due(calendar, target, start, pauses)
        best = max(best, len(STARTS) / (time.perf_counter() - began))
    return best


def main() -> None:
    calendar = compile_calendar(parse_calendar({"timezone": "Europe/Sofia", "week": WEEK, "holidays": HOLIDAYS}))
    waiting = ((STARTS[-1], STARTS[-1] + timedelta(days=2)),)
    print(f"{'target':<22}{'no pause, per second':>22}{'one pause, per second':>24}")
    for name, target in CASES.items():
        print(f"{name:<22}{rate(calendar, target, (), 5):>22,.0f}{rate(calendar, target, waiting, 2):>24,.0f}")


if __name__ == "__main__":
    main()
