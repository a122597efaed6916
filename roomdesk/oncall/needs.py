"""Who of those who take turns belongs in a workspace's room: whoever is on call, and whoever is needed there (R04, D32)."""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.directory.models import Person, StaffRole, Workspace
from roomdesk.directory.services.intervals import valid_at
from roomdesk.oncall import rotas
from roomdesk.oncall.hand_over import CHANGED
from roomdesk.oncall.models import Need, Page, Rota


def belong(workspace: Workspace, at: datetime, *, many_rooms: bool) -> list[Person] | None:
    """None where the product has no rota: then all its engineers do, while it has few rooms.

    On call of every level in advance, beyond the product's number of rooms while a page of the workspace is open; and whoever
    has taken a case there, as long as they are staff of the product.
    """
    shifts = rotas.on_call(workspace.product, at)
    if shifts is None:
        return None
    open_pages = Page.objects.filter(workspace=workspace).exclude(state=Page.State.RESOLVED)
    found = rotas.people(shifts) if not many_rooms or open_pages.exists() else []
    needed = Need.objects.filter(workspace=workspace, ended_at=None).select_related("person")
    staff = StaffRole.objects.filter(valid_at(at), product__in=["", workspace.product])
    still = set(staff.values_list("person_id", flat=True))
    return [*found, *(one.person for one in needed if one.person_id in still and one.person.is_active)]


def take(work: Work, workspace: Workspace, ref: str, person: Person | None) -> None:
    """Somebody has taken a case, or nobody any more: they belong in the room as long as it is theirs and open."""
    open_ones = list(Need.objects.filter(ref=ref, ended_at=None).select_related("person"))
    if person is not None and [one.person_id for one in open_ones] == [person.pk]:
        return
    for one in open_ones:
        one.ended_at = work.now
        work.update(one, "ended_at")
    if person is not None:
        work.insert(Need(workspace=workspace, ref=ref, person=person, since=work.now))
    # Without a rota all engineers are in, whoever has taken what.
    if (open_ones or person is not None) and Rota.objects.filter(product=workspace.product).exists():
        tell_room(work, workspace, left=[one.person.slug for one in open_ones])


def tell_room(work: Work, workspace: Workspace, left: list[str]) -> None:
    """Has the room look who belongs in it, in its own lane."""
    key = Workspace.objects.values_list("lane__key", flat=True).get(pk=workspace.pk)
    work.tell(key, CHANGED, people=left, left=[])
