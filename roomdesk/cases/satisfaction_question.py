"""The question whether the customer was helped: asked once after each resolution, in the case's thread, in the customer's language (R57).

Nobody is asked about a restricted case, nor about one in which no customer ever spoke.
"""

from __future__ import annotations

import json

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases import notices
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Case
from roomdesk.product.queries import product_of
from roomdesk.record.models import Message
from roomdesk.rooms import naming

#: In the content of the question: the cycle that it asks about.
MARK = "solutions.roomdesk.satisfaction"
RATED = (Case.State.RESOLVED, Case.State.CLOSED)


def ask(work: Work, conversation: Conversation, entry: Open) -> None:
    """Asks in the case's thread, once for each resolution, where the product asks and there is a room."""
    case, cycle, product = entry.case, entry.cycle, conversation.product
    if product is None or not product_of(cycle.product_version_id).life.ask_satisfaction or case.is_restricted:
        return
    if case.last_customer_at is not None and notices.can_say(conversation):
        text = product.text(conversation.workspace.locale, "satisfaction.ask", ref=case.ref)
        once = f"case:{case.pk}:{cycle.number}:satisfaction"
        notices.say(work, conversation, entry, text, once=once, marks={MARK: cycle.number})


def asked_about(conversation: Conversation, original: Message) -> Open | None:
    """The case whose present resolution this message asks about. What was said of an earlier one counts no more."""
    entry = conversation.current(original.case_id)
    if entry is None or _cycle(original) != entry.case.cycle or entry.case.state not in RATED:
        return None
    return entry


def _cycle(original: Message) -> int | None:
    """The cycle that a message of the desk asks about. Others can copy the mark, and not the desk's name."""
    if original.author_ref != naming.user_id(naming.BOT, settings.matrix_server_name):
        return None
    content = json.loads(original.content) if original.content else {}
    number = content.get(MARK) if isinstance(content, dict) else None
    return number if isinstance(number, int) else None
