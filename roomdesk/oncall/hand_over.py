"""What follows from a rota without anybody's work: its hand-overs, and who belongs in the rooms (R04, D32)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from roomdesk.audit.work import Work
from roomdesk.directory.models import Workspace
from roomdesk.oncall.models import Rota
from roomdesk.queues.lanes import staff_key
from roomdesk.queues.models import Lane, Timer

#: One pending for each rota: the next instant from which on others are on call.
HAND_OVER_TIMER = "rota_hand_over"
#: One pending for each rota: when those who take over at the next hand-over are reminded, so long before it.
REMINDER_TIMER, REMINDED = "rota_reminder", timedelta(hours=1)
#: When the rooms are looked at once more after a change.
SETTLE_TIMER, SETTLED = "rota_settle", timedelta(seconds=20)
#: Tells a workspace's lane that who belongs in its room may have changed.
CHANGED = "people_changed"


def changed(work: Work, rota: Rota, following: datetime | None) -> None:
    """Others are on call, or will be at another time: the rooms follow now, and once more at the next hand-over."""
    lane = Lane.objects.get_or_create(key=staff_key(rota.product))[0]
    work.remind(lane.pk, HAND_OVER_TIMER, rota.pk, following)
    remind(work, rota, lane.pk, following)
    follow(work, rota, lane.pk)


def remind(work: Work, rota: Rota, lane_id: int, following: datetime | None) -> None:
    """Sets when it is reminded of the hand-over `following`; at once where it is nearer than that."""
    work.remind(lane_id, REMINDER_TIMER, rota.pk, following - REMINDED if following else None)


def follow(work: Work, rota: Rota, lane_id: int) -> None:
    """The rooms follow now, and once more when what is under way has arrived: of several changes within a moment a later one may
    find what the homeserver tells of an earlier one."""
    tell_rooms(work, rota.product)
    work.remind(lane_id, SETTLE_TIMER, rota.pk, work.now + SETTLED)


def settle(work: Work, due: Sequence[Timer]) -> Mapping[int, datetime | None]:
    """The second look at the rooms."""
    for rota in Rota.objects.filter(pk__in=[timer.subject_id for timer in due]).order_by("pk"):
        tell_rooms(work, rota.product)
    return {}


def tell_rooms(work: Work, product: str) -> None:
    """Has every room of the product look who belongs in it."""
    keys = Workspace.objects.filter(product=product).order_by("pk").values_list("lane__key", flat=True)
    for key in keys:
        work.tell(key, CHANGED, people=[], left=[])
