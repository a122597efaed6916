"""What is to be held by others, so that nobody can write another past: the daily roots outside the database (D42)."""

from __future__ import annotations

from datetime import timedelta

from roomdesk.audit import roots as kept
from roomdesk.audit.models import Root
from roomdesk.doctor.findings import Finding, ok, problem
from roomdesk.runtime import clock

#: The worker tries every hour.
_LATE = timedelta(hours=2)


def roots() -> Finding:
    waiting = Root.objects.filter(filed_at=None, at__lt=clock.now() - _LATE).count()
    if waiting:
        says = f"{waiting} daily roots of the audit chains are not written to {kept.folder()}."
        return problem("roots", says, "Let the worker write there, or set ROOMDESK_ROOTS to a folder where it may.")
    return ok("roots", f"The daily roots of the audit chains are in {kept.folder()}.")
