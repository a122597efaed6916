"""Whether the customer was helped: asked once after each resolution, answered by one reaction, in the portal or by REST.

An answer is the cycle's own: it reopens nothing, and the newest one counts. A good one confirms the resolution, whichever way
it came, and so closes the case; a check mark confirms too, and is no answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.cases import confirming, loading, satisfaction_question
from roomdesk.cases.acting import NO_CYCLE
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.history import note
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_case
from roomdesk.channels.matrix.events import Heard
from roomdesk.directory.errors import Conflict, Invalid
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer, active_person, authority
from roomdesk.queues import lanes
from roomdesk.queues.signals import live
from roomdesk.record.models import Message
from roomdesk.rules.confirmation import is_confirming_sign
from roomdesk.rules.satisfaction import GOOD, SCORES, score_of

if TYPE_CHECKING:
    from roomdesk.cases.hearing import Claimed


def reacted(
    work: Work, conversation: Conversation, heard: Heard, item: Claimed, original: Message, person: Person | None
) -> None:
    """A customer has reacted to a message of the room."""
    entry = satisfaction_question.asked_about(conversation, original)
    if entry is None:
        return
    score = score_of(heard.body)
    if score is not None:
        _rate(work, conversation, entry, score, item.at, person, by=heard.sender)
    if is_confirming_sign(heard.body):
        confirming.confirm(work, conversation, entry, item.at, by=heard.sender)


def do_rate(viewer: Viewer, ref: str, score: str, *, author: str, actor: Actor, now: datetime) -> Case:
    """Keeps what the customer `author` says of the resolution; a good word closes the case. The same again changes nothing.

    Invalid for another score, or an author who is no customer of the workspace; Conflict for a case that is not resolved.
    """
    if score not in SCORES:
        raise Invalid(f'There is no score "{score[:40]}"; give {" or ".join(SCORES)}.', field="score")
    with transaction.atomic():
        case = access_case(ref, viewer)
        person = active_person(author)
        held = authority(person, case.workspace, now) if person else None
        if person is None or held is None or held.is_staff or not held.role:
            raise Invalid(f'"{author[:80]}" is no customer of this workspace; only they say this.', field="author")
        lane = lanes.lock(case.workspace.lane_id)
        conversation = loading.load({lane.pk: lane}, case_ids=[case.pk], earliest=now)[lane.pk]
        entry = conversation.cases.get(case.pk)
        if entry is None:
            raise Conflict(NO_CYCLE.format(ref=ref), field="ref")
        if entry.case.state not in satisfaction_question.RATED:
            raise Conflict(f"{ref} is {entry.case.state}; there is a resolution to speak of once it is resolved.")
        work = Work(now, actor)
        _rate(work, conversation, entry, score, now, person, by=person.slug)
        if score == GOOD:
            confirming.confirm(work, conversation, entry, now, by=person.slug)
        work.flush()
        live([lane.pk])
    return access_case(ref, viewer)


def _rate(
    work: Work, conversation: Conversation, entry: Open, score: str, at: datetime, person: Person | None, *, by: str
) -> None:
    cycle = entry.cycle
    before = cycle.satisfaction
    if before == score or (cycle.satisfaction_at is not None and at < cycle.satisfaction_at):
        return
    cycle.satisfaction, cycle.satisfaction_at, cycle.satisfaction_by = score, at, person
    work.update(cycle, "satisfaction", "satisfaction_at", "satisfaction_by")
    note(work, conversation, entry, "satisfaction", before, score, at=at, by=by)
