"""Whether the customer was helped: asked once after each resolution, answered by one reaction, in the portal or by REST.

An answer is the cycle's own: it reopens nothing, stops nothing, and the newest one counts. Nobody is asked about a restricted
case, nor about one in which no customer ever spoke.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.cases import loading, notices
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.history import note
from roomdesk.cases.models import Case
from roomdesk.cases.queries import access_case
from roomdesk.channels.matrix.events import Heard
from roomdesk.directory.errors import Conflict, Invalid
from roomdesk.directory.models import Person
from roomdesk.directory.queries import Viewer, active_person, authority
from roomdesk.product.queries import product_of
from roomdesk.queues import lanes
from roomdesk.queues.signals import LIVE, notify
from roomdesk.record.models import Message
from roomdesk.rooms import naming
from roomdesk.rules.satisfaction import SCORES, score_of

if TYPE_CHECKING:
    from roomdesk.cases.hearing import Claimed

#: In the content of the question: the cycle that it asks about.
MARK = "solutions.roomdesk.satisfaction"
_RATED = (Case.State.RESOLVED, Case.State.CLOSED)


def ask(work: Work, conversation: Conversation, entry: Open) -> None:
    """Asks in the case's thread, once for each resolution, where the product asks and there is a room."""
    case, cycle, product = entry.case, entry.cycle, conversation.product
    if product is None or not product_of(cycle.product_version_id).life.ask_satisfaction or case.is_restricted:
        return
    if case.last_customer_at is not None and notices.can_say(conversation):
        text = product.text(conversation.workspace.locale, "satisfaction.ask", ref=case.ref)
        once = f"case:{case.pk}:{cycle.number}:satisfaction"
        notices.say(work, conversation, entry, text, once=once, marks={MARK: cycle.number})


def reacted(
    work: Work, conversation: Conversation, heard: Heard, item: Claimed, original: Message, person: Person | None
) -> None:
    """A customer has reacted to a message of the room. What was said of an earlier resolution counts no more."""
    score, entry = score_of(heard.body), conversation.current(original.case_id)
    if score is None or entry is None or _cycle(original) != entry.case.cycle or entry.case.state not in _RATED:
        return
    _rate(work, conversation, entry, score, item.at, person, by=heard.sender)


def _cycle(original: Message) -> int | None:
    """The cycle that a message of the desk asks about. Others can copy the mark, and not the desk's name."""
    if original.author_ref != naming.user_id(naming.BOT, settings.matrix_server_name):
        return None
    content = json.loads(original.content) if original.content else {}
    number = content.get(MARK) if isinstance(content, dict) else None
    return number if isinstance(number, int) else None


def do_rate(viewer: Viewer, ref: str, score: str, *, author: str, actor: Actor, now: datetime) -> Case:
    """Keeps what the customer `author` says of the resolution. The same again changes nothing.

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
        entry = next(one for one in conversation.cases.values() if one.case.pk == case.pk)
        if entry.case.state not in _RATED:
            raise Conflict(f"{ref} is {entry.case.state}; there is a resolution to speak of once it is resolved.")
        work = Work(now, actor)
        _rate(work, conversation, entry, score, now, person, by=person.slug)
        work.flush()
        notify(LIVE, str(lane.pk))
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
