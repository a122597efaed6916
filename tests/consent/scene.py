"""A desk that asks in acme's room of the flow's world, and people who answer in it."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from typing import Any

from roomdesk.consent import asking, using
from roomdesk.consent.asking import Wish
from roomdesk.consent.models import Attempt, Grant, Request
from roomdesk.consent.using import Receipt
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.runtime import clock
from roomdesk.runtime.clock import Frozen
from tests.flow.world import ACTOR, BOT, EVERYONE, OLGA, event, message, room, store, work_off

ACTION = {"do": "restore", "target": "current", "database": "acme", "backup": "2026-03-01T02:00:00Z"}
CHANGE = {"do": "sql", "file": "vat-1042.sql", "rows": 14}
RESTORE = "yes, replace prod"
NONCE = "nonce-0001"
ROOM = room("acme")
_numbers = count(1)


def ask(kind: str = "data_change", **given: Any) -> Request:
    """Asked by the engineer, and in the room."""
    given = {"workspace": "acme", "words": "Correct the VAT of 14 invoices", "action": CHANGE, **given}
    if kind == "restore_over_current":
        given |= {"action": ACTION, "words": "Restore the backup of Sunday over the current data"}
    request = asking.do_ask(EVERYONE, Wish(kind=kind, **given), author="ivan", actor=ACTOR, now=clock.now())
    return arrive(request)


def arrive(request: Request) -> Request:
    """The message that asks comes back from the homeserver."""
    row = OutboxRow.objects.get(pk=request.row_id)
    event_id = f"$asked-{row.pk}"
    outbox.note_sent(row, Sent(event_id, {"event_id": event_id}), clock.now())
    content = json.loads(row.payload)["content"] | {"solutions.roomdesk.id": str(row.key)}
    store(event(event_id, json.loads(row.payload)["room_id"], BOT, "m.room.message", content))
    work_off()
    return now(request)


def now(request: Request) -> Request:
    return Request.objects.select_related("workspace").get(pk=request.pk)


def answer(
    request: Request, text: str, sender: str = OLGA, *, relation: str = "reply", seconds: float = 1, **content: Any
) -> str:
    """Says something about the request a moment later, and gives the event's id."""
    event_id, related = f"$said-{next(_numbers)}", request.event_id
    relations: dict[str, Any] = {
        "reply": {"m.in_reply_to": {"event_id": related}},
        "thread": {"rel_type": "m.thread", "event_id": related, "is_falling_back": True, "m.in_reply_to": {"event_id": related}},
    }  # fmt: skip
    if relation != "none" and "m.relates_to" not in content:
        content["m.relates_to"] = relations[relation]
    later(seconds)
    store(message(event_id, ROOM, sender, text, **content))
    work_off()
    return event_id


def react(target: str, key: str, sender: str = OLGA) -> str:
    event_id = f"$reacted-{next(_numbers)}"
    related = {"rel_type": "m.annotation", "event_id": target, "key": key}
    later(1)
    store(event(event_id, ROOM, sender, "m.reaction", {"m.relates_to": related}))
    work_off()
    return event_id


def edit(target: str, text: str, sender: str = OLGA) -> str:
    event_id = f"$edited-{next(_numbers)}"
    new = {
        "m.new_content": {"msgtype": "m.text", "body": text},
        "m.relates_to": {"rel_type": "m.replace", "event_id": target},
    }
    later(1)
    store(message(event_id, ROOM, sender, f"* {text}", **new))
    work_off()
    return event_id


def later(seconds: float) -> None:
    TIME[0].tick(timedelta(seconds=seconds))


#: The frozen clock of the test at hand.
TIME: list[Frozen] = []


def said(request: Request, beginning: str = "") -> list[str]:
    """What the desk has said of a request, the question first."""
    rows = OutboxRow.objects.filter(once__startswith=f"consent:{request.pk}:{beginning}").order_by("pk")
    return [json.loads(row.payload)["content"]["body"] for row in rows]


def verdicts(request: Request) -> list[str]:
    return list(Attempt.objects.filter(request=request).order_by("pk").values_list("verdict", flat=True))


def grants(request: Request) -> list[Grant]:
    return list(Grant.objects.filter(request=request).order_by("pk"))


def consume(request: Request, action: Any = None, nonce: str = NONCE, **more: Any) -> Receipt:
    wanted = json.loads(request.action) if action is None else action
    return using.do_consume(EVERYONE, request.ref, wanted, nonce, actor=ACTOR, now=clock.now(), **more)
