"""One clock of the replay, and what acts do to it, by semantics.md D8 and D16–D18 and docs/clocks.md. Nothing of Roomdesk here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.year.promises import Pauses, Policy, Promise

FIRST, UPDATE, RESOLUTION = "first_response", "update", "resolution"
Key = tuple[str, int, str, int]


@dataclass
class Watch:
    """`told` is the highest step told, `expected` what has to have been told, `seen_until` the instant up to which the
    passes of the worker were gone through.
    """

    key: Key
    severity: str
    tier: str
    addons: list[str]
    promise: Promise
    is_public: bool
    seen_until: int
    revised_at: int
    grace_from: int | None = None
    ended: list[tuple[int, int]] = field(default_factory=list)
    paused_at: int | None = None
    due: int | None = None
    state: str = "running"
    breached_at: int | None = None
    stopped_at: int | None = None
    revision: int = 1
    told: int = 0
    cause: str = ""
    #: What would be promised without the change that is to blame; None: without it there would be no clock.
    without: Promise | None = None
    caused_by: str = ""
    merged_with: str = ""
    cancelled_at: int | None = None
    expected: list[dict[str, Any]] = field(default_factory=list)
    #: What its next entries have to say, and when: a pause that began or ended, or that it was found late.
    unsaid: list[tuple[str, int]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.key[2]

    @property
    def runs(self) -> bool:
        return self.stopped_at is None and self.state != "cancelled"

    @property
    def pauses(self) -> Pauses:
        return (*self.ended, (self.paused_at, None)) if self.paused_at is not None else tuple(self.ended)

    def pauses_until(self, at: int) -> Pauses:
        """As if a pause that lasts ended now: two promises can be compared only so."""
        return tuple((begin, max(begin, at) if end is None else end) for begin, end in self.pauses)

    def count(self) -> None:
        self.due = self.promise.graced(self.grace_from, self.pauses)

    def late(self) -> str:
        return "past_aim" if self.promise.soft else "breached"

    def find(self, at: int) -> None:
        """It has run late, and nobody has stopped it by `at`; once."""
        if self.breached_at is not None or self.due is None or self.due >= at:
            return
        self.state, self.breached_at = self.late(), self.due
        self.unsaid.append((self.late(), at))
        self.caused_by = self.blamed(self.due)

    def blamed(self, at: int) -> str:
        """The change without which it would not have been late by `at` (D16)."""
        otherwise = self.without.due(self.pauses) if self.without else None
        return self.cause if self.cause and (otherwise is None or at <= otherwise) else ""

    def pause(self, at: int) -> None:
        if self.paused_at is not None or self.kind == FIRST:
            return
        free_from = max(self.key[3], self.ended[-1][1]) if self.ended else self.key[3]
        self.paused_at = max(at, free_from)
        self.unsaid.append(("paused", at))
        self.count()
        if self.breached_at is not None and self.paused_at < self.breached_at:
            self.state, self.breached_at, self.caused_by = "running", None, ""

    def resume(self, at: int) -> None:
        if self.paused_at is None:
            return
        self._end_pause(at)
        self.unsaid.append(("resumed", at))
        self.count()

    def _end_pause(self, at: int) -> None:
        assert self.paused_at is not None
        if at > self.paused_at:
            self.ended.append((self.paused_at, at))
        self.paused_at = None

    def stop(self, at: int) -> None:
        if self.paused_at is not None:
            self._end_pause(at)
            self.count()
        late_from = self.due if self.breached_at is None else self.breached_at
        is_late = late_from is not None and at > late_from
        self.stopped_at = at
        self.state, self.breached_at = (self.late(), late_from) if is_late else ("met", None)
        self.caused_by = self.blamed(at) if is_late else ""

    def await_again(self, at: int, cause: str) -> None:
        """The answer that stopped it was one to something else. Answered late it stays late."""
        self.stopped_at, self.seen_until = None, at
        if self.breached_at is None:
            self.state = "running"
            if self.due is not None and self.due < at:
                self.cause, self.without = cause, None

    def retarget(self, promise: Promise, at: int, cause: str) -> None:
        """Another promise from `at` on: with a grace where it counts up earlier, and to blame where it is due earlier than ever."""
        pauses = self.pauses_until(at)
        before, due_before = self.promise, self.promise.graced(self.grace_from, pauses)
        self.promise = promise
        counted, counted_before = promise.due(pauses), before.due(pauses)
        if counted is not None and (counted_before is None or counted < counted_before):
            self.grace_from = at
        due_now = promise.graced(self.grace_from, pauses)
        self._blame(before, pauses, due_now, cause)
        self.revision, self.revised_at = self.revision + 1, at
        if self.breached_at is None and due_now != due_before:
            self.told = 0
        self.count()

    def _blame(self, before: Promise, pauses: Pauses, due_now: int | None, cause: str) -> None:
        if self.cause and self.without is None:
            return
        without = self.without if self.cause else before
        assert without is not None
        otherwise = without.due(pauses)
        is_worse = due_now is not None and (otherwise is None or due_now < otherwise)
        self.cause, self.without = (cause, without) if is_worse else ("", None)

    def view(self) -> dict[str, Any]:
        """All that an entry says of a clock."""
        promise = self.promise
        return {
            "revision": self.revision,
            "severity": self.severity,
            "tier": self.tier,
            "addons": sorted(self.addons),
            "policy": (promise.policy.product, promise.policy.number),
            "target": (promise.kind, promise.amount, promise.soft),
            "calendar": promise.calendar,
            "public": self.is_public,
            "counted_from": promise.counted_from,
            "grace_from": self.grace_from,
            "pauses": list(self.ended),
            "paused_at": self.paused_at,
            "due_at": self.due,
            "state": self.state,
            "breached_at": self.breached_at,
            "stopped_at": self.stopped_at,
            "caused_by": self.caused_by or None,
        }


def promised(
    policy: Policy, clock: str, tier: str, addons: list[str], kind: str, severity: str, counted_from: int
) -> tuple[Promise, bool] | None:
    """What the table says for it, and whether customers see it; None where it has no row."""
    from fractions import Fraction

    row = policy.row(clock, tier, addons, kind, severity)
    if row is None:
        return None
    target = row["target"]
    amount = None if target["kind"] == "none" else Fraction(str(target["amount"]))
    made = Promise(policy, target["kind"], amount, bool(target.get("soft")), row["calendar"], counted_from)
    return made, row.get("public", True)
