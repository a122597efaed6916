"""Reading what staff were told of clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from roomdesk.clocks.models import Notice, NoticeSeen
from roomdesk.directory.errors import NotFound
from roomdesk.directory.models import Person, StaffRole
from roomdesk.directory.queries import Viewer, workspaces_of
from roomdesk.directory.services.intervals import valid_at

PAGE = 50


@dataclass(frozen=True, slots=True)
class Notices:
    """Some notices, newest first, each with `is_seen` by the person asked about; `next` begins the page after (None at the end)."""

    items: Sequence[Notice]
    next: int | None


def notices(
    viewer: Viewer,
    *,
    person: Person | None = None,
    at: datetime | None = None,
    unseen: bool = False,
    before: int | None = None,
    limit: int = PAGE,
) -> Notices:
    """What staff were told of the clocks of the viewer's workspaces. Customers are told nothing here.

    With `person` only what was for them at `at`: theirs as assignee, the leads' where they lead, and everyone's; `unseen`
    leaves out what they have acknowledged. Each notice has its clock, case and workspace at hand; how many are shown costs
    no more queries.
    """
    found = access_notices(viewer)
    if person is not None:
        found = found.filter(_for(person, at)) if at else found
        found = found.annotate(is_seen=Exists(NoticeSeen.objects.filter(notice=OuterRef("pk"), person=person)))
        found = found.filter(is_seen=False) if unseen else found
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-pk")[: limit + 1])
    return Notices(rows[:limit], rows[limit - 1].pk if len(rows) > limit else None)


def unseen_count(viewer: Viewer, person: Person, at: datetime, most: int = 99) -> int:
    """Of how many clocks a notice was for the person at `at` and is not acknowledged; counted up to one more than `most`."""
    seen = Exists(NoticeSeen.objects.filter(notice=OuterRef("pk"), person=person))
    found = access_notices(viewer).filter(_for(person, at)).exclude(seen).order_by()
    return found.values("clock").distinct()[: most + 1].count()


def access_notices(viewer: Viewer) -> QuerySet[Notice]:
    """Notices of the cases that the viewer may know of."""
    found = Notice.objects.select_related("clock__case__workspace", "clock__case__assignee", "clock__cycle", "assignee")
    if viewer.sees_all:
        return found
    # A token limited to a workspace may be the customer's: what presses is the vendor's own matter.
    return found.filter(clock__case__workspace__in=workspaces_of(viewer)) if viewer.kind == "staff" else found.none()


def access_notice(notice_id: int, viewer: Viewer) -> Notice:
    notice = access_notices(viewer).filter(pk=notice_id).first()
    if notice is None:
        raise NotFound(f"There is no notice {notice_id}, or it is not yours to see.", field="id")
    return notice


def _for(person: Person, at: datetime) -> Q:
    leads = StaffRole.objects.filter(valid_at(at), person=person, role=StaffRole.Role.LEAD)
    products = set(leads.values_list("product", flat=True))
    led = Q() if "" in products else Q(clock__case__product__in=products)
    own = Q(assignee=person) | Q(audience=Notice.Audience.DESK)
    return own | (Q(audience=Notice.Audience.LEAD) & led) if products else own


def shown_notice(notice: Notice) -> dict[str, Any]:
    """A notice for staff. Of a restricted case only reference, assignee and clock (D22)."""
    clock, case = notice.clock, notice.clock.case
    return {
        "id": notice.pk,
        "ref": case.ref,
        "workspace": case.workspace.slug,
        "title": None if case.is_restricted else case.title,
        "clock": str(clock.kind),
        "cycle": clock.cycle.number,
        "soft": clock.is_soft,
        "step": notice.step,
        "due_at": notice.due_at,
        "told_at": notice.told_at,
        "late": notice.is_late,
        "digest": notice.digest,
        "audience": str(notice.audience),
        "assignee": notice.assignee.slug if notice.assignee else None,
        "state": str(clock.state),
        "stopped_at": clock.stopped_at,
        "seen": getattr(notice, "is_seen", None),
    }
