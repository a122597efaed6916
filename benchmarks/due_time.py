"""Due times per second, one call each, beside well-known libraries on the same cases in the same run.

    python3 -m venv .venv-peers
    .venv-peers/bin/pip install --only-binary :all: --require-hashes -r benchmarks/peers/requirements.lock
    python -m benchmarks.due_time

The rules need nothing but tzdata, so the whole run takes place in `.venv-peers` when that is there; otherwise only our own
times are measured. Ours and theirs are measured in turns, and the best of all turns counts. Aim of issue 4: at least
15, 60 and 500 times businesstimedelta for 4 hours, 5 days and 60 days.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from roomdesk.rules.due_time import Pause, consumed, due, warn_times
from roomdesk.rules.targets import Target
from roomdesk.rules.working_time import CompiledCalendar, compile_calendar, parse_calendar

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".venv-peers/bin/python"
WITH = PEERS if PEERS.exists() else Path(sys.executable)
if __name__ == "__main__" and (Path(sys.executable) != WITH or not __package__):
    os.chdir(ROOT)
    os.execv(WITH, [str(WITH), "-m", "benchmarks.due_time"])

from benchmarks.peers import libraries  # noqa: E402 - it is looked up where the peers are installed

NINE_TO_SIX = [["09:00", "18:00"]]
WEEK = {day: NINE_TO_SIX for day in ("mon", "tue", "wed", "thu", "fri")}
HOLIDAYS = (
    "2026-01-01",
    "2026-03-03",
    "2026-04-10",
    "2026-04-13",
    "2026-05-01",
    "2026-05-06",
    "2026-05-25",
    "2030-01-01",
)
STARTS = [datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=37 * n) for n in range(4_000)]
CASES = {
    "4 business hours": Target("business_hours", Fraction(4)),
    "45 business hours": Target("business_hours", Fraction(45)),
    "540 business hours": Target("business_hours", Fraction(540)),
    "5 business days": Target("business_days", Fraction(5)),
    "60 business days": Target("business_days", Fraction(60)),
    "4 hours elapsed": Target("elapsed", Fraction(4)),
}
TURNS = 15
Call = Callable[[datetime], Any]


def rate(call: Call, starts: Sequence[datetime]) -> float:
    """Calls per second over all starts."""
    began = time.perf_counter()
    for start in starts:
        call(start)
    return len(starts) / (time.perf_counter() - began)


def best_rates(calls: dict[str, Call]) -> dict[str, float]:
    """Best rate of each, measured in turns, so that a busy moment of the machine falls on all of them."""
    starts = {name: starts_for(call) for name, call in calls.items()}
    best = dict.fromkeys(calls, 0.0)
    for _ in range(TURNS):
        for name, call in calls.items():
            best[name] = max(best[name], rate(call, starts[name]))
    return best


def starts_for(call: Call) -> Sequence[datetime]:
    """As many of the starts, evenly spread, as take about a twentieth of a second."""
    affordable = max(1, rate(call, STARTS[::100]) / 20)
    return STARTS[:: max(1, round(len(STARTS) / affordable))]


def agreement(ours: Call, theirs: Call) -> str:
    """How many due times are the same."""
    starts = STARTS[::40]
    answers = [(ours(start), theirs(start)) for start in starts]
    if all(answer.tzinfo is None for _, answer in answers):
        return "tells dates only"
    return f"{sum(one == other for one, other in answers)} of {len(answers)}"


def compare(calendar: CompiledCalendar, holidays: Sequence[str]) -> None:
    """Every peer beside us, case by case; none of them knows pauses, so ours with one stands beside theirs without."""
    title = f"Beside others, {len(holidays)} holidays"
    print(f"\n{title:<39}{'ours':>10}{'theirs':>11}{'ratio':>8}{'ours with a pause':>20}{'ratio':>10}  same due time")
    for name, target in CASES.items():
        calls = own_calls(calendar, target)
        for peer, theirs in libraries.calls(target, holidays).items():
            best = best_rates({"ours": calls["due"], "paused": calls["due, 1 pause"], "theirs": theirs})
            plain, paused = best["ours"] / best["theirs"], best["paused"] / best["theirs"]
            print(
                f"{name:<20}{peer:<19}{best['ours']:>10,.0f}{best['theirs']:>11,.0f}{plain:>7,.0f}x"
                f"{best['paused']:>20,.0f}{paused:>9,.1f}x  {agreement(calls['due'], theirs)}",
                flush=True,
            )


def pausing(count: int) -> Callable[[datetime], list[Pause]]:
    """So many pauses of half an hour, one each two hours, from one hour after the start on."""
    hour = timedelta(hours=1)
    return lambda start: [(start + (1 + 2 * n) * hour, start + (1.5 + 2 * n) * hour) for n in range(count)]


def own_calls(calendar: CompiledCalendar, target: Target) -> dict[str, Call]:
    """What the desk asks for every clock."""
    once, thrice = ({start: pausing(count)(start) for start in STARTS} for count in (1, 3))
    later = {start: start + timedelta(days=3) for start in STARTS}
    return {
        "due": partial(due, calendar, target),
        "due, 1 pause": lambda start: due(calendar, target, start, once[start]),
        "due, 3 pauses": lambda start: due(calendar, target, start, thrice[start]),
        "3 warnings": partial(warn_times, calendar, target),
        "consumed": lambda start: consumed(calendar, target, start, (), later[start]),
    }


def alone(calendar: CompiledCalendar) -> None:
    """Our own calls, with and without pauses; in brackets, how often a due time without pause fits into one."""
    print(f"{'Our calls per second':<20}" + "".join(f"{name:>19}" for name in own_calls(calendar, Target("none"))))
    for name, target in CASES.items():
        best = best_rates(own_calls(calendar, target))
        columns = [f"{value:,.0f} ({best['due'] / value:.1f})" for value in best.values()]
        print(f"{name:<20}" + "".join(f"{column:>19}" for column in columns), flush=True)


def calendar_with(holidays: Sequence[str]) -> CompiledCalendar:
    return compile_calendar(parse_calendar({"timezone": "Europe/Sofia", "week": WEEK, "holidays": list(holidays)}))


def main() -> None:
    print(f"Load of the machine: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores.")
    alone(calendar_with(HOLIDAYS))
    for sentence in libraries.missing():
        print(sentence)
    for holidays in ((), HOLIDAYS):
        compare(calendar_with(holidays), holidays)


if __name__ == "__main__":
    main()
