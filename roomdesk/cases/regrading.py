"""A further message of the customer that is graver than what the case was filed by (D12, D17).

The severity goes up as if somebody had raised it: counted from the cycle's start, with the product's grace, in the history as the desk's.
What staff have decided stays, whatever the customer writes then; and nothing that triage finds wakes anybody by itself.
"""

from __future__ import annotations

import json
from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.cases import answering, triaging
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.history import note
from roomdesk.cases.triaging import Judged
from roomdesk.clocks import services as clocks
from roomdesk.product.queries import product_of
from roomdesk.rules.severity import lowered_to

#: Kinds of which a severity is found by what is broken; a wish, or a question, has no gravity.
_GRAVE = frozenset({"incident", "alert", "backup_restore", "security"})
#: Without the customer's words: the control room reads it.
_REASON = "A further message of the customer is graver."


def heard(work: Work, conversation: Conversation, entry: Open, text: str, at: datetime) -> None:
    """Files the case graver where the message says so. P0 is a matter of its own (D11)."""
    if entry.intake is None or not entry.is_open or entry.case.p0_at is not None or not text.strip():
        return
    version = entry.cycle.product_version_id
    ranks = product_of(version).severity_slugs
    filed, _ = lowered_to(entry.intake.severity, ranks)
    if entry.case.severity != filed or filed == ranks[0]:
        return
    judged = triaging.judge(conversation, text, p0=False, version_id=version)
    if judged.kind not in _GRAVE or ranks.index(judged.severity) >= ranks.index(filed):
        return
    _raise(work, conversation, entry, judged, at)


def _raise(work: Work, conversation: Conversation, entry: Open, judged: Judged, at: datetime) -> None:
    case, intake = entry.case, entry.intake
    assert intake is not None
    before, case.severity = case.severity, judged.severity
    # What was found is of the case so far, by which staff see what they have not decided themselves.
    intake.severity = judged.found
    intake.why = json.dumps([*json.loads(intake.why), *json.loads(triaging.kept(judged))], ensure_ascii=False)
    work.update(case, "severity")
    work.update(intake, "severity", "why")
    note(work, conversation, entry, "severity", before, case.severity, at=work.now, by="desk", reason=_REASON)
    clocks.reclassified(
        work,
        entry.subject(conversation, work.now),
        entry.clocks,
        cycle_started_at=entry.cycle.started_at,
        # From when the desk heard of it: before, nobody could know, and what was decided meanwhile stays as it was.
        at=work.now,
        by="desk",
        cause="severity",
        reason=_REASON,
    )
    answering.guess(work, conversation, entry, judged, at)
