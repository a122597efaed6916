"""The daily head of a workspace's chain, given to its room: what people hold there, nobody can write another past for (D42)."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from roomdesk.audit import roots
from roomdesk.audit.models import Root
from roomdesk.audit.work import DESK, Work
from roomdesk.cases import loading, notices
from roomdesk.directory.models import Workspace
from roomdesk.queues import lanes
from roomdesk.rooms.homes import destination

_LOG = logging.getLogger(__name__)

_WORKSPACE = "workspace:"
#: By which programs find the signed text in the message.
MARK = "solutions.roomdesk.root"


def give_out(now: datetime) -> int:
    """Makes today's roots where there is something new, says them in the rooms, and files them; returns how many. Safe for many workers."""
    made = [root for scope in roots.due(now) if (root := _make(scope, now)) is not None]
    try:
        roots.file_waiting(now)
    except OSError:
        # Tried again in an hour; `doctor` tells of it.
        _LOG.warning("The daily roots cannot be written to %s.", roots.folder(), exc_info=True)
    return len(made)


def _make(scope: str, now: datetime) -> Root | None:
    found = scope.removeprefix(_WORKSPACE) if scope.startswith(_WORKSPACE) else ""
    workspace = Workspace.objects.filter(slug=found).first() if found else None
    if workspace is None:
        return roots.make(scope, now)
    with transaction.atomic():
        # The order of locks: the lane first, the head last.
        lane = lanes.lock(workspace.lane_id)
        root = roots.make(scope, now)
        if root is not None:
            _say(root, lane, now)
    return root


def _say(root: Root, lane: lanes.Lane, now: datetime) -> None:
    conversation = loading.load({lane.pk: lane}, earliest=now)[lane.pk]
    product, workspace, room = conversation.product, conversation.workspace, conversation.room
    if product is None or room is None or not notices.can_say(conversation):
        return
    text = product.text(workspace.locale, "audit.root", day=root.day.isoformat(), seq=root.seq, hash=root.hash)
    mark = {"signed": root.text, "signature": root.signature, "key": root.key_id}
    content = {**notices.words(text), MARK: mark}
    work = Work(now, DESK)
    payload = {"room_id": room.room_id, "type": "m.room.message", "content": content, "as": None}
    once = f"root:{root.scope}:{root.day}"
    work.send("matrix", "send", destination(workspace), payload, once=once, lane_id=lane.pk, priority=-1)
    work.flush()
