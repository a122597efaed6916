"""What follows from a rota without anybody's work: its hand-overs, and who belongs in the rooms (R04, D32)."""

from __future__ import annotations

from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.directory.models import Workspace
from roomdesk.oncall.models import Rota
from roomdesk.queues.lanes import staff_key
from roomdesk.queues.models import Lane

#: One pending for each rota: the next instant from which on others are on call.
HAND_OVER_TIMER = "rota_hand_over"
#: Tells a workspace's lane that who belongs in its room may have changed.
CHANGED = "people_changed"


def changed(work: Work, rota: Rota, following: datetime | None) -> None:
    """Others are on call, or will be at another time: the rooms follow now, and once more at the next hand-over."""
    lane = Lane.objects.get_or_create(key=staff_key(rota.product))[0]
    work.remind(lane.pk, HAND_OVER_TIMER, rota.pk, following)
    tell_rooms(work, rota.product)


def tell_rooms(work: Work, product: str) -> None:
    """Has every room of the product look who belongs in it."""
    keys = Workspace.objects.filter(product=product).order_by("pk").values_list("lane__key", flat=True)
    for key in keys:
        work.tell(key, CHANGED, people=[], left=[])
