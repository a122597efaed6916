"""Who is on call, told step by step of a clock on the wall; shares nothing with `rules.rota` but the zones' data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from roomdesk.rules.zones import zone_named

STEP, MINUTE = timedelta(minutes=30), timedelta(minutes=1)
#: A clock is watched from so long before, so that it has reached whatever it reaches.
LEAD = timedelta(days=2)
Owner = tuple[int, str, str]


def owners(rota: Any, begin: datetime, end: datetime, step: timedelta = STEP) -> Iterator[tuple[datetime, set[Owner]]]:
    """At every step within [begin, end): level, layer and person of all who are on call. All times are multiples of the step."""
    steps = [begin - LEAD + number * step for number in range((end - begin + 2 * LEAD) // step)]
    by_layer = [(layer, list(_of_layer(rota, layer, steps))) for layer in rota.layers]
    for number, at in enumerate(steps):
        if begin <= at < end:
            yield at, {(layer.level, layer.name, people[number]) for layer, people in by_layer if people[number]}


def _of_layer(rota: Any, layer: Any, steps: list[datetime]) -> Iterator[str]:
    zone = zone_named(layer.zone)
    walls = [at.astimezone(zone).replace(tzinfo=None) for at in steps]
    allowed = _hours(layer.hours, steps) if layer.hours else [True] * len(steps)
    first = datetime.combine(layer.starts, time()) + timedelta(minutes=layer.hand_over)
    furthest = walls[0]
    for at, wall, is_in in zip(steps, walls, allowed, strict=True):
        furthest = max(furthest, wall)
        person = _in_turn(rota, layer, at, (furthest - first) // layer.length) if is_in else ""
        for override in rota.overrides:
            if override.layer == layer.name and override.start <= at < override.end:
                person = override.person
        yield person


def _in_turn(rota: Any, layer: Any, at: datetime, turn: int) -> str:
    if turn < 0:
        return ""
    away = {one.person for one in rota.leave if one.start <= at < one.end}
    for number in range(len(layer.people)):
        person: str = layer.people[(turn + number) % len(layer.people)]
        if person not in away:
            return person
    return ""


def _hours(hours: Any, steps: list[datetime]) -> list[bool]:
    walls = [at.astimezone(zone_named(hours.calendar.zone)).replace(tzinfo=None) for at in steps]
    found = [False] * len(steps)
    for day in sorted({wall.date() for wall in walls}):
        midnight = datetime.combine(day, time())
        windows = () if day in hours.calendar.holidays else hours.calendar.week[day.weekday()]
        for start, end in windows:
            since, until = midnight + timedelta(minutes=start), midnight + timedelta(minutes=end)
            first = next((number for number, wall in enumerate(walls) if wall >= since), len(walls))
            # The last time that the clock shows the end; where it never does (a gap), when it is past it.
            shown = [number for number, wall in enumerate(walls) if wall == until]
            stop = max(shown or (number + 1 for number, wall in enumerate(walls) if wall < until), default=0)
            found[first:stop] = [True] * (stop - first)
    return [one != hours.outside for one in found]


def utc(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)
