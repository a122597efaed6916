"""Instants as exact time since 1970 (UTC), which is what the clock engine counts in.

A `timedelta` is a whole number of microseconds, so nothing is ever rounded unseen, and it turns into a `datetime` and
back several times faster than an integer does.
"""

import re
from datetime import UTC, date, datetime, timedelta

from roomdesk.rules.errors import TimeError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING = timedelta(0)
MICROSECOND = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIN_YEAR, MAX_YEAR = 1900, 9000
_MIN_DAYS = (datetime(MIN_YEAR, 1, 1, tzinfo=UTC) - EPOCH).days
_MAX_DAYS = (datetime(MAX_YEAR + 1, 1, 1, tzinfo=UTC) - EPOCH).days
_WRITTEN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


def since_epoch(at: datetime, field: str = "start", number: int | None = None) -> timedelta:
    """Time from 1970 to an aware instant; exact. TimeError when naive or outside 1900–9000; it names field and number."""
    try:
        since = at - EPOCH
    except TypeError:
        raise TimeError(f"{_numbered(field, number)} must carry a time zone, {at.isoformat()} has none.") from None
    if _MIN_DAYS <= since.days < _MAX_DAYS:
        return since
    years = f"in the years {MIN_YEAR} to {MAX_YEAR}"
    raise TimeError(f"{_numbered(field, number)} must lie {years}, {at.isoformat()} does not.")


def _numbered(field: str, number: int | None) -> str:
    return field if number is None else f"{field} {number}"


def rounded_up(since: timedelta) -> datetime:
    """The first whole second not before `since`, in UTC. TimeError when it is after the year 9999."""
    try:
        return EPOCH + (since if not since.microseconds else -(-since // SECOND) * SECOND)
    except OverflowError:
        raise TimeError("The due time would lie after the year 9999; use a smaller target.") from None


def rounded_down(since: timedelta) -> datetime:
    """The last whole second not after `since`, in UTC. TimeError when it is before the year 1."""
    try:
        return EPOCH + since // SECOND * SECOND
    except OverflowError:
        raise TimeError("The start would lie before the year 1; use a smaller target.") from None


def exactly(since: timedelta) -> datetime:
    """The instant itself, in UTC."""
    return EPOCH + since


def years_after(at: datetime, years: int) -> datetime:
    """The same date and time that many years on (or before), in UTC; 29 February becomes 1 March."""
    at = at.astimezone(UTC)
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)


def parse_instant(written: object, field: str) -> datetime:
    """An instant from `YYYY-MM-DDTHH:MM:SS[.ffffff]` with Z or an offset; TimeError otherwise."""
    if not isinstance(written, str) or not _WRITTEN.fullmatch(written):
        raise TimeError(f"{field} must be a time like 2026-03-06T14:30:00Z, not {shown(written)}.")
    try:
        at = datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        raise TimeError(f"{field} is no existing time: {shown(written)}.") from None
    since_epoch(at, field)
    return at


_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")


def beginning_of(written: str) -> datetime | None:
    """A year, a month or a day by its first instant in UTC, or an instant with its zone (none: UTC); None for anything else."""
    match = _DAY.fullmatch(written)
    try:
        if match:
            day = date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        at = datetime.fromisoformat(written) if "T" in written.upper() else None
        if at is not None:
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None


def format_instant(at: datetime) -> str:
    """`2026-03-06T14:30:00Z`; a part of a second is written only when there is one."""
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def shown(value: object, limit: int = 60) -> str:
    """A wrong value as it may stand in a sentence: its repr, cut."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
