"""The desk's own answer did not help: a 👎 under it makes a case of what was deflected (D14). Words do so too, see `services`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roomdesk.audit.work import Work
from roomdesk.cases import life
from roomdesk.cases.conversation import Conversation
from roomdesk.cases.models import Case
from roomdesk.channels.matrix.events import Heard
from roomdesk.record.models import Message

if TYPE_CHECKING:
    from roomdesk.cases.hearing import Claimed

#: Also in any shade of skin, which follows it.
NO_HELP = "👎"


def reacted(work: Work, conversation: Conversation, heard: Heard, item: Claimed, original: Message) -> None:
    """A customer has reacted to a message."""
    entry = conversation.current(original.case_id)
    if entry is None or entry.case.state != Case.State.DEFLECTED or not heard.body.startswith(NO_HELP):
        return
    if conversation.state_at(item.at).intake:
        life.revive(
            work, conversation, entry, item.at, by=heard.sender, reason="A 👎 said that the answer did not help."
        )
