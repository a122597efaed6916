"""The slow sweep: every room is compared now and then with what it should be; one that differs is told to the flow."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from roomdesk.channels.matrix.client import Matrix
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.product.queries import newest, product_of
from roomdesk.queues import inbox
from roomdesk.rooms.models import Room
from roomdesk.rooms.planning import LOOK, differences, waiting_calls

_LOG = logging.getLogger("roomdesk.rooms")

#: Rooms of one round: short enough that a worker can end between two.
AT_ONCE = 20


def sweep(matrix: Matrix, now: datetime, every: timedelta, limit: int = AT_ONCE) -> int:
    """Compares rooms that nobody has compared for `every`, those waiting longest first; returns how many were due.

    Any number of workers may do this, each room is one worker's. The comparison is a suspicion only: what is under way for
    the room is missing in it too, so the flow looks again, in the room's own order, before anything is done.
    Raises `MatrixError` for an outage; the room then stays due.
    """
    due = _due(now, every, limit)
    for room in due:
        if _claim(room, now):
            _check(room, matrix, now)
    return len(due)


def _due(now: datetime, every: timedelta, limit: int) -> list[Room]:
    rooms = Room.objects.filter(Q(checked_at=None) | Q(checked_at__lt=now - every), state=Room.State.READY)
    return list(rooms.select_related("workspace").order_by(F("checked_at").asc(nulls_first=True), "pk")[:limit])


def _claim(room: Room, now: datetime) -> bool:
    """Whether the room is ours to compare: another worker may have been quicker."""
    mine = Room.objects.filter(pk=room.pk, checked_at=room.checked_at)
    return mine.update(checked_at=now) == 1


def _check(room: Room, matrix: Matrix, now: datetime) -> None:
    workspace = room.workspace
    version = newest([workspace.product]).get(workspace.product)
    product = product_of(version.pk) if version else None
    if product is None or not product.room or waiting_calls(workspace):
        return
    try:
        found = differences(room, workspace, product, now, matrix)
    except MatrixError as error:
        if not error.permanent:
            Room.objects.filter(pk=room.pk).update(checked_at=room.checked_at)
            raise
        _LOG.warning("The room of %s could not be compared: %s", workspace.slug, error)
        return
    if not found.is_empty:
        _LOG.info("The room of %s is not as it should be.", workspace.slug)
        with transaction.atomic(durable=True):
            inbox.tell(workspace.lane_id, LOOK, {"because": "sweep"}, now)
