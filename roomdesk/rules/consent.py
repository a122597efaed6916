"""Whether a message grants a consent request (R30–R34, D43, DESIGN §9). It does if everything holds, and on any doubt it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from roomdesk.rules.consent_phrase import is_phrase

Relation = Literal["none", "reply", "thread", "edit", "reaction", "forward"]
_NOT_NEW = frozenset({"edit", "reaction", "forward"})


class Verdict(StrEnum):
    """Why a message counts or does not, in the words of the evidence."""

    GRANTED = "granted"
    NOT_A_NEW_MESSAGE = "not_a_new_message"
    WRONG_THREAD = "wrong_thread"
    AMBIGUOUS = "ambiguous"
    NO_AUTHORITY = "no_authority"
    TOO_EARLY = "too_early"
    EXPIRED = "expired"
    NOT_THE_PHRASE = "not_the_phrase"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the phrase to write, the roles that may, and from when until when (the end no longer counts)."""

    event_id: str
    phrase: str
    who_may: Sequence[str]
    opened_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody wrote. `role` is theirs at `sent_at`; `relates_to` the event that a relation names."""

    role: str
    text: str
    sent_at: datetime
    relation: Relation
    relates_to: str | None = None
    formatted: str | None = None


def judge(request: Request, answer: Answer, open_requests: int) -> Verdict:
    """The verdict on an answer. `open_requests`: those open in the room, or opened or withdrawn in the last ten minutes (D43)."""
    if answer.relation in _NOT_NEW:
        return Verdict.NOT_A_NEW_MESSAGE
    if answer.relation != "none" and answer.relates_to != request.event_id:
        return Verdict.WRONG_THREAD
    if answer.relation == "none" and open_requests != 1:
        return Verdict.AMBIGUOUS
    if answer.role not in request.who_may:
        return Verdict.NO_AUTHORITY
    if answer.sent_at <= request.opened_at:
        return Verdict.TOO_EARLY
    if answer.sent_at >= request.expires_at:
        return Verdict.EXPIRED
    is_reply, answers = answer.relation == "reply", answer.relation != "none"
    written = is_phrase(request.phrase, answer.text, answer.formatted, is_reply=is_reply, answers=answers)
    return Verdict.GRANTED if written else Verdict.NOT_THE_PHRASE
