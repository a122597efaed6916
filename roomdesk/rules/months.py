"""Calendar months of a zone, as instants."""

import re
from datetime import UTC, date, datetime, timedelta

from roomdesk.rules.errors import RuleError
from roomdesk.rules.instants import shown
from roomdesk.rules.zones import first_instant, zone_named

_MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 24 * 60 * 60


def check_month(text: str) -> str:
    """The month if it is written like `2026-03`; RuleError otherwise."""
    if not _MONTH.fullmatch(text):
        raise RuleError(f"The month {shown(text)} cannot be read; write it like 2026-03.")
    return text


def following(month: str) -> str:
    """The month after this one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def months_between(first: datetime, last: datetime) -> list[str]:
    """Every month that any zone has between two instants, in order."""
    end = f"{last + timedelta(days=1):%Y-%m}"
    months = [f"{first - timedelta(days=1):%Y-%m}"]
    while months[-1] < end:
        months.append(following(months[-1]))
    return months


def month_begins(month: str, zone: str) -> datetime:
    """The first instant of the month's first day on the zone's wall."""
    days = date(int(month[:4]), int(month[5:]), 1).toordinal() - _EPOCH.toordinal()
    return _EPOCH + timedelta(seconds=first_instant(zone_named(zone), days * _DAY))


def month_of(at: datetime, zone: str) -> str:
    """The month in which an instant falls on the zone's wall."""
    return f"{at.astimezone(zone_named(zone)):%Y-%m}"
