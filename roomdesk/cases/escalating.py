"""Staff escalate a case to specialists of a field, and send them home again (R26)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import acting, specialists
from roomdesk.cases.acting import Held
from roomdesk.cases.conversation import Open
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_case
from roomdesk.directory.errors import Conflict, Invalid
from roomdesk.directory.queries import Viewer, escalated, specialists_at
from roomdesk.rules import escalation


def do_escalate(
    viewer: Viewer,
    ref: str,
    field: str,
    *,
    reason: str = "",
    author: str | None = None,
    actor: Actor,
    now: datetime,
) -> Case:
    """Calls the specialists of `field` into the customer's room for this case. To the same field again changes nothing.

    Invalid for a field that the product does not have; Conflict where nobody is a specialist of it, or the case is not open.
    """
    field = field.strip().lower()
    with transaction.atomic():
        held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
        entry = held.exactly(ref)
        if field not in escalated([ref])[ref]:
            _check(held, entry, field)
            specialists.begin(held.work, held.conversation, entry, field, now, by=held.by, reason=reason)
            held.flush()
    return access_case(ref, viewer)


def _check(held: Held, entry: Open, field: str) -> None:
    case, product = entry.case, held.conversation.product
    people = {field: len(some) for field, some in specialists_at(case.product, held.work.now).items()}
    fields = product.specialists if product else ()
    found = escalation.refusal(case.ref, case.state, field, fields, people, is_open=entry.is_open)
    if found is not None:
        name, sentence = found
        is_known = field in fields or field in people
        raise (Conflict if is_known else Invalid)(sentence, field=name)


def do_deescalate(
    viewer: Viewer,
    ref: str,
    field: str = "",
    *,
    reason: str = "",
    author: str | None = None,
    actor: Actor,
    now: datetime,
) -> Case:
    """Ends the escalation to `field`, or all of them; who came for it alone leaves the room. What ended before stays so.

    Conflict for a field to which the case was never escalated.
    """
    field = field.strip().lower()
    with transaction.atomic():
        held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
        entry = held.exactly(ref)
        only = {field} if field else None
        ended = specialists.end(held.work, held.conversation, entry, now, by=held.by, reason=reason, only=only)
        if not ended:
            _check_was(entry, field)
        held.flush()
    return access_case(ref, viewer)


def _check_was(entry: Open, field: str) -> None:
    changes = entry.case.changes.filter(what="escalation", **({"after": field} if field else {}))
    if not changes.exists():
        where = f'to "{field[:40]}"' if field else "to anybody"
        raise Conflict(f"{entry.case.ref} is not escalated {where}.", field="field")
