"""Which case a message belongs to, with the reason (DESIGN §6, D10, D11).

Each step is a function from facts to a placement or None; their order stands in `place_customer` and `place_staff`.
Codes of `why` for customers: p0_joins, p0_own, thread, reply, reference, no_help, same_author, waiting, small_talk, follow_up, new;
for staff: thread, reply, reference, claimed, only_unanswered, only_turn, only_open, undecided.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal

from roomdesk.rules.confirmation import is_confirmation
from roomdesk.rules.small_talk import is_small_talk, normalised
from roomdesk.rules.why import Why

AuthorKind = Literal["customer", "staff", "desk", "other"]
UNDECIDED = "undecided"
SETTLED = frozenset({"resolved", "closed", "deflected", "merged"})
"""States in which only thread, reply or reference lead to a case (D15)."""
_REFERENCE = re.compile(r"[^\W\d_]{1,10}-([0-9]{1,9})(?![\w-])")
#: So many references of a text are looked at: a wall of them is no reference.
_MOST_NAMED = 20
_LOOKALIKES = str.maketrans("авекмнорстухі", "abekmhopctyxi")


@dataclass(frozen=True, slots=True)
class Said:
    """A message. `text` is the person's own (`own_text`); `thread_root` and `reply_to` are event ids; `at` by D13."""

    event_id: str
    at: datetime
    author_id: str
    author_kind: AuthorKind
    text: str
    msgtype: str = "m.text"
    thread_root: str | None = None
    reply_to: str | None = None
    has_file: bool = False


@dataclass(frozen=True, slots=True)
class OpenCase:
    """What grouping knows of a case. `last_by`: (author id, time) of each author's last message in it.

    `p0_at` is when it became P0; `answered` whether this cycle's first response is met; `is_staffs_turn` whether the
    customer spoke last in it. `other_refs` are the references of cases that were merged into it.
    """

    id: int
    ref: str
    severity: str
    state: str
    opened_at: datetime
    root_event_id: str | None
    p0: bool = False
    p0_at: datetime | None = None
    last_by: tuple[tuple[str, datetime], ...] = ()
    answered: bool = False
    waiting_customer: bool = False
    is_staffs_turn: bool = False
    other_refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CasePolicy:
    """Product data. `small_talk` holds phrases as `small_talk.normalised` writes them, `no_help` those that turn down an answer."""

    author_window: timedelta
    p0_window: timedelta = timedelta(minutes=30)
    small_talk: frozenset[str] = frozenset()
    no_help: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Placement:
    """`case_id` is the case it joins; `opens` asks for a new one; both unset: recorded without a case.

    `small_talk` says that it must not reopen, restart or answer anything; `linked_to` is the case a new one refers to.
    `confirms`: it says of a case that is not open any more that the resolution holds.
    """

    case_id: int | None
    opens: bool
    small_talk: bool
    linked_to: int | None
    why: Why
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a step may look at."""

    said: Said
    cases: Mapping[int, OpenCase]
    case_of_event: Mapping[str, int]
    policy: CasePolicy
    claimed: Collection[int]
    small_talk: bool
    confirms: bool = False
    #: Cases that a message may join without naming them, oldest first.
    unsettled: Sequence[OpenCase] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "unsettled", [case for case in self.cases.values() if case.state not in SETTLED])


def place_customer(
    said: Said,
    open_cases: Sequence[OpenCase],
    case_of_event: Mapping[str, int],
    policy: CasePolicy,
    p0: bool,
    *,
    is_idle: bool = False,
) -> Placement:
    """The case of a customer's message. `p0` is `first_word.is_p0` of it, `is_idle` triage's word that it is small talk; `open_cases` are the workspace's not closed ones.

    `case_of_event` covers messages of customers and staff and the desk's notices, also of cases that are not open:
    a reply there is a new case linked to the old one (small talk and confirmations stay with the old one and open nothing).
    """
    small_talk = not p0 and not said.has_file and (is_idle or is_small_talk(said.text, policy.small_talk))
    confirms = not p0 and not said.has_file and is_confirmation(said.text)
    facts = Facts(said, {case.id: case for case in open_cases}, case_of_event, policy, (), small_talk, confirms)
    if p0:
        return _p0(facts)
    for step in (_thread, _reply, _reference, _no_help, _same_author, _waiting, _small_talk):
        if placed := step(facts):
            return _customers(facts, placed)
    return _opens(None, "new", "No open case fits, so this is a new one.")


def place_staff(
    said: Said, open_cases: Sequence[OpenCase], case_of_event: Mapping[str, int], claimed: Collection[int] = ()
) -> Placement:
    """The case that a staff message answers (D10); `claimed` are the ids of the cases this person has taken.

    Never opens. `undecided` means: ask in the control room; the choice counts at the message's own time.
    """
    facts = Facts(said, {case.id: case for case in open_cases}, case_of_event, CasePolicy(timedelta()), claimed, False)
    for step in (_thread, _reply, _reference, _claimed, _only_unanswered, _only_turn, _only_open):
        if placed := step(facts):
            return placed
    return Placement(
        None, False, False, None, Why(UNDECIDED, "Several cases or none wait for an answer; staff decide.")
    )


def _p0(facts: Facts) -> Placement:
    said = facts.said
    recent = [
        case
        for case in facts.unsettled
        if case.p0_at and abs(said.at - case.p0_at) <= facts.policy.p0_window and case.p0
    ]
    if recent:
        case = max(recent, key=lambda case: (case.p0_at or case.opened_at, case.id))
        return _joins(
            case.id, "p0_joins", f"P0 joins {case.ref}, an open P0 of the last {_minutes(facts.policy.p0_window)}."
        )
    named = _thread(facts) or _reply(facts) or _reference(facts)
    linked = None if named is None else named.case_id
    return _opens(linked, "p0_own", "P0 is a case of its own: there is no open P0 recent enough to join.")


def _thread(facts: Facts) -> Placement | None:
    root = facts.said.thread_root
    return _by_event(facts, root, "thread", "It was written in the thread of {}.")


def _reply(facts: Facts) -> Placement | None:
    return _by_event(facts, facts.said.reply_to, "reply", "It replies to a message of {}.")


def _by_event(facts: Facts, event_id: str | None, code: str, words: str) -> Placement | None:
    case_id = facts.case_of_event.get(event_id) if event_id else None
    if case_id is None:
        return None
    case = facts.cases.get(case_id)
    return _joins(case_id, code, words.format(case.ref if case else "a case that is no longer open"))


def _reference(facts: Facts) -> Placement | None:
    """The first open case named; Cyrillic look-alikes count, people type references on a Bulgarian layout."""
    named = [folded(found.group()) for found in islice(_REFERENCE.finditer(facts.said.text), _MOST_NAMED)]
    cases = facts.cases.values() if named else ()
    by_ref = {folded(ref): case for case in cases for ref in (*case.other_refs, case.ref)}
    for ref in named:
        if case := by_ref.get(ref):
            return _joins(case.id, "reference", f"It names {case.ref}.")
    return None


def _no_help(facts: Facts) -> Placement | None:
    """ "That did not help" in the main line: the desk's newest answer to this person, else the only one there is (D14)."""
    said = facts.said
    if normalised(said.text) not in facts.policy.no_help:
        return None
    deflected = [case for case in facts.cases.values() if case.state == "deflected"]
    own = [case for case in deflected if any(author == said.author_id for author, _ in case.last_by)]
    if not own and len(deflected) != 1:
        return None
    case = max(own or deflected, key=lambda case: (case.opened_at, case.id))
    return _joins(case.id, "no_help", f"It says that the desk's answer in {case.ref} did not help.")


def _same_author(facts: Facts) -> Placement | None:
    said, window = facts.said, facts.policy.author_window
    author_id = said.author_id
    spoken = [
        (at, case.id, case.ref)
        for case in facts.unsettled
        for author, at in case.last_by
        if author == author_id and said.at - at <= window
    ]
    if not spoken:
        return None
    _, case_id, ref = max(spoken)
    return _joins(case_id, "same_author", f"The same person wrote in {ref} within {_minutes(window)}.")


def _waiting(facts: Facts) -> Placement | None:
    waiting = [case for case in facts.unsettled if case.waiting_customer]
    if len(waiting) != 1:
        return None
    return _joins(waiting[0].id, "waiting", f"{waiting[0].ref} is the only open case waiting for the customer.")


def _small_talk(facts: Facts) -> Placement | None:
    if not (facts.small_talk or facts.confirms):
        return None
    return Placement(None, False, True, None, Why("small_talk", "Small talk opens nothing."))


def _claimed(facts: Facts) -> Placement | None:
    mine = [case for case in facts.unsettled if case.id in facts.claimed and not case.answered]
    if len(mine) != 1:
        return None
    return _joins(mine[0].id, "claimed", f"{mine[0].ref} is the only unanswered case this person has taken.")


def _only_unanswered(facts: Facts) -> Placement | None:
    unanswered = [case for case in facts.unsettled if not case.answered]
    if len(unanswered) != 1:
        return None
    return _joins(unanswered[0].id, "only_unanswered", f"{unanswered[0].ref} is the only unanswered case.")


def _only_turn(facts: Facts) -> Placement | None:
    """Where every case has had its first response, the only one in which the customer waits for a word."""
    waiting = [case for case in facts.unsettled if case.is_staffs_turn]
    if len(waiting) != 1 or any(not case.answered for case in facts.unsettled):
        return None
    return _joins(waiting[0].id, "only_turn", f"{waiting[0].ref} is the only case in which the customer spoke last.")


def _only_open(facts: Facts) -> Placement | None:
    if len(facts.unsettled) != 1:
        return None
    case = facts.unsettled[0]
    return _joins(case.id, "only_open", f"{case.ref} is the only open case.")


def _customers(facts: Facts, placed: Placement) -> Placement:
    """A customer's word in a case that is not open any more begins a new one, unless it is small talk or confirms."""
    case = facts.cases.get(placed.case_id or 0)
    confirms = facts.confirms and (case is None or case.state in SETTLED)
    is_idle = facts.small_talk or confirms
    if placed.case_id is None or case is not None or is_idle:
        return replace(placed, small_talk=is_idle, confirms=confirms)
    return _opens(
        placed.case_id, "follow_up", "It belongs to a case that is no longer open, so it is a new one linked to that."
    )


def _joins(case_id: int, code: str, words: str) -> Placement:
    return Placement(case_id, False, False, None, Why(code, words))


def _opens(linked_to: int | None, code: str, words: str) -> Placement:
    return Placement(None, True, False, linked_to, Why(code, words))


def _minutes(window: timedelta) -> str:
    return f"{window // timedelta(minutes=1)} minutes"


def folded(ref: str) -> str:
    """A reference for comparison: case and Cyrillic look-alikes aside."""
    return ref.casefold().translate(_LOOKALIKES)


def numbers_named(text: str) -> list[int]:
    """The numbers of the references in a text (the first twenty), whether there are such cases or not."""
    return [int(found.group(1)) for found in islice(_REFERENCE.finditer(text), _MOST_NAMED)]
