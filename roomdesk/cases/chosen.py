"""Messages that staff take out of a case: found, checked, put elsewhere; and both cases told from what is left in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock
from roomdesk.clocks.writing import note, remind
from roomdesk.directory.errors import Conflict, Invalid
from roomdesk.record.models import Message

SPEECH = (Message.Kind.MESSAGE, Message.Kind.FILE)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes and what stays, in order of time. `beside` are edits, reactions and redactions of what goes."""

    going: Sequence[Message]
    staying: Sequence[Message]
    beside: Sequence[Message]

    @property
    def event_ids(self) -> set[str]:
        """By these the clocks that they stopped name them."""
        return {name_of(message) for message in self.going}


def name_of(message: Message) -> str:
    """How a clock names the message that stopped it."""
    return message.external_id or f"message:{message.pk}"


def choose(entry: Open, ids: Collection[int]) -> Chosen:
    """The messages of the case with these ids. Invalid (`messages`) for none, or for one that is not a message of the case.

    Conflict where no customer's word would stay: that is a merge, or the case itself.
    """
    case = entry.case
    if not ids:
        raise Invalid("No message is named; give at least one.", field="messages")
    rows = list(
        Message.objects.filter(case=case, workspace_id=case.workspace_id).select_related("author").order_by("at", "id")
    )
    said = [message for message in rows if message.kind in SPEECH]
    strangers = set(ids) - {message.pk for message in said}
    if strangers:
        raise Invalid(f"{min(strangers)} is no message of {case.ref}; `case show` lists them.", field="messages")
    going = [message for message in said if message.pk in set(ids)]
    staying = [message for message in said if message.pk not in set(ids)]
    if said_by(going, "customer") and not said_by(staying, "customer"):
        raise Conflict(f"No word of the customer would stay in {case.ref}; merge the cases instead.", field="messages")
    events = {message.external_id for message in going} - {""}
    return Chosen(going, staying, [m for m in rows if m.kind not in SPEECH and m.target in events])


def said_by(messages: Sequence[Message], kind: str) -> list[Message]:
    return [message for message in messages if message.author_kind == kind]


def put(work: Work, chosen: Chosen, into: Open, why: tuple[str, str]) -> None:
    """Files the chosen messages, and what speaks of them, in another case."""
    for message in (*chosen.going, *chosen.beside):
        message.case, message.why_code, message.why = into.case, *why
        work.update(message, "case", "why_code", "why")


def retell(work: Work, entry: Open, said: Sequence[Message]) -> None:
    """When customer and staff spoke last, from the messages that the case has now."""
    entry.changed()
    case = entry.case
    case.last_customer_at = max((m.at for m in said_by(said, "customer")), default=None)
    case.last_staff_at = max((m.at for m in said_by(said, "staff")), default=None)
    work.update(case, "last_customer_at", "last_staff_at")


def redecide(work: Work, conversation: Conversation, entry: Open, chosen: Chosen, cause: str) -> None:
    """A first response that one of the leaving messages gave: the next answer that stays gives it, or it is awaited again."""
    found = Clock.objects.filter(case=entry.case, kind=Clock.Kind.FIRST_RESPONSE, stopped_by__in=chosen.event_ids)
    for clock in found.exclude(state=Clock.State.CANCELLED).select_related("cycle"):
        subject = entry.subject(conversation, work.now, clock.cycle)
        answers = [m for m in said_by(chosen.staying, "staff") if m.at >= clock.started_at]
        if answers:
            clocks.stop(work, subject, clock, at=answers[0].at, by=name_of(answers[0]))
        else:
            _await_again(work, entry, clock, cause)
            note(work, subject, clock, "awaited_again", cause=clock.cause or None)
            remind(work, subject, clock, work.now)
        if clock.cycle_id == entry.cycle.pk:
            _answered(work, entry, answers[0].at if answers else None)


def _await_again(work: Work, entry: Open, clock: Clock, cause: str) -> None:
    clock.stopped_at, clock.stopped_by = None, ""
    # Answered late it stays late; answered in time it runs again.
    if clock.breached_at is None:
        clock.state = Clock.State.RUNNING
        if clock.due_at is not None and clock.due_at < work.now:
            # Late only because the answer that had met it turned out to be one to something else (D16).
            clock.cause, clock.without = cause, ""
    work.update(clock, "stopped_at", "stopped_by", "state", "cause", "without")
    if clock.cycle_id == entry.cycle.pk:
        entry.clocks.append(clock)


def _answered(work: Work, entry: Open, at: datetime | None) -> None:
    entry.case.answered_at = at
    work.update(entry.case, "answered_at")
