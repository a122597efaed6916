"""Other libraries' ways to a due time, each as a function from a start to a due time, each prepared as its makers advise.

Monday to Friday, 09:00 to 18:00 in Sofia, so that a business day is nine hours. What a library cannot do is left out.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from datetime import time as wall
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from roomdesk.rules.targets import Target

ZONE = "Europe/Sofia"
HOURS_A_DAY = 9
Call = Callable[[datetime], Any]


def businesstimedelta(hours: int, holidays: Sequence[str]) -> Call:
    """The aim is measured against it: working hours, holidays, zones."""
    library, zone = import_module("businesstimedelta"), import_module("pytz").timezone(ZONE)
    rules = [library.WorkDayRule(start_time=wall(9), end_time=wall(18), working_days=[0, 1, 2, 3, 4], tz=zone)]
    if holidays:
        rules.append(library.HolidayRule({date.fromisoformat(day): "" for day in holidays}, tz=zone))
    length = library.BusinessTimeDelta(library.Rules(rules), timedelta=timedelta(hours=hours))
    return lambda start: start + length


def pandas(hours: int, holidays: Sequence[str]) -> Call:
    """CustomBusinessHour: whole hours."""
    library = import_module("pandas")
    offset = library.offsets.CustomBusinessHour(n=hours, start="09:00", end="18:00", holidays=list(holidays))
    return lambda start: library.Timestamp(start).tz_convert(ZONE) + offset


def business_calendar(hours: int, holidays: Sequence[str]) -> Call:
    """Whole days only, and it leaves the time of day as it is."""
    calendar = import_module("business_calendar").Calendar(holidays=list(holidays))
    return lambda start: calendar.addbusdays(start.replace(tzinfo=None), hours // HOURS_A_DAY)


MAKERS = {"businesstimedelta": businesstimedelta, "pandas": pandas, "business_calendar": business_calendar}
DAYS_ONLY = {"business_calendar"}


def missing() -> Iterator[str]:
    """A sentence for each library that is not installed here."""
    for name in MAKERS:
        if find_spec(name) is None:
            yield f"{name} is not installed here and is left out; benchmarks/due_time.py says how to install it."


def calls(target: Target, holidays: Sequence[str]) -> dict[str, Call]:
    """The libraries that are installed and can do this target, prepared for it."""
    if target.kind == "elapsed":
        return {}
    in_days = target.kind == "business_days"
    hours = int(target.amount) * (HOURS_A_DAY if in_days else 1)
    usable = [name for name in MAKERS if find_spec(name) and (in_days or name not in DAYS_ONLY)]
    return {name: MAKERS[name](hours, holidays) for name in usable}
