"""Staff change a case: severity, kind, assignee, state, snooze; one or several at once, all or nothing.

What is so already is no change: the same request again writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import acting, incidents, life, paging, together
from roomdesk.cases.acting import Held
from roomdesk.cases.conversation import Open
from roomdesk.cases.history import note
from roomdesk.cases.life import Resolution
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_case
from roomdesk.cases.together import Hands, Together
from roomdesk.clocks import services as clocks
from roomdesk.directory.errors import Conflict, Invalid
from roomdesk.directory.queries import Viewer
from roomdesk.oncall import needs
from roomdesk.product.problems import listed
from roomdesk.product.queries import product_of
from roomdesk.product.schema import Product
from roomdesk.rules import case_states
from roomdesk.rules.errors import RuleError

DOWNWARD = "downward"
LONGEST_SNOOZE = timedelta(days=366)


class Kept(Enum):
    """What is not asked for stays as it is; None would take it away."""

    KEPT = 0


KEPT = Kept.KEPT


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be changed; None (or `KEPT`, where None means nobody or never) leaves a thing as it is.

    `fix`, `root_cause` and `root_cause_unknown` belong to the state `resolved`; so does `alone`: the cases attached to an
    incident that this one leads are not resolved with it.
    """

    severity: str | None = None
    kind: str | None = None
    state: str | None = None
    assignee: str | Kept | None = KEPT
    snoozed_until: datetime | Kept | None = KEPT
    reason: str = ""
    fix: str = ""
    root_cause: str = ""
    root_cause_unknown: bool = False
    alone: bool = False


def do_change(
    viewer: Viewer,
    ref: str,
    change: Change,
    *,
    author: str | None = None,
    actor: Actor,
    now: datetime,
    patient: bool = True,
) -> Case:
    """Changes the case. NotFound, Forbidden, Invalid with the field, or Conflict where its state is against it.

    The resolution of a case that leads an incident resolves the open cases attached to it too, all or none; `patient` as in
    `together.Hands`.
    """
    with transaction.atomic():
        found, attached = _hold(Hands(viewer, author, actor, now, patient), ref, change)
        held = found.held(ref)
        entry = held.exactly(ref)
        was_open = entry.is_open
        _check_whole(entry, change)
        before = entry.case.severity, entry.case.state, entry.case.assignee_id
        reclassify(held, entry, change)
        _assign(held, entry, change)
        _move(held, entry, change)
        _snooze(held, entry, change)
        _page(held, entry, *before)
        if was_open and attached:
            incidents.resolve_attached(found, entry.case, _resolution(change), attached)
        found.flush()
    return access_case(ref, viewer)


def _page(held: Held, entry: Open, severity: str, state: str, assignee_id: int | None) -> None:
    """Whoever takes the case or moves it on has its page; who calls it critical has somebody woken (R38, D12)."""
    case = entry.case
    if case.state != state or (case.assignee_id != assignee_id and case.assignee_id is not None):
        via = {"token": "rest", "cli": "cli"}.get(held.work.actor.kind, "console")
        paging.human_acted(held.work, held.conversation, entry, by=held.by, via=via)
    if case.severity != severity:
        paging.by_staff(held.work, held.conversation, entry, by=held.by)


def _hold(hands: Hands, ref: str, change: Change) -> tuple[Together, Sequence[str]]:
    """The case's lane, and those of the cases that are resolved with it; and which these are, now that the lanes are held."""
    if change.state != Case.State.RESOLVED or change.alone:
        return together.hold(hands, [ref]), ()
    case = access_case(ref, hands.viewer)
    found = together.hold(hands, [ref, *incidents.goes_along(case)])
    return found, incidents.goes_along(case)


def _check_whole(entry: Open, change: Change) -> None:
    if change.state != Case.State.RESOLVED:
        for field in ("fix", "root_cause", "root_cause_unknown", "alone"):
            if getattr(change, field):
                raise Invalid(f"The field {field} belongs to the state resolved; give that state too.", field=field)
    moves_on = change.severity or change.kind or change.snoozed_until not in (KEPT, None)
    if moves_on and not entry.is_open:
        raise Conflict(f"{entry.case.ref} is {entry.case.state}; reopen it before you change it.", field="state")


def _product(entry: Open) -> Product:
    """The version that the present cycle was promised by: what it does not have, the case cannot become."""
    return product_of(entry.cycle.product_version_id)


def reclassify(held: Held, entry: Open, change: Change) -> None:
    """Kind and severity, where they are given, with their history and their clocks (D17)."""
    product, case = _product(entry), entry.case
    severity, kind = change.severity or case.severity, change.kind or case.kind
    if severity not in product.severity_slugs:
        known = listed(product.severity_slugs)
        raise Invalid(f'There is no severity "{severity}" here; this product has {known}.', field="severity")
    if kind not in product.kinds:
        raise Invalid(f'There is no kind "{kind}" here; this product has {listed(product.kinds)}.', field="kind")
    changed = [name for name, new in (("kind", kind), ("severity", severity)) if getattr(case, name) != new]
    if not changed:
        return
    mark = _direction(product, case, severity, change.reason)
    before = {name: getattr(case, name) for name in changed}
    case.kind, case.severity = kind, severity
    # Nothing makes a case less restricted: what was said in it as a matter of security stays one (D22).
    case.is_restricted = case.is_restricted or product.kinds[kind].restricted
    held.work.update(case, "kind", "severity", "is_restricted")
    for name in changed:
        marked = mark if name == "severity" else ""
        _note(held, entry, name, before[name], getattr(case, name), change.reason, marked)
    _retarget(held, entry, "+".join(changed), change.reason)


def _direction(product: Product, case: Case, severity: str, reason: str) -> str:
    """D17: who lowers a severity says why, and the report lists it."""
    ranks = product.severity_slugs
    before = ranks.index(case.severity) if case.severity in ranks else len(ranks)
    if ranks.index(severity) <= before:
        return ""
    if not reason.strip():
        sentence = f"{case.ref} is {case.severity}; to lower it to {severity}, give the reason."
        raise Invalid(sentence, field="reason")
    return DOWNWARD


def _retarget(held: Held, entry: Open, cause: str, reason: str) -> None:
    now = held.work.now
    clocks.reclassified(
        held.work,
        entry.subject(held.conversation, now),
        entry.clocks,
        cycle_started_at=entry.cycle.started_at,
        at=now,
        by=held.by,
        cause=cause,
        reason=reason,
    )


def _assign(held: Held, entry: Open, change: Change) -> None:
    if isinstance(change.assignee, Kept):
        return
    case, slug = entry.case, change.assignee
    person = acting.staff_named(slug, case.workspace, held.work.now, "assignee") if slug else None
    if (person.pk if person else None) == case.assignee_id:
        return
    if case.state in (Case.State.CLOSED, Case.State.MERGED):
        raise Conflict(f"{case.ref} is {case.state}; nobody works on it.", field="assignee")
    before = case.assignee.slug if case.assignee else ""
    case.assignee = person
    held.work.update(case, "assignee")
    needs.take(held.work, held.conversation.workspace, case.ref, person)
    _note(held, entry, "assignee", before, person.slug if person else "", change.reason)


def _move(held: Held, entry: Open, change: Change) -> None:
    state, case = change.state, entry.case
    if state is None:
        return
    try:
        case_states.check_move(case.ref, case.state, state)
    except RuleError as error:
        raise _refusal(state, str(error)) from error
    if state == case.state:
        return
    wanted, now = Case.State(state), held.work.now
    if wanted == Case.State.RESOLVED:
        life.resolve(held.work, held.conversation, entry, _resolution(change), now, by=held.by, reason=change.reason)
    elif wanted == Case.State.NEW:
        life.revive(held.work, held.conversation, entry, now, by=held.by, reason=change.reason)
    elif wanted == Case.State.CLOSED:
        life.close(held.work, held.conversation, entry, now, by=held.by, reason=change.reason)
    else:
        life.change_state(held.work, held.conversation, entry, wanted, now, by=held.by, reason=change.reason)


def _refusal(state: str, sentence: str) -> Invalid | Conflict:
    return (Conflict if state in Case.State.values else Invalid)(sentence, field="state")


def _resolution(change: Change) -> Resolution:
    fix, cause = change.fix.strip(), change.root_cause.strip()
    lacks = case_states.check_resolution(fix, cause, change.root_cause_unknown)
    if lacks:
        raise Invalid(lacks[1], field=lacks[0])
    return Resolution(fix, cause, change.root_cause_unknown)


def _snooze(held: Held, entry: Open, change: Change) -> None:
    until, case = change.snoozed_until, entry.case
    if isinstance(until, Kept) or until == case.snoozed_until:
        return
    if until is None:
        life.wake(held.work, held.conversation, entry, held.work.now, by=held.by, reason=change.reason)
        return
    if not held.work.now < until <= held.work.now + LONGEST_SNOOZE:
        raise Invalid("A case can be snoozed until a time to come, within a year.", field="snoozed_until")
    life.snooze(held.work, held.conversation, entry, until, by=held.by, reason=change.reason)


def do_reopen(
    viewer: Viewer, ref: str, *, reason: str = "", author: str | None = None, actor: Actor, now: datetime
) -> Case:
    """Staff reopen a resolved or closed case: a new cycle, without a first response until the customer speaks (D19).

    An open case stays as it is; Conflict for one that was merged or answered automatically.
    """
    with transaction.atomic():
        held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
        entry = held.exactly(ref)
        if not entry.is_open:
            _check_reopening(entry.case)
            life.reopen(held.work, held.conversation, entry, now, by=held.by, by_customer=False, reason=reason)
            held.flush()
    return access_case(ref, viewer)


def _check_reopening(case: Case) -> None:
    if case.state not in (Case.State.RESOLVED, Case.State.CLOSED):
        raise Conflict(f"{case.ref} is {case.state}; only what was resolved or closed can be reopened.", field="state")


def _note(held: Held, entry: Open, what: str, before: str, after: str, reason: str, mark: str = "") -> None:
    note(
        held.work,
        held.conversation,
        entry,
        what,
        before,
        after,
        at=held.work.now,
        by=held.by,
        reason=reason,
        mark=mark,
    )
