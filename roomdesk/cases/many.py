"""The same change of several cases, each by itself, and taking it back. What one case refuses keeps none of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from roomdesk.cases import changing
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_cases
from roomdesk.cases.together import Hands
from roomdesk.directory.errors import Invalid
from roomdesk.refusals import DeskError

#: Cases of one request: each takes its own lane.
MOST = 100
#: What can be taken back: it goes from one value to another, and nothing else follows from it but clocks, which follow back.
FIELDS = ("assignee", "severity", "kind", "snoozed_until")


@dataclass(frozen=True, slots=True)
class Step:
    """One case's change of one field; texts, empty for nobody and never."""

    ref: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Done:
    """What was changed, and what was refused with its sentence."""

    steps: Sequence[Step]
    refused: Sequence[tuple[str, str]]

    @property
    def refs(self) -> list[str]:
        return list(dict.fromkeys(step.ref for step in self.steps))


def do_change_many(hands: Hands, refs: Sequence[str], change: Change) -> Done:
    """Changes each of the cases. Invalid where none, or too many, are named."""
    wanted = list(dict.fromkeys(refs))
    if not 0 < len(wanted) <= MOST:
        raise Invalid(f"Choose one to {MOST} cases.", field="refs")
    before = _standing(hands, wanted)
    return _each(hands, [(ref, change) for ref in wanted], before)


def do_take_back(hands: Hands, steps: Sequence[Step]) -> Done:
    """Changes back what is still as these steps left it; what somebody changed since is refused, and stays."""
    before = _standing(hands, [step.ref for step in steps])
    changes, refused = [], []
    for step in steps:
        if before.get(step.ref, {}).get(step.field) != step.after:
            refused.append((step.ref, f"{step.ref} was changed by somebody since; it stays as it is."))
        else:
            changes.append((step.ref, _back(step)))
    done = _each(hands, changes, before)
    return replace(done, refused=[*refused, *done.refused])


def _back(step: Step) -> Change:
    value: Any = step.before or None
    if step.field == "snoozed_until" and value:
        value = datetime.fromisoformat(value)
    return replace(Change(reason="Taken back."), **{step.field: value})


def _each(hands: Hands, changes: Sequence[tuple[str, Change]], before: dict[str, dict[str, str]]) -> Done:
    steps: list[Step] = []
    refused: list[tuple[str, str]] = []
    by: dict[str, Any] = {"author": hands.author, "actor": hands.actor, "now": hands.now}
    for ref, change in changes:
        try:
            steps += changed(before.get(ref, {}), changing.do_change(hands.viewer, ref, change, **by))
        except DeskError as error:
            refused.append((ref, f"{ref}: {error}"))
    return Done(steps, refused)


def changed(before: Mapping[str, str], case: Case) -> list[Step]:
    """What is not as it was before."""
    after = standing(case)
    return [Step(case.ref, name, before[name], after[name]) for name in FIELDS if before.get(name) != after[name]]


def _standing(hands: Hands, refs: Sequence[str]) -> dict[str, dict[str, str]]:
    clean = [ref for ref in refs if "\0" not in ref]
    return {case.ref: standing(case) for case in access_cases(hands.viewer).filter(ref__in=clean)}


def standing(case: Case) -> dict[str, str]:
    """The fields that can be taken back, as texts."""
    return {
        "assignee": case.assignee.slug if case.assignee else "",
        "severity": case.severity,
        "kind": case.kind,
        "snoozed_until": case.snoozed_until.isoformat() if case.snoozed_until else "",
    }
