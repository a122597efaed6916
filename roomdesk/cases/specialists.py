"""Escalations of a case, beside its state (D15): who is called in, and who leaves. Plans writes in the caller's `Work`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.bootstrap import settings
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.history import note
from roomdesk.cases.models import Case
from roomdesk.directory.models import Escalation
from roomdesk.directory.queries import specialists_at
from roomdesk.rooms import naming

#: Tells the workspace's lane that who belongs in its room may have changed.
ESCALATED = "escalated"


def begin(
    work: Work, conversation: Conversation, entry: Open, field: str, at: datetime, *, by: str, reason: str
) -> None:
    """Calls the specialists of a field in: they belong in the workspace's room from now on."""
    workspace, ref = conversation.workspace, entry.case.ref
    work.insert(Escalation(workspace=workspace, ref=ref, field=field, valid_from=at))
    note(work, conversation, entry, "escalation", "", field, at=at, by=by, reason=reason)
    work.tell(conversation.lane.key, ESCALATED, field=field)


def end(
    work: Work,
    conversation: Conversation,
    entry: Open,
    at: datetime,
    *,
    by: str,
    reason: str = "",
    only: Collection[str] | None = None,
) -> list[str]:
    """Ends the escalations of the case, and of what was merged into it, to all fields or to these `only`; returns the fields.

    Whoever is needed for another case, or belongs in the room anyway, stays.
    """
    open_ones = Escalation.objects.filter(ref__in=_refs(entry.case), valid_to=None).order_by("field", "ref")
    rows = [row for row in open_ones if only is None or row.field in only]
    for row in rows:
        row.valid_to = max(at, row.valid_from)
        work.update(row, "valid_to")
    fields = sorted({row.field for row in rows})
    for field in fields:
        note(work, conversation, entry, "escalation", field, "", at=at, by=by, reason=reason)
    if fields:
        work.tell(conversation.lane.key, ESCALATED, left=_people(conversation, fields, at))
    return fields


def _refs(case: Case) -> list[str]:
    """The case's reference, and those of all that was merged into it."""
    refs, ids = [case.ref], [case.pk]
    while ids:
        found = Case.objects.filter(merged_into__in=ids, state=Case.State.MERGED).values_list("pk", "ref")
        ids = [pk for pk, _ in found]
        refs += [ref for _, ref in found]
    return refs


def _people(conversation: Conversation, fields: Collection[str], at: datetime) -> list[str]:
    people = specialists_at(conversation.workspace.product, at)
    leaving = {person for field in fields for person in people.get(field, [])}
    return sorted(naming.person_id(person, settings.matrix_server_name) for person in leaving)
