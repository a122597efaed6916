"""A year of the desk: things to happen in the order of their instants, and the worker's passes between them.

What is done in a case is decided when its time has come, from what the case is then: nothing here knows what the desk will
make of it. A refusal is counted; people try what cannot be done, too.
"""

from __future__ import annotations

import gc
import heapq
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from roomdesk import timers
from roomdesk.cases.models import Case
from roomdesk.directory.queries import Viewer
from roomdesk.queues.models import InboxEvent, Timer
from roomdesk.record.models import Message
from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from tests.year import schedule
from tests.year.chances import opening_times
from tests.year.place import Place, build, work_off

EVERYBODY = Viewer("token", "year", sees_all=True)


@dataclass
class Matter:
    """What one customer (or one of staff) begins, as those see it who write: by events, not by cases."""

    number: int
    place: Place
    author: str
    rng: Random
    root: str = ""
    case_id: int | None = None
    said: int = 0
    cycles: int = 1

    def event_id(self) -> str:
        self.said += 1
        return f"$m{self.number}-{self.said}"


Happens = Callable[["Desk"], None]


@dataclass
class Desk:
    """`rng` decides what belongs to no single matter."""

    time: clock.Frozen
    rng: Random
    folder: Path
    places: list[Place]
    done: Counter[str] = field(default_factory=Counter)
    _heap: list[tuple[int, int, Happens]] = field(default_factory=list)
    _number: int = 0
    _heard: bool = False
    _week: int = 0

    @property
    def now(self) -> int:
        return schedule.micros(self.time.at)

    def plan(self, at: int, happens: Happens) -> None:
        """Later than now, and not on the grid of passes."""
        self._number += 1
        at = max(at, self.now + schedule.SECOND) // 1000 * 1000 + 1000 * (self._number % 7)
        if at < schedule.END:
            heapq.heappush(
                self._heap, (at + (1000 if at % schedule.SECOND == schedule.SECOND // 2 else 0), self._number, happens)
            )

    def run(self) -> None:
        """Lets everything happen, with the worker at work at each pass where there is something for it to do."""
        gc.freeze()
        # What is made in a year of acts is mostly not let go by cycles: the default looks for them a thousand times too often.
        gc.set_threshold(100_000, 20, 20)
        while self._heap:
            at, _, happens = heapq.heappop(self._heap)
            self._work_until(at)
            self._show(at)
            self.time.at = schedule.instant(at)
            happens(self)
        self._work_until(schedule.END)
        self.time.at = schedule.instant(schedule.END)

    def _show(self, at: int) -> None:
        """Says how far the year is, at the beginning of each of its weeks."""
        week = (at - schedule.BEGIN) // (7 * schedule.DAY)
        if week > self._week:
            self._week = week
            print(f"week {week}, {time.process_time():.0f} s: {dict(sorted(self.done.items()))}", flush=True)

    def _work_until(self, until: int) -> None:
        while (at := self._next_work()) is not None and at < until:
            self.time.at = schedule.instant(at)
            self.done["events"] += work_off()
            self._heard = False
            while fired := timers.fire():
                self.done["timers"] += fired
                # What a page tells its case's lane is worked off at once by the loop beside; until then that lane's clocks wait.
                self.done["events"] += work_off()
            self.done["passes"] += 1

    def _next_work(self) -> int | None:
        """The next pass that finds something: what was said since the last one, or the timer that is due first."""
        if self._heard:
            return schedule.next_pass(self.now)
        first = Timer.objects.filter(state="pending").order_by("next_at").values_list("next_at", flat=True).first()
        return None if first is None else schedule.next_pass(max(schedule.micros(first), self.now))

    def heard(self) -> None:
        """Something waits in the inbox."""
        self._heard = True

    def hear_now(self) -> None:
        """A worker drains between two passes: it looks at no timers then."""
        if self._heard:
            self.done["events"] += work_off()
            self._heard = False

    def attempt(self, what: str, act: Callable[..., Any], *args: Any, **given: Any) -> Any:
        """The act's result, or None where the desk refuses it."""
        try:
            found = act(*args, **given)
        except DeskError as error:
            self.done[f"{what} refused ({error.code})"] += 1
            return None
        self.done[what] += 1
        return found

    def case_of(self, matter: Matter) -> Case | None:
        """The case in which the matter's first message stands."""
        if matter.case_id is None:
            found = Message.objects.filter(external_id=matter.root).values_list("case_id", flat=True).first()
            matter.case_id = found
        return Case.objects.filter(pk=matter.case_id).first() if matter.case_id else None


@dataclass(frozen=True)
class Size:
    """So many workspaces, numbered from `first` on, and cases; `seed` says what becomes of them."""

    workspaces: int
    cases: int
    seed: str
    first: int = 0

    def parts(self, count: int) -> list[Size]:
        """The same desk spread over so many databases, a set of workspaces on each (D37)."""
        some, cases = self.workspaces // count, self.cases // count
        return [Size(some, cases, f"{self.seed}.{number}", self.first + number * some) for number in range(count)]


def make(time: clock.Frozen, size: Size, folder: Path) -> Desk:
    """The desk as it stands at the beginning of the year, with all matters of the year planned. Time is left at its beginning."""
    from tests.year import acts, terms

    rng = Random(size.seed)
    time.at = schedule.instant(schedule.BEGIN - schedule.DAY)
    desk = Desk(time, rng, folder, build(size.workspaces, rng, size.first))
    InboxEvent.objects.filter(state="pending").update(state="ignored")
    time.at = schedule.instant(schedule.BEGIN)
    for number, at in enumerate(opening_times(size.cases, rng)):
        place = rng.choice(desk.places)
        desk.plan(at, acts.begins(Matter(number, place, rng.choice(place.people), Random(f"{size.seed}:{number}"))))
    terms.plan(desk)
    return desk
