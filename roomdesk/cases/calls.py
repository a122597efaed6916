"""Phone calls (D20): an answered inbound one is a first response at its time, an outbound one only if connected and noted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor
from roomdesk.cases import acting, services
from roomdesk.cases.history import note
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_case
from roomdesk.directory.errors import Conflict, Invalid
from roomdesk.directory.queries import Viewer

INBOUND, OUTBOUND = "inbound", "outbound"


@dataclass(frozen=True, slots=True)
class Call:
    """A call about a case. `at` is when it was answered, or placed in vain."""

    direction: str
    connected: bool
    at: datetime
    note: str = ""

    @property
    def answers(self) -> bool:
        """Whether the customer was spoken to. A call that was only placed is none, nor one of which nothing is noted."""
        return self.connected and (self.direction == INBOUND or bool(self.note.strip()))

    @property
    def outcome(self) -> str:
        return f"{self.direction} {'connected' if self.connected else 'in vain'}"


def note_call(viewer: Viewer, ref: str, call: Call, *, author: str, actor: Actor, now: datetime) -> Case:
    """Notes a call that `author` had or tried; where it answers, it counts as an answer of staff at its own time.

    Invalid for a direction that does not exist, or a time to come or before the case; Conflict for a closed case.
    """
    with transaction.atomic():
        held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
        entry = held.entry(ref)
        _check(entry.case, call, now)
        note(
            held.work,
            held.conversation,
            entry,
            "call",
            "",
            call.outcome,
            at=call.at,
            by=held.by,
            reason=call.note.strip(),
        )
        if call.answers:
            services.staff_answered(held.work, held.conversation, entry, call.at, held.by, f"call:{held.by}")
        held.flush()
    return access_case(ref, viewer)


def _check(case: Case, call: Call, now: datetime) -> None:
    if call.direction not in (INBOUND, OUTBOUND):
        raise Invalid(f'There is no direction "{call.direction}"; a call is inbound or outbound.', field="direction")
    if call.at > now:
        raise Invalid("The call lies in time to come; note it when it has been made.", field="at")
    if call.at < case.opened_at:
        raise Invalid(f"The call was before {case.ref} was opened, so it was no answer to it.", field="at")
    if case.state == Case.State.CLOSED:
        raise Conflict(f"{case.ref} is closed; reopen it before you note a call.", field="state")
