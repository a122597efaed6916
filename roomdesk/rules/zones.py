"""Local times to instants: gaps, folds and their edges (sla/README, Semantics).

Zones come from the pinned `tzdata` package, never from the machine, so that every machine gives the same due times
(Debian's own 2025b and the package's 2026f differ for Casablanca and Havana from September 2026 on).
"""

import re
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from roomdesk.rules.errors import CalendarError
from roomdesk.rules.instants import SECOND, shown

EPOCH_DAY = date(1970, 1, 1).toordinal()
_NAME = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")
_NAIVE_EPOCH = datetime(1970, 1, 1)


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """The IANA zone of that name from the `tzdata` package; CalendarError when there is none."""
    place = files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not _NAME.fullmatch(name) or not place.is_file():
        raise CalendarError(f"calendar.timezone {shown(name)} is no IANA time zone; write it like Europe/Sofia.")
    with place.open("rb") as file:
        if file.read(4) != b"TZif":
            raise CalendarError(f"calendar.timezone {shown(name)} is no IANA time zone; write it like Europe/Sofia.")
        file.seek(0)
        return ZoneInfo.from_file(file, key=name)


def offsets_at(zone: ZoneInfo, local: int) -> tuple[int, int]:
    """Offsets in seconds of a wall time (seconds since 1970 on the wall) read as the earlier and as the later one."""
    wall = (_NAIVE_EPOCH + timedelta(0, local)).replace(tzinfo=zone)
    return _seconds(wall.utcoffset()), _seconds(wall.replace(fold=1).utcoffset())


def first_instant(zone: ZoneInfo, local: int) -> int:
    """UTC second of a wall time as a window's start: its FIRST occurrence, in a gap the change itself."""
    before, after = offsets_at(zone, local)
    return _change(zone, local, before, after) if before < after else local - before


def last_instant(zone: ZoneInfo, local: int) -> int:
    """UTC second of a wall time as a window's end: its LAST occurrence, in a gap the change itself."""
    before, after = offsets_at(zone, local)
    return _change(zone, local, before, after) if before < after else local - after


def _change(zone: ZoneInfo, local: int, before: int, after: int) -> int:
    """UTC second at which the offset turns from `before` to something else, for a wall time inside that gap."""
    candidates = range(local - after, local - before + 1)
    return candidates[bisect_left(candidates, True, key=lambda second: _offset_at_utc(zone, second) != before)]


def _offset_at_utc(zone: ZoneInfo, second: int) -> int:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, second)
    return _seconds(at.astimezone(zone).utcoffset())


def _seconds(offset: timedelta | None) -> int:
    return (offset or timedelta()) // SECOND
