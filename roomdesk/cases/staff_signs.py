"""What staff leave in a customer's room that is for the desk: a command, which must not stay there, and neutral reactions (D9).

The control room hears of it by its own lane; nothing of it is answered in the customer's room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from roomdesk.audit.work import Work
from roomdesk.cases.conversation import Conversation
from roomdesk.channels.matrix.events import Heard
from roomdesk.directory.models import Person
from roomdesk.queues.lanes import staff_key
from roomdesk.record.models import Message
from roomdesk.rooms.homes import destination

if TYPE_CHECKING:
    from roomdesk.cases.hearing import Claimed

#: Kinds of what the lane of the staff's rooms is told.
MISPLACED, REACTED = "command_misplaced", "staff_reacted"
TAKE, PROPOSE = "👀", "✅"
#: Clients add or leave out the variation selector.
_PLAIN = {ord("\ufe0f"): None}
_URGENT = 10


def misplaced(work: Work, conversation: Conversation, heard: Heard, person: Person | None) -> None:
    """Takes a command of staff out of the customer's room at once, and has its author told where it belongs."""
    workspace = conversation.workspace
    taken = {"room_id": heard.room_id, "event_id": heard.event_id}
    once = f"misplaced:{heard.event_id}"
    work.send("matrix", "redact", destination(workspace), taken, once=once, lane_id=workspace.lane_id, priority=_URGENT)
    told = {"event": heard.event_id, "sender": heard.sender, "person": person.name if person else heard.sender}
    work.tell(staff_key(workspace.product), MISPLACED, **told, workspace=workspace.display_name, text=heard.body[:2000])


def reacted(work: Work, conversation: Conversation, heard: Heard, item: Claimed, original: Message) -> None:
    """👀 takes the case of that message, ✅ proposes it as resolved; another sign means what people mean by it."""
    key = heard.body.translate(_PLAIN)
    if key not in (TAKE, PROPOSE) or original.case_id is None:
        return
    entry = conversation.current(original.case_id)
    if entry is not None:
        told = {"event": heard.event_id, "sender": heard.sender, "case": entry.case.pk, "sign": key}
        work.tell(staff_key(conversation.workspace.product), REACTED, **told, at=item.at.isoformat())
