"""Writing down that somebody agreed or refused, whichever way it came: evidence, state, chain, and what the room is told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from roomdesk.audit.work import Actor, Work
from roomdesk.cases.conversation import Conversation
from roomdesk.consent import events, mailing, saying
from roomdesk.consent.asking import close
from roomdesk.consent.models import Grant, Request
from roomdesk.directory.models import Person
from roomdesk.rules.consent_answer import State
from roomdesk.rules.consent_life import Given, Missing, still_missing

_TOLD = {Missing.NOTHING: "consent.recorded", Missing.OTHERS: "consent.more", Missing.PROOF: "consent.proof"}


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody wrote, with its evidence: `raw` as it came, `session` of the page (JSON), empty for a message."""

    person: Person
    sender: str
    role: str
    channel: str
    text: str
    raw: str
    at: datetime
    event_id: str = ""
    step_up: bool = False
    session: str = ""


def given(grants: Sequence[Grant]) -> list[Given]:
    return [Given(str(grant.person_id), grant.step_up) for grant in grants]


def record(
    work: Work, conversation: Conversation, request: Request, before: Sequence[Grant], word: Word
) -> tuple[Grant, Missing]:
    """Keeps a grant and says what it still needs. The verdict is the caller's; `before` is what was given already."""
    grant = Grant(
        id=work.new_id(Grant),
        request=request,
        person=word.person,
        sender=word.sender,
        role=word.role,
        channel=word.channel,
        event_id=word.event_id,
        text=word.text,
        raw=word.raw,
        at=word.at,
        recorded_at=work.now,
        step_up=word.step_up,
        session=word.session,
    )
    work.insert(grant)
    needs = still_missing(given([*before, grant]), approvers=request.approvers, high_risk=request.high_risk)
    work.audit(
        "consent.given", f"consent:{request.ref}", _evidence(request, grant, needs), scope=conversation.scope, actor=Actor("person", word.person.slug)
    )  # fmt: skip
    if needs is Missing.NOTHING:
        request.state, request.granted_at = State.GRANTED, work.now
        work.update(request, "state", "granted_at")
        events.changed(work, request)
    saying.say(work, conversation, request, _TOLD[needs], f"given:{grant.pk}", person=word.person.name)
    mailing.receipts(work, conversation, request, grant)
    return grant, needs


def _evidence(request: Request, grant: Grant, needs: Missing) -> dict[str, object]:
    names = ("sender", "role", "channel", "event_id", "text", "at", "step_up", "session")
    told = {name: getattr(grant, name) for name in names}
    return {
        "ref": request.ref,
        "action_sha256": request.action_sha256,
        "phrase": request.phrase,
        "person": grant.person.slug,
        **told,
        "raw_sha256": hashlib.sha256(grant.raw.encode()).hexdigest(),
        "needs": str(needs) or None,
    }


def refuse(
    work: Work, conversation: Conversation, request: Request, person: Person, event_id: str, channel: str
) -> None:
    """Somebody who may agree says no: the request is over, and a grant of it that was not used, too."""
    close(work, conversation, request, State.REFUSED, person.slug, f"{channel} {event_id}".strip())
    saying.say(work, conversation, request, "consent.refused", "refused", person=person.name)
