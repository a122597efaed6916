"""Internal notes: what staff write in a case's thread of the control room (D9).

On record with the case, seen by no customer, stopping no clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases import speaking, versions
from roomdesk.cases.conversation import Conversation
from roomdesk.cases.loading import BESIDE
from roomdesk.directory.models import Person
from roomdesk.record.models import Message
from roomdesk.rooms import naming

if TYPE_CHECKING:
    from roomdesk.cases.hearing import Claimed

#: Source of events that the control room's lane passes on to the lane of the case's workspace.
SOURCE = "control"
_NOTE = ("note", "Written in the case's thread of the control room.")
_ABOUT_NOTE = (BESIDE, "It speaks of a note of this case.")


def hear(work: Work, conversation: Conversation, item: Claimed) -> None:
    """Records a note, or what changes one: its author's edit, a redaction."""
    heard = item.heard
    assert heard is not None
    entry = conversation.current(item.data["case"])
    person, kind = _author(conversation, heard.sender, item)
    why = _NOTE if heard.kind in speaking.SPEECH else _ABOUT_NOTE
    case_id = entry.case.pk if entry else None
    note = Message.Kind.NOTE
    message = speaking.record_said(work, conversation, heard, item, person, kind, case_id, why, as_kind=note)
    original = conversation.messages.get(heard.target)
    if original is not None and original.kind == note:
        versions.take_effect(work, heard.kind, message, conversation.messages)


def _author(conversation: Conversation, sender: str, item: Claimed) -> tuple[Person | None, str]:
    standing = conversation.people.get(naming.localpart_of(sender, settings.matrix_server_name))
    kind = standing.kind(conversation.workspace.pk, item.at) if standing else "other"
    return (standing.person if standing else None), kind
