"""Which step of a clock is to be told when: warnings at parts of the target, then the breach (D18)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from roomdesk.rules.working_time import CompiledCalendar

BREACH = 100
"""The step that comes after the warnings."""
LATE_AFTER = timedelta(minutes=2)
"""What is told so long after it ought to have been is late."""
DIGEST = timedelta(minutes=15)
"""All that is told late within such a stretch stands in one digest."""

Audience = Literal["assignee", "lead", "desk"]


@dataclass(frozen=True, slots=True)
class Step:
    """`percent` of the target are used at `at`; 100 is the breach, which comes just after its instant."""

    percent: int
    at: datetime

    def is_passed(self, now: datetime) -> bool:
        return self.at < now if self.percent == BREACH else self.at <= now


@dataclass(frozen=True, slots=True)
class Course:
    """The steps of a clock in order, the highest one `told`, and `since` when they hold: nothing is told of a time before.

    `hours` are the target's own; None where all hours are (elapsed targets, D18).
    """

    steps: Sequence[Step]
    told: int
    since: datetime
    hours: CompiledCalendar | None
    #: Whether the breach is on record already; until then it is looked for at its instant, told or not.
    found: bool = False

    def due_to_tell(self, now: datetime) -> Step | None:
        """The step to tell at `now`: only the highest passed one, and only in the target's own hours."""
        passed = [step for step in self._untold() if step.is_passed(now)]
        return passed[-1] if passed and self._in_hours(now) else None

    def next_look(self, now: datetime) -> datetime | None:
        """When to look again, at `now` or later; None when all is told.

        Not after the breach itself, even where it is told later, or was told before: from then on the clock has run late.
        """
        untold = self._untold()
        looks = [self.planned(untold[0], now)] if untold else []
        if self.steps and not self.found:
            looks.append(max(self.steps[-1].at, now))
        return min(looks, default=None)

    def planned(self, step: Step, now: datetime | None = None) -> datetime:
        """When the step is to be told: its instant, or the beginning of the course, moved into the target's hours."""
        at = max(step.at, self.since if now is None else max(self.since, now))
        return at if self.hours is None else self.hours.next_working(at)

    def _untold(self) -> list[Step]:
        return [step for step in self.steps if step.percent > self.told]

    def _in_hours(self, now: datetime) -> bool:
        return self.hours is None or self.hours.is_working(now)


def audience_of(percent: int, *, assigned: bool) -> Audience:
    """Who is told: at first the assignee, from 75 % the lead too, from 90 % everyone. Where nobody has the case, the lead."""
    if percent >= 90:
        return "desk"
    return "lead" if percent >= 75 or not assigned else "assignee"


def digest_of(told_at: datetime) -> datetime:
    """The beginning of the stretch whose digest something told late stands in."""
    return told_at - timedelta(seconds=told_at.timestamp() % DIGEST.total_seconds())
