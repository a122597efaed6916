"""What the control room says of a case: the card on top of its thread, and what is told in the thread (D9, D18, D22). Pure.

Nothing of what customers say stands in it: that is redacted and erased in one place, the record, and the card has a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from roomdesk.rules.clock_steps import BREACH

CLOCKS = {"first_response": "First response", "update": "Update", "resolution": "Resolution"}
#: Asked of staff where triage found nothing: better than a guess.
UNKNOWN = "The desk could not tell what this is. Say it: !desk kind question, for instance."
_ENDED = frozenset({"resolved", "closed"})
#: Changes that are told in the thread, beside those of the state; the others only show on the card.
_TOLD = {"severity": "Severity", "kind": "Kind"}
_MOVED = {
    "merge": "Merged into {after}.",
    "merged": "{after} was merged into this case.",
    "unmerge": "The merge into {before} was undone.",
    "incident": "Attached to the incident of {after}.",
    "attached": "{after} was attached to this incident.",
    "link": "Has to do with {after}.",
    "satisfaction": "The customer says of the resolution: {after}.",
    "unmerged": "The merge of {before} was undone.",
}


_MISUSE = {
    "marked": "Recorded by {by}: this P0 was none. The next one of this workspace is less urgent, and delivered all the same.",
    "appealed": "{by} appeals: it was one. Please look; to lift it: !desk misuse lift with the reason.",
    "lifted": "Lifted by {by}: it counts no more.",
}
_PAGES = {
    "paged": "P0: the engineer on call is paged.",
    "notified": "P0 in business hours, without a page: it is yours to take.",
    "answered": "P0 without cover at this hour: nobody is woken, and the customer was told until when somebody answers.",
    "joined": "Another P0 in this case.",
    "edited": "A message of the customer was edited to begin with P0. Nobody is woken by an edit; please look.",
    "accepted": "The page is on its way.",
    "unreached": "No way has taken the page yet. Whoever reads this: please take the case.",
    "escalated": "Nobody has acknowledged the page yet. Whoever reads this: please take the case.",
    "acknowledged": "{by} has the page.",
    "unacknowledged": "It waited too long in the hands of {by}; nobody has the page now. Whoever reads this: please take the case.",
    "resolved": "",
}


_ENDS = {
    "incident": "Detached from the incident of {before}.",
    "attached": "{before} was detached from this incident.",
    "link": "No longer linked to {before}.",
}


@dataclass(frozen=True, slots=True)
class ClockFact:
    """A clock of the present cycle that still runs. `due`, in words, is empty where nothing is promised, or while it is paused."""

    kind: str
    due: str = ""
    is_late: bool = False
    is_soft: bool = False
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class CaseFact:
    """A case as its card shows it; all texts are ready to be read. `assignee` is empty for nobody."""

    ref: str
    workspace: str
    tier: str
    severity: str
    state: str
    assignee: str
    link: str
    answered: str = ""
    is_p0: bool = False
    is_restricted: bool = False
    #: Fields whose specialists are called in.
    escalated: tuple[str, ...] = ()
    #: The case that leads its incident, and how many are attached where it leads one itself.
    leader: str = ""
    attached: int = 0
    #: Nothing told the desk what it is, and staff have not said it either.
    is_unknown: bool = False
    clocks: tuple[ClockFact, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of the case, as its history has it."""

    what: str
    before: str
    after: str
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A step of a clock: percent of the target used, 100 for the breach. `due` in words."""

    clock: str
    step: int
    due: str
    is_soft: bool = False
    is_late: bool = False


def card(case: CaseFact) -> str:
    """The card's text, equal for equal facts. Of a restricted case only reference, assignee and clock (D22)."""
    head = [case.ref, "restricted"] if case.is_restricted else _head(case)
    asked = UNKNOWN if case.is_unknown and not case.is_restricted else ""
    lines = [" · ".join(head), *map(_clock, case.clocks), _who(case), _incident(case), asked, case.link]
    if case.is_restricted:
        lines.append("Everybody in this room would read a note written here; write it in the console.")
    return "\n".join(line for line in lines if line)


def _head(case: CaseFact) -> list[str]:
    found = [case.ref, case.workspace, case.tier, _plain(case.severity)]
    return [*filter(None, found), *(["P0"] if case.is_p0 else []), _plain(case.state)]


def _who(case: CaseFact) -> str:
    whose = f"Assignee: {case.assignee or 'nobody'}"
    called = f"escalated to {', '.join(case.escalated)}" if case.escalated and not case.is_restricted else ""
    return " · ".join(filter(None, [whose, called, f"answered {case.answered}" if case.answered else ""]))


def _incident(case: CaseFact) -> str:
    if case.attached:
        return f"Leads an incident: {case.attached} attached"
    return f"Attached to the incident of {case.leader}" if case.leader else ""


def _clock(clock: ClockFact) -> str:
    name = CLOCKS.get(clock.kind, clock.kind)
    if clock.is_late:
        return f"{name}: {'past its aim of' if clock.is_soft else 'late, it was due'} {clock.due}"
    if clock.is_paused:
        return f"{name}: paused"
    return f"{name}: {'aimed at' if clock.is_soft else 'due'} {clock.due}" if clock.due else ""


def changed_words(case: CaseFact, change: Changed) -> str:
    """What the thread says of a change; empty where the card says enough."""
    words = _change(change)
    with_reason = words and change.reason and not case.is_restricted
    return f"{words} Reason: {change.reason}" if with_reason else words


def _change(change: Changed) -> str:
    by = f", by {change.by}"
    if change.what == "state" and change.after == "resolved":
        return f"Resolved{by}."
    if change.what == "state" and change.before in _ENDED and change.after not in _ENDED:
        return f"Reopened{by}."
    if change.what in _TOLD and change.before != change.after:
        return f"{_TOLD[change.what]}: {_plain(change.before)} → {_plain(change.after)}{by}."
    if change.what == "assignee":
        return f"Assignee: {change.before or 'nobody'} → {change.after or 'nobody'}{by}."
    if change.what == "escalation":
        return f"Escalated to {change.after}{by}." if change.after else f"No longer escalated to {change.before}{by}."
    if change.what == "page":
        return _PAGES.get(change.after, "").format(by=change.by)
    if change.what == "misuse":
        return _MISUSE.get(change.after, "").format(by=change.by)
    table = _MOVED if change.after or change.what not in _ENDS else _ENDS
    return table.get(change.what, "").format(before=change.before, after=change.after)


def pressed_words(pressed: Pressed) -> str:
    """What the thread says of a warning or a breach."""
    name = CLOCKS.get(pressed.clock, pressed.clock)
    if pressed.step >= BREACH:
        said = f"{name}: {'past its aim of' if pressed.is_soft else 'late, it was due'} {pressed.due}."
    else:
        said = (
            f"{name}: {pressed.step} % of the time is used, {'aimed at' if pressed.is_soft else 'due'} {pressed.due}."
        )
    return f"{said} Told late." if pressed.is_late else said


def question_words(author: str, workspace: str, choices: Sequence[str], link: str, answer: str) -> str:
    """What the room asks where nothing says which case an answer of staff belongs to (D10); `answer` once somebody has said."""
    asked = f"{author} wrote in the room of {workspace}, and nothing says which case it answers: {', '.join(choices)}?"
    return f"{asked}\n{answer or f'Choose here: {link}'}"


def _plain(slug: str) -> str:
    """`waiting_customer` as `Waiting customer`."""
    return slug.replace("_", " ").replace("-", " ").capitalize()
