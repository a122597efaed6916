"""The history of a case: what was changed, from what to what, by whom, when and why. One row and one audit entry each."""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.cases import webhook_words
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import CaseChange
from roomdesk.clocks.writing import tell_control_room
from roomdesk.queues.making import made


def note(
    work: Work,
    conversation: Conversation,
    entry: Open,
    what: str,
    before: str,
    after: str,
    *,
    at: datetime,
    by: str,
    reason: str = "",
    mark: str = "",
) -> None:
    """Plans the row and the entry `case.<what>`. `at` is the time of the act, which may lie before that of writing (D13)."""
    entry.changed()
    case = entry.case
    tell_control_room(work, case.product, case.pk)
    webhook_words.changed(work, conversation.workspace, case, what, before, after, at=at, by=by)
    work.insert(
        made(
            CaseChange,
            case_id=case.pk,
            cycle=case.cycle,
            at=at,
            what=what,
            before=before,
            after=after,
            by=by,
            reason=reason,
            mark=mark,
        )
    )
    data = {"before": str(before), "after": str(after), "at": at, "by": by, "reason": reason}
    if mark:
        data["mark"] = mark
    work.audit(f"case.{what}", f"case:{case.ref}", data, scope=conversation.scope)
