"""Split: messages of a case become a case of their own, decided from them alone (D16). Move: they go to another case."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import acting, services, triaging
from roomdesk.cases.acting import Held
from roomdesk.cases.chosen import Chosen, choose, name_of, put, redecide, retell, said_by
from roomdesk.cases.conversation import Open
from roomdesk.cases.history import note
from roomdesk.cases.models import Case
from roomdesk.cases.opening import Opening, open_case
from roomdesk.cases.queries import access_case
from roomdesk.cases.questions import back_date
from roomdesk.cases.speaking import is_here
from roomdesk.clocks.policy import calendar_of, target_rows
from roomdesk.directory.errors import Conflict, Invalid
from roomdesk.directory.queries import Viewer
from roomdesk.product.queries import product_of
from roomdesk.record.models import Message
from roomdesk.rules.due_time import due
from roomdesk.rules.first_word import is_p0
from roomdesk.rules.severity import choose_target

SPLIT, MOVE = "split", "move"


@dataclass(frozen=True, slots=True)
class Parting:
    """Which messages leave (their ids), and why; what the new case is, where that is known better than the desk does."""

    messages: Collection[int]
    reason: str = ""
    severity: str | None = None
    kind: str | None = None


def do_split(
    viewer: Viewer, ref: str, parting: Parting, *, author: str | None = None, actor: Actor, now: datetime
) -> Case:
    """Makes a case of the chosen messages; returns it. It began with the customer's first message among them, its clocks too.

    Invalid where none of them is a customer's. A breach that exists only by the split carries `caused_by = split`.
    """
    with transaction.atomic():
        held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
        entry = held.exactly(ref)
        _check_takes(entry)
        chosen = choose(entry, parting.messages)
        made = _open(held, entry, chosen, parting)
        put(held.work, chosen, made, (SPLIT, f"Staff split it from {ref}."))
        _replay(held, made, chosen)
        _left(held, entry, chosen, SPLIT, made.case.ref, parting.reason)
        held.flush()
    return access_case(made.case.ref, viewer)


def _open(held: Held, entry: Open, chosen: Chosen, parting: Parting) -> Open:
    asked = said_by(chosen.going, "customer")
    if not asked:
        raise Invalid("None of these messages is a customer's, so nobody asked for a case.", field="messages")
    product = product_of(entry.cycle.product_version_id)
    _check_known("severity", parting.severity, product.severity_slugs)
    _check_known("kind", parting.kind, product.kinds)
    first, p0 = asked[0], any(is_p0(message.body) for message in asked)
    words = "\n".join(message.edited_body or message.body for message in asked)
    judged = triaging.judge(held.conversation, words, p0=p0, version_id=entry.cycle.product_version_id)
    kind, severity = parting.kind or judged.kind, parting.severity or judged.severity
    opening = Opening(
        text=first.body,
        words=words,
        at=first.at,
        channel=first.channel,
        author=first.author,
        is_p0=p0,
        root_event_id=first.external_id if is_here(held.conversation, first.address) else "",
        # A thread cannot begin at a message that stands in one.
        thread_root=first.thread_root if is_here(held.conversation, first.address) else "",
        linked_to=entry.case.pk,
        kind=kind,
        severity=severity,
        is_restricted=entry.case.is_restricted or product.kinds[kind].restricted,
        cause=SPLIT if _is_late_already(held, entry, first.at, severity, kind) else "",
        version_id=entry.cycle.product_version_id,
    )
    return open_case(held.work, held.conversation, opening, by=held.by)


def _check_known(field: str, given: str | None, known: Collection[str]) -> None:
    if given is not None and given not in known:
        raise Invalid(f'There is no {field} "{given}" here; this product has {", ".join(known)}.', field=field)


def _is_late_already(held: Held, entry: Open, at: datetime, severity: str, kind: str) -> bool:
    """Whether the new case's first response was due before anybody could know that it is a case of its own."""
    terms, version = held.conversation.terms_at(at), entry.cycle.product_version_id
    chosen = choose_target(target_rows(version), terms.tier, tuple(terms.addons), kind, severity)
    if chosen is None:
        return False
    row = chosen.row
    due_at = due(calendar_of(version, row.calendar) if row.calendar else None, row.target, at)
    return due_at is not None and due_at < held.work.now


def _replay(held: Held, made: Open, chosen: Chosen) -> None:
    """What came after the first message happens again in the new case, each thing at its own time."""
    for message in chosen.going:
        if message.author_kind == Message.Author.STAFF and message.at >= made.case.opened_at:
            services.staff_answered(
                held.work, held.conversation, made, message.at, message.author_ref, name_of(message)
            )
    retell(held.work, made, chosen.going)


def do_move(
    viewer: Viewer,
    ref: str,
    into: str,
    parting: Parting,
    *,
    author: str | None = None,
    actor: Actor,
    now: datetime,
) -> Case:
    """Puts single messages of a case into another one of the workspace; returns that. Answers count there at their own time.

    Invalid for the same case or another workspace; Conflict for a case that takes no words, or is less restricted.
    """
    with transaction.atomic():
        held = acting.hold(viewer, ref, into, author=author, actor=actor, now=now)
        entry, target = held.exactly(ref), held.exactly(into)
        if entry is target:
            raise Invalid(f"The messages are in {ref} already.", field="to")
        _check_takes(entry)
        _check_takes(target)
        check_restriction(entry, target, "to")
        chosen = choose(entry, parting.messages)
        put(held.work, chosen, target, ("moved", f"Staff moved it here from {ref}."))
        _left(held, entry, chosen, MOVE, into, parting.reason)
        _arrived(held, target, chosen)
        held.flush()
    return access_case(into, viewer)


def _check_takes(entry: Open) -> None:
    if not (entry.is_open or entry.case.state == Case.State.RESOLVED):
        raise Conflict(f"{entry.case.ref} is {entry.case.state}; reopen it first.", field="state")


def check_restriction(entry: Open, target: Open, field: str) -> None:
    """What was said under restriction never comes into a case that more people see (D16, D22)."""
    if entry.case.is_restricted and not target.case.is_restricted:
        sentence = f"{entry.case.ref} is restricted and {target.case.ref} is not; more people would see it."
        raise Conflict(sentence, field=field)


def _left(held: Held, entry: Open, chosen: Chosen, what: str, other: str, reason: str) -> None:
    redecide(held.work, held.conversation, entry, chosen, what)
    retell(held.work, entry, chosen.staying)
    note(held.work, held.conversation, entry, what, "", other, at=held.work.now, by=held.by, reason=reason)


def _arrived(held: Held, target: Open, chosen: Chosen) -> None:
    for message in said_by(chosen.going, "staff"):
        back_date(held.work, held.conversation, target, message)
    case = target.case
    asked = said_by(chosen.going, "customer")
    last = max((m.at for m in asked), default=None)
    if last is not None and (case.last_customer_at is None or last > case.last_customer_at):
        case.last_customer_at = last
        held.work.update(case, "last_customer_at")
