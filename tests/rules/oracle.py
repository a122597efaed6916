"""A slow, plain reading of sla/README for the tests. It shares no code with `roomdesk.rules`.

Time is a list of UTC minutes with the wall time that a clock on the wall shows. A wall time begins when the wall first
reaches it and ends when the wall last shows it (in a gap, which no wall shows: at the change).
"""

import functools
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS = 50


@functools.lru_cache(maxsize=64)
def wall(zone, base):
    """(first, last): minute of the wall → minute since `base` at which it is first reached, is last shown."""
    at, place, step = datetime(base.year, base.month, base.day, tzinfo=UTC), ZoneInfo(zone), timedelta(minutes=1)
    shows = []
    for minute in range(DAYS * 1440):
        shows.append(minute + at.astimezone(place).utcoffset() // step)
        at += step
    first, last = {}, {}
    reached = shows[0]
    for minute, shown in enumerate(shows):
        while reached <= shown:
            first[reached] = minute
            reached += 1
    for minute, shown in enumerate(shows):
        last[shown] = minute
    for shown, minute in first.items():
        last.setdefault(shown, minute)
    return first, last


def working_runs(calendar, base):
    """[(date number, begin, end)] in seconds since `base`, each second once, for the earlier date where two claim it."""
    first, last = wall(calendar["timezone"], base)
    taken, runs = set(), []
    for number in range(2, DAYS - 2):
        day = base + timedelta(days=number)
        if day.isoformat() in calendar["holidays"]:
            continue
        for begin, end in calendar["week"].get(NAMES[day.weekday()], []):
            mine = range(first[number * 1440 + of(begin)], last[number * 1440 + of(end)])
            if mine and taken.isdisjoint(mine):
                runs.append((number, mine[0] * 60, mine[-1] * 60 + 60))
            else:
                runs += [(number, minute * 60, minute * 60 + 60) for minute in mine if minute not in taken]
            taken.update(mine)
    return runs


def of(written):
    hours, minutes = written.split(":")
    return int(hours) * 60 + int(minutes)


def used(runs, target, start, at, pauses):
    """Part of the target used from `start` to `at`; all in seconds since the base; a pause without end has None."""
    amount = Fraction(str(target.get("hours") or target.get("days")))
    if target["kind"] == "elapsed":
        return Fraction(free(start, at, pauses)) / (amount * 3600)
    total, whole = Fraction(0), {}
    for number, begin, end in runs:
        whole[number] = whole.get(number, 0) + end - begin
    for number, begin, end in runs:
        seconds = free(max(begin, start), min(end, at), pauses)
        if seconds:
            total += Fraction(seconds, whole[number] if target["kind"] == "business_days" else 3600)
    return total / amount


def free(begin, end, pauses):
    """Seconds of [begin, end) outside the pauses."""
    if begin >= end:
        return 0
    hidden = 0
    for pause, back in pauses:
        hidden += max(0, min(end, end if back is None else back) - max(begin, pause))
    return end - begin - hidden


def first_second(holds, low, high):
    """The smallest second in [low, high] for which `holds` (it then holds for all later ones), or None."""
    if not holds(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


BASES = [
    ("Europe/Sofia", date(2026, 3, 6)), ("Europe/Sofia", date(2026, 10, 2)), ("America/Havana", date(2025, 10, 12)),
    ("America/Havana", date(2026, 2, 18)), ("Australia/Lord_Howe", date(2026, 3, 15)), ("Australia/Lord_Howe", date(2026, 9, 14)),
    ("Pacific/Apia", date(2011, 12, 10)), ("America/Sao_Paulo", date(2018, 10, 15)), ("America/Sao_Paulo", date(2018, 1, 29)),
    ("Africa/Casablanca", date(2026, 1, 28)), ("Africa/Casablanca", date(2026, 3, 3)), ("America/New_York", date(2026, 2, 20)),
    ("America/New_York", date(2026, 10, 12)), ("Asia/Kathmandu", date(2026, 5, 1)), ("Europe/London", date(2026, 3, 10)),
    ("America/Asuncion", date(2023, 9, 18)), ("Atlantic/Azores", date(2026, 10, 6)), ("America/Scoresbysund", date(2024, 3, 12)),
]  # fmt: skip
