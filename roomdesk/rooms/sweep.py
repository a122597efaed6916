"""The slow sweep: every room is compared now and then with what it should be; one that differs is told to the flow."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from roomdesk.audit.work import DESK, Work
from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.directory.models import StaffRole
from roomdesk.directory.services.staff import tell_staff_rooms
from roomdesk.product.schema import Product
from roomdesk.product.services import known
from roomdesk.queues import inbox
from roomdesk.rooms.homes import Home, House, home_of
from roomdesk.rooms.models import Room
from roomdesk.rooms.planning import LOOK, differences, product_for, waiting_calls

_LOG = logging.getLogger("roomdesk.rooms")

#: Rooms of one round: short enough that a worker can end between two.
AT_ONCE = 20


def sweep(matrix: Matrix, now: datetime, every: timedelta, limit: int = AT_ONCE) -> int:
    """Compares rooms that nobody has compared for `every`, those waiting longest first; returns how many were due.

    One that was made since then was made as it should be, and its people are still coming in.
    Any number of workers may do this, each room is one worker's. The comparison is a suspicion only: what is under way for
    the room is missing in it too, so the flow looks again, in the room's own order, before anything is done.
    Raises `MatrixError` for an outage; the room then stays due.
    """
    _want_staff_rooms(now)
    due = _due(now, every, limit)
    for room in due:
        if _claim(room, now):
            _check(room, matrix, now)
    return len(due)


def _want_staff_rooms(now: datetime) -> None:
    """An installation may be older than its staff's rooms: who was put then has told nobody of them."""
    if Room.objects.filter(workspace=None).exists() or not StaffRole.objects.filter(valid_to=None).exists():
        return
    with transaction.atomic(durable=True):
        work = Work(now, DESK)
        tell_staff_rooms(known(), work)
        work.flush()


def _due(now: datetime, every: timedelta, limit: int) -> list[Room]:
    long_ago = now - every
    is_new = Q(checked_at=None) & (Q(ready_at=None) | Q(ready_at__lt=long_ago))
    rooms = Room.objects.filter(is_new | Q(checked_at__lt=long_ago), state=Room.State.READY)
    return list(
        rooms.select_related("workspace", "person").order_by(F("checked_at").asc(nulls_first=True), "pk")[:limit]
    )


def _claim(room: Room, now: datetime) -> bool:
    """Whether the room is ours to compare: another worker may have been quicker."""
    mine = Room.objects.filter(pk=room.pk, checked_at=room.checked_at)
    return mine.update(checked_at=now) == 1


def _check(room: Room, matrix: Matrix, now: datetime) -> None:
    home = home_of(room)
    product = product_for(home)
    if not _is_kept(home, product) or waiting_calls(home):
        return
    try:
        found = differences(room, home, product, now, matrix)
    except MatrixError as error:
        if not error.permanent:
            Room.objects.filter(pk=room.pk).update(checked_at=room.checked_at)
            raise
        _LOG.warning("The room of %s could not be compared: %s", home.slug, error)
        return
    if not found.is_empty:
        _LOG.info("The room of %s is not as it should be.", home.slug)
        with transaction.atomic(durable=True):
            inbox.tell(home.lane_id, LOOK, {"because": "sweep", "room": room.pk}, now)


def _is_kept(home: Home, product: Product | None) -> bool:
    """Whether there is something to keep right: a product that has rooms no more leaves them as they are."""
    if isinstance(home, House):
        return product is not None or not home.product
    return product is not None and product.room
