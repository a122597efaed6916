"""The customer says that the resolution holds: the case closes at once, and not after its quiet days (R26).

Nothing takes that back but words: a reaction that is removed, or another sign, leaves the case closed; a message in it that says
anything else opens it again (D19).
"""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.cases import life
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Case


def confirm(work: Work, conversation: Conversation, entry: Open, at: datetime, *, by: str) -> None:
    """Closes the case, if it is resolved; of any other it says nothing, so the same again changes nothing."""
    case = entry.case
    if case.state == Case.State.RESOLVED:
        at = max(at, case.resolved_at or at)
        life.close(work, conversation, entry, at, by=by, reason="The customer confirmed the resolution.")


def heard(work: Work, conversation: Conversation, entry: Open, at: datetime, *, by: str) -> None:
    """As `confirm`, by words: those said before the resolution, and heard after it, do not speak of it."""
    resolved_at = entry.case.resolved_at
    if resolved_at is not None and at >= resolved_at:
        confirm(work, conversation, entry, at, by=by)
