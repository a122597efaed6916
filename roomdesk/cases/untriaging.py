"""Taking triage back: a case is filed as if the desk had found nothing in it, and what it answered by itself is somebody's work.

Only what the desk found is taken back. What staff have decided since stays, and so does a P0; nothing makes a case less restricted.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from roomdesk.audit.work import Actor
from roomdesk.cases import acting, changing, life
from roomdesk.cases.changing import Change
from roomdesk.cases.conversation import Open
from roomdesk.cases.models import Case, CaseChange, Intake
from roomdesk.cases.queries import access_case
from roomdesk.directory.errors import Conflict
from roomdesk.directory.queries import Viewer
from roomdesk.product.queries import product_of
from roomdesk.rules.severity import lowered_to

_REASON = "Triage was taken back."
UNKNOWN = "other"


def do_undo(
    viewer: Viewer, ref: str, *, author: str | None = None, reason: str = "", actor: Actor, now: datetime
) -> Case:
    """Kind, severity and answer are what they were before the desk looked. The same again changes nothing.

    NotFound, Forbidden; Conflict where triage never looked at the case, or it is settled.
    """
    with transaction.atomic():
        held = acting.hold(viewer, ref, author=author, actor=actor, now=now)
        entry = held.exactly(ref)
        _check(entry)
        before = _standing(entry)
        if entry.case.state == Case.State.DEFLECTED:
            life.revive(held.work, held.conversation, entry, now, by=held.by, reason=reason or _REASON)
        changing.reclassify(held, entry, _undone(entry, reason or _REASON))
        after = _standing(entry)
        if after != before:
            told = {"before": before, "after": after, "by": held.by, "reason": reason}
            held.work.audit("case.triage_undone", f"case:{ref}", told, scope=held.conversation.scope)
            held.flush()
    return access_case(ref, viewer)


def _check(entry: Open) -> None:
    case = entry.case
    if entry.intake is None:
        raise Conflict(f"{case.ref} was begun by staff; the desk found nothing in it by itself.", field="ref")
    if not entry.is_open and case.state != Case.State.DEFLECTED:
        raise Conflict(f"{case.ref} is {case.state}; reopen it before you change it.", field="state")


def _standing(entry: Open) -> dict[str, str]:
    case = entry.case
    return {"kind": case.kind, "severity": case.severity, "state": str(case.state)}


def _undone(entry: Open, reason: str) -> Change:
    """What was never staff's word goes back to what a case is by itself."""
    case, intake = entry.case, entry.intake
    assert intake is not None
    product = product_of(entry.cycle.product_version_id)
    found, _ = lowered_to(intake.severity, product.severity_slugs)
    kind = UNKNOWN if case.kind == intake.kind and UNKNOWN in product.kinds else None
    is_guess = case.severity == found and case.p0_at is None
    return Change(kind=kind, severity=product.default_severity if is_guess else None, reason=reason)


def unknown() -> Q:
    """Of a case in a query: triage found nothing that tells what it is, and nobody has filed it since."""
    filed = CaseChange.objects.filter(case=OuterRef("pk"), what="kind")
    return Q(Exists(Intake.objects.filter(case=OuterRef("pk"), kind=UNKNOWN)), ~Exists(filed), kind=UNKNOWN)


def may_undo(case: Case) -> bool:
    """Whether there is something to take back, as far as the row tells: for buttons."""
    if case.state not in (*Case.OPEN, Case.State.DEFLECTED) or not hasattr(case, "intake"):
        return False
    is_filed = case.kind == case.intake.kind != UNKNOWN
    is_grave = case.p0_at is None and case.severity == case.intake.severity != "normal"
    return case.state == Case.State.DEFLECTED or is_filed or is_grave
