"""A workspace's chain told again, entry by entry: what cases were, what their clocks rest on, and what that makes of them.

From an entry of a clock only that it happened is taken, with its instant, its cause and whom it concerns. Everything else in
it (target, policy, pauses, due, state …) is worked out here and compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.year.evidence import Entry, pauses
from tests.year.passes import go_through
from tests.year.promises import Policy, Promise, newest
from tests.year.schedule import END, next_pass
from tests.year.watch import FIRST, RESOLUTION, Key, Watch, promised

TOLD = ("revision", "step", "told_at", "reached_at", "planned_at", "late", "audience", "digest")


@dataclass
class Cycle:
    number: int
    started_at: int
    tier: str
    addons: list[str]
    policy: Policy


@dataclass
class Case:
    ref: str
    state: str
    kind: str
    severity: str
    cycles: list[Cycle]
    is_assigned: bool = False
    waits_since: int | None = None
    watches: list[Watch] = field(default_factory=list)
    #: Clocks that have to be in the chain still: kind and start.
    owed: set[tuple[str, int]] = field(default_factory=set)


@dataclass
class Terms:
    since: int
    tier: str
    addons: list[str]
    state: str


class Story:
    """`differences` are sentences with both views; `told` all that the chain says was told, by clock."""

    def __init__(self, versions: list[Policy]) -> None:
        self.versions = versions
        self.terms: list[Terms] = []
        self.cases: dict[str, Case] = {}
        self.told: dict[int, list[dict[str, Any]]] = {}
        self.differences: list[dict[str, Any]] = []
        self.marks = 0

    def tell(self, entries: list[Entry]) -> None:
        for entry in entries:
            noun, _, verb = entry.action.partition(".")
            act = getattr(self, f"_{noun}_{verb}", None)
            if noun in ("case", "clock") and entry.action != "case.opened":
                self._pass_until(self.cases[entry.ref], entry.at)
            if noun == "clock" and verb != "notice_seen":
                self._clock(entry, verb)
            elif act is not None:
                act(entry)
        for case in self.cases.values():
            self._pass_until(case, END + 1)
            self._check_end(case)

    def _pass_until(self, case: Case, until: int) -> None:
        for watch in case.watches:
            go_through(watch, case.state, case.is_assigned, until)

    def _check_end(self, case: Case) -> None:
        for kind, at in sorted(case.owed):
            self.differ((case.ref, 0, kind, at), "never started", "a clock", None)
        for watch in case.watches:
            if watch.unsaid:
                self.differ(watch.key, "not in the chain", watch.unsaid, None)
            told = [{name: one[name] for name in TOLD} for one in self.told.get(id(watch), [])]
            if told != watch.expected:
                self.differ(watch.key, "told", watch.expected, told)

    def differ(self, key: Key, what: str, replayed: Any, exported: Any, seq: int = 0) -> None:
        self.differences.append({"clock": key, "what": what, "replayed": replayed, "exported": exported, "seq": seq})

    # Workspaces: what they have bought.

    def _workspace_created(self, entry: Entry) -> None:
        after = entry.data["after"]
        self.terms.append(Terms(entry.at, after["tier"], sorted(after["addons"]), after["state"]))

    def _workspace_changed(self, entry: Entry) -> None:
        now, after = self.terms[-1], entry.data["after"]
        tier, addons = after.get("tier", now.tier), sorted(after.get("addons", now.addons))
        self.terms.append(Terms(entry.at, tier, addons, after.get("state", now.state)))

    def _terms(self, at: int) -> Terms:
        return next((terms for terms in reversed(self.terms) if terms.since <= at), self.terms[0])

    def _same_since(self, at: int) -> int:
        """Since when tier and add-ons have been those of `at`."""
        present, since = self._terms(at), at
        for terms in reversed([terms for terms in self.terms if terms.since <= at]):
            if (terms.tier, terms.addons) != (present.tier, present.addons):
                break
            since = terms.since
        return since

    # Cases.

    def _case_opened(self, entry: Entry) -> None:
        data = entry.data
        case = Case(entry.ref, "new", data["kind"], data["severity"], [])
        self.cases[case.ref] = case
        origin = self._origin(entry) if data["linked_to"] and entry.actor_kind != "desk" else None
        self._begin_cycle(case, data["opened_at"], origin, first=not data["by_staff"])

    def _origin(self, entry: Entry) -> Policy:
        """A split case is promised what the case was promised that it comes from."""
        return self.cases[f"{entry.ref.partition('-')[0]}-{entry.data['linked_to']}"].cycles[-1].policy

    def _begin_cycle(self, case: Case, at: int, policy: Policy | None, *, first: bool) -> None:
        terms = self._terms(at)
        policy = policy or newest(self.versions, at)
        case.cycles.append(Cycle(len(case.cycles) + 1, at, terms.tier, terms.addons, policy))
        if first:
            case.owed.add((FIRST, at))
        if self._promised(case, case.cycles[-1], RESOLUTION, at, at) is not None:
            case.owed.add((RESOLUTION, at))

    def _promised(self, case: Case, cycle: Cycle, kind: str, counted_from: int, at: int) -> tuple[Promise, bool] | None:
        if not cycle.policy.has_clocks(self._terms(at).state):
            return None
        return promised(cycle.policy, kind, cycle.tier, cycle.addons, case.kind, case.severity, counted_from)

    def _case_kind(self, entry: Entry) -> None:
        self.cases[entry.ref].kind = entry.data["after"]

    def _case_severity(self, entry: Entry) -> None:
        self.cases[entry.ref].severity = entry.data["after"]

    def _case_assignee(self, entry: Entry) -> None:
        self.cases[entry.ref].is_assigned = bool(entry.data["after"])

    def _case_state(self, entry: Entry) -> None:
        case, data = self.cases[entry.ref], entry.data
        before, case.state, at = data["before"], data["after"], data["at"]
        if before in ("resolved", "closed") and case.state in ("new", "investigating"):
            self._begin_cycle(case, at, None, first=case.state == "new")
        if case.state == "waiting_customer":
            case.waits_since = at
            for watch in self._running(case):
                watch.pause(at)
        elif case.waits_since is not None:
            case.waits_since = None
            for watch in self._running(case) if case.state != "merged" else ():
                watch.resume(at)

    def _running(self, case: Case) -> list[Watch]:
        return [watch for watch in case.watches if watch.runs]

    def _case_merge(self, entry: Entry) -> None:
        """Of each kind the earliest due among the unmet has gone on (D16)."""
        if not entry.data["after"]:
            return
        case, into = self.cases[entry.ref], self.cases[entry.data["after"]]
        theirs = [w for w in case.watches if w.cancelled_at == entry.at]
        ours = {w.kind: w for w in into.watches if w.cancelled_at == entry.at}
        running = {w.kind: w for w in self._running(into)}
        if left := self._running(case):
            self.differ(left[0].key, "runs on in a merged case", "cancelled", "running", entry.seq)
        for watch in theirs:
            kind = watch.kind
            unmet = [*(w for w in theirs if w.kind == kind), ours.get(kind) or running.get(kind)]
            dues = [one.due for one in unmet if one and one.due is not None]
            if kind not in running or (dues and running[kind].due != min(dues)):
                self.differ(watch.key, "merged", min(dues, default=None), running.get(kind), entry.seq)

    def _case_unmerge(self, entry: Entry) -> None:
        """All clocks run again as if nothing had been, but where another of the kind has begun in the case that stayed."""
        case, into = self.cases[entry.ref], self.cases[entry.data["before"]]
        begun = {watch.kind for watch in self._running(into) if watch.key[1] == len(into.cycles)}
        kept = [watch for watch in case.watches if watch.merged_with == into.ref]
        kept += [watch for watch in into.watches if watch.merged_with == case.ref and watch.kind not in begun]
        for watch in kept:
            self.differ(watch.key, "not given back", "running", "cancelled", entry.seq)

    # Clocks.

    def _clock(self, entry: Entry, verb: str) -> None:
        case, data = self.cases[entry.ref], entry.data
        key = (entry.ref, data["cycle"], data["clock"], data["started_at"])
        if verb in ("started", "taken_over"):
            watch = self._new(case, key, entry, verb)
            case.watches.append(watch)
        elif (found := self._find(case, key, verb)) is not None:
            watch = found
            self._apply(case, watch, entry, verb)
        else:
            return self.differ(key, entry.action, "no such clock", verb, entry.seq)
        return self._compare(watch, entry)

    def _find(self, case: Case, key: Key, verb: str) -> Watch | None:
        named = [watch for watch in case.watches if watch.key == key]
        wanted = [watch for watch in named if (watch.state == "cancelled") == (verb == "given_back")]
        return (wanted or named or [None])[-1]

    def _say(self, watch: Watch, entry: Entry, verb: str) -> None:
        """What had to be said of the clock next is said by this entry."""
        if watch.unsaid and watch.unsaid != [(verb, entry.data.get("at", entry.at))]:
            self.differ(watch.key, "not in the chain", watch.unsaid, (verb, entry.at), entry.seq)
        watch.unsaid = []

    def _new(self, case: Case, key: Key, entry: Entry, verb: str) -> Watch:
        if verb == "taken_over":
            return self._taken(key, entry)
        _, number, kind, started_at = key
        case.owed.discard((kind, started_at))
        cycle, cause = case.cycles[number - 1], entry.data["cause"] or ""
        is_changed = cause not in ("", "split")
        found = self._promised(case, cycle, kind, started_at, entry.at if is_changed else started_at)
        if found is None and kind != FIRST:
            self.differ(key, "started", "nothing promised", entry.data["target"], entry.seq)
        promise, public = found or (Promise(cycle.policy, "none", None, False, None, started_at), True)
        watch = Watch(
            key, case.severity, cycle.tier, cycle.addons, promise, public, entry.at - 1, started_at, cause=cause
        )
        if is_changed and kind == RESOLUTION:
            watch.grace_from = watch.revised_at = entry.at
        if kind != FIRST and case.waits_since is not None:
            watch.paused_at = max(entry.at if is_changed else started_at, case.waits_since)
        watch.count()
        return watch

    def _taken(self, key: Key, entry: Entry) -> Watch:
        """The clock of a merged case goes on in the one that stays, with what was told of it."""
        of = self.cases[entry.data["of"]]
        of_kind = [watch for watch in of.watches if watch.kind == key[2]]
        theirs = next((watch for watch in reversed(of_kind) if watch.key[3] == key[3]), of_kind[-1])
        if theirs.cancelled_at != entry.at:
            self.differ(theirs.key, "taken over", "runs on", "cancelled", entry.seq)
        taken = Watch(**{**vars(theirs), "key": key, "revision": 1, "merged_with": "", "cancelled_at": None})
        taken.ended, taken.expected, taken.unsaid = list(theirs.ended), [], []
        taken.state = taken.late() if taken.breached_at is not None else "running"
        return taken

    def _apply(self, case: Case, watch: Watch, entry: Entry, verb: str) -> None:
        if verb in ("met", "breached", "past_aim") and entry.data["stopped_at"] is not None:
            self._say(watch, entry, verb)
            return watch.stop(entry.data["stopped_at"])
        {
            "paused": lambda: None,
            "resumed": lambda: watch.resume(entry.data["at"]),
            "breached": lambda: self._found(case, watch, entry),
            "past_aim": lambda: self._found(case, watch, entry),
            "told": lambda: self._tell(case, watch, entry),
            "retargeted": lambda: self._retarget(case, watch, entry),
            "cancelled": lambda: self._cancel(case, watch, entry),
            "given_back": lambda: self._give_back(watch, entry),
            "awaited_again": lambda: self._await_again(watch, entry),
        }[verb]()
        return self._say(watch, entry, verb)

    def _found(self, case: Case, watch: Watch, entry: Entry) -> None:
        """By a pass of the worker; or by somebody who changed or closed it before the next pass."""
        if next_pass(entry.at - 1) == entry.at:
            go_through(watch, case.state, case.is_assigned, entry.at + 1)
        else:
            watch.find(entry.at)

    def _tell(self, case: Case, watch: Watch, entry: Entry) -> None:
        go_through(watch, case.state, case.is_assigned, entry.at + 1)
        self.told.setdefault(id(watch), []).append({**entry.data, "told_at": entry.at})

    def _retarget(self, case: Case, watch: Watch, entry: Entry) -> None:
        data, at, cycle = entry.data, entry.at, case.cycles[watch.key[1] - 1]
        counted_from = watch.promise.counted_from
        if data["cause"] in ("tier", "policy"):
            if data["cause"] == "tier":
                counted_from = max(watch.key[3], self._same_since(at))
            self._renew(cycle, at)
        found = self._promised(case, cycle, watch.kind, counted_from, at)
        promise, watch.is_public = found or (Promise(cycle.policy, "none", None, False, None, counted_from), True)
        watch.find(at)
        watch.severity, watch.tier, watch.addons = case.severity, cycle.tier, cycle.addons
        watch.retarget(promise, at, data["cause"])

    def _renew(self, cycle: Cycle, at: int) -> None:
        """The cycle goes on under the terms and the policy of now (D8)."""
        terms = self._terms(at)
        cycle.tier, cycle.addons, cycle.policy = terms.tier, terms.addons, newest(self.versions, at)

    def _cancel(self, case: Case, watch: Watch, entry: Entry) -> None:
        reason: str = entry.data["reason"]
        cycle = case.cycles[watch.key[1] - 1]
        if reason.startswith(("Nothing is promised any more (tier)", "Nothing is promised any more (policy)")):
            self._renew(cycle, entry.at)
        if reason.startswith("Nothing") and self._promised(case, cycle, watch.kind, watch.key[3], entry.at):
            self.differ(watch.key, "cancelled", "something is promised", reason, entry.seq)
        watch.state, watch.cancelled_at = "cancelled", entry.at
        watch.merged_with = reason.removeprefix("Merged with ").rstrip(".") if reason.startswith("Merged") else ""

    def _await_again(self, watch: Watch, entry: Entry) -> None:
        if watch.stopped_at is None:
            self.differ(watch.key, "awaited again", "never answered", "answered", entry.seq)
        watch.await_again(entry.at, entry.data["cause"] or "split")

    def _give_back(self, watch: Watch, entry: Entry) -> None:
        watch.state = watch.late() if watch.breached_at is not None else "running"
        watch.merged_with, watch.cancelled_at, watch.seen_until = "", None, entry.at - 1

    def _compare(self, watch: Watch, entry: Entry) -> None:
        self.marks += 1
        ours, theirs = watch.view(), said_of(entry.data)
        wrong = [name for name in ours if ours[name] != theirs[name]]
        if wrong:
            both = [{name: side[name] for name in wrong} for side in (ours, theirs)]
            self.differ(watch.key, entry.action, *both, entry.seq)


def said_of(data: dict[str, Any]) -> dict[str, Any]:
    """An entry's view of a clock, in the form of `Watch.view`."""
    target, policy = data["target"], data["policy"]
    amount = None if target["amount"] is None else Fraction(target["amount"])
    return {
        **data,
        "addons": sorted(data["addons"]),
        "policy": (policy["product"], policy["version"]),
        "target": (target["kind"], amount, target["soft"]),
        "pauses": pauses(data["pauses"]),
    }
