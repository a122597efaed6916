"""Carrying out one outbox row at the homeserver. Every kind may be repeated after a crash at any point."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from roomdesk.channels import kept
from roomdesk.channels.matrix import closing, history, looking, media, membership, rooms
from roomdesk.channels.matrix.client import Matrix, current
from roomdesk.channels.matrix.content import Parent, check_numbers, resolve
from roomdesk.channels.matrix.errors import NotFound, NotKeptYet, Refused, UnknownDevice
from roomdesk.channels.matrix.names import MARKER, path
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.runtime import clock, faults

Json = dict[str, Any]
T = TypeVar("T")

#: Synapse forgets transaction ids after a day (`event_txn_id_device_id`); from half of it on we look for ourselves.
LOOK_AFTER = timedelta(hours=12)
#: Two machines' clocks differ, and the first call may have begun a little before its claim was noted.
_MARGIN = timedelta(minutes=5)
#: Whether a send carries the row's own transaction id and device. Switched off only by a test that shows the damage.
REPEATABLE = not faults.without("idempotency-key")


def send(row: OutboxRow, matrix: Matrix | None = None) -> Sent:
    """Makes the call that the row describes. Raises `MatrixError`; `retry.retry_delay` says what it means."""
    matrix = matrix or current()
    kind = _KINDS.get(row.kind)
    if kind is None:
        raise Refused(f'This version cannot send "{row.kind}"; a newer one queued it.')
    payload = resolve(json.loads(row.payload), Parent.of(row))
    check_numbers(payload)
    matrix.ensure_desk()
    return kind(matrix, row, payload)


def _create_room(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    room = rooms.create_room(matrix, str(row.key), payload, is_repeat=row.attempts > 1)
    return Sent(room, {"room_id": room}, {"room_id": room, "alias": payload.get("alias")})


def _admit(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    room, user = payload["room_id"], payload["user_id"]
    if payload.get("subject"):
        membership.provision_once(matrix, user, payload["display_name"], payload["subject"])
    if "power" in payload:
        membership.set_power(matrix, room, user, payload["power"])
    membership.invite(matrix, room, user)
    joins = bool(payload.get("join")) and matrix.has_people
    if joins:
        membership.join(matrix, room, user)
    return Sent(report={"room_id": room, "user_id": user, "membership": "join" if joins else "invite"})


def _remove(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    room, user = payload["room_id"], payload["user_id"]
    membership.kick(matrix, room, user, payload.get("reason", ""))
    return Sent(report={"room_id": room, "user_id": user, "membership": "leave"})


def _decline(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    membership.decline(matrix, payload["room_id"])
    return Sent()


def _seat(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    room, user = payload["room_id"], payload["user_id"]
    membership.seat(matrix, room, user)
    return Sent(report={"room_id": room, "user_id": user, "membership": "join"})


def _alias(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    rooms.point_alias(matrix, payload["room_id"], payload["alias"])
    return Sent(report={"room_id": payload["room_id"], "alias": payload["alias"]})


def _look(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    """Changes nothing; in the room's order with what does, so that it sees what went before it."""
    return Sent(report={"seen": looking.look(matrix, payload["room_id"], payload["alias"])})


def _examine(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    """Changes nothing."""
    return Sent(report={"examined": looking.examine(matrix, payload["room_id"])})


def _shut(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    done = closing.shut(matrix, payload["room_id"], payload["successor"])
    return Sent(report={"room_id": payload["room_id"], **done})


def _provision(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    user = payload["user_id"]
    unlock = bool(payload.get("unlock"))
    done = membership.provision(matrix, user, payload["display_name"], payload["subject"], unlock=unlock)
    return Sent(report={"user_id": user, "provisioned": done})


def _lock(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    user = payload["user_id"]
    return Sent(report={"user_id": user, "locked": membership.lock(matrix, user)})


def _state(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    """Equal content gives the old event id, so a repeat changes nothing."""
    where = path("rooms", payload["room_id"], "state", payload["type"], payload.get("state_key", ""))
    return _event(matrix.call("PUT", where, payload["content"]))


def _redact(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    where = path("rooms", payload["room_id"], "redact", payload["event_id"], str(row.key))
    body = {MARKER: str(row.key), **({"reason": payload["reason"]} if payload.get("reason") else {})}
    # A person takes back what is theirs as themselves.
    user = payload.get("as") or matrix.bot
    if user != matrix.bot:
        membership.check_usable(matrix, user)
    try:
        return _event(_with_device(matrix, user, lambda: matrix.call("PUT", where, body, user=user, device=True)))
    except NotFound:
        # The event is gone: purged by the homeserver's retention, which is more than was asked for.
        return Sent()


def _remove_file(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    """Gone already is what was asked for."""
    with suppress(NotFound):
        media.remove(matrix, payload["url"])
    return Sent()


def _make_media(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    """A repeat reserves another address; the first stays empty."""
    membership.check_usable(matrix, payload["as"])
    return Sent(values={"url": media.make(matrix, payload["as"])})


def _put_media(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    content = kept.place_of(payload["sha256"])
    if not content.exists():
        raise NotKeptYet
    media.put(matrix, payload["url"], payload["as"], content, payload["name"])
    return Sent(report={"url": payload["url"]})


def _send(matrix: Matrix, row: OutboxRow, payload: Json) -> Sent:
    key, room, kind, user = str(row.key), payload["room_id"], payload["type"], payload.get("as") or matrix.bot
    earlier = _earlier(matrix, row, room, kind, user)
    if earlier is not None:
        return Sent(earlier, {"event_id": earlier})
    membership.check_usable(matrix, user)
    content = {**payload["content"], MARKER: key}
    # Without the guard (a test that shows what it prevents) every attempt is a new one to the homeserver.
    where = path("rooms", room, "send", kind, key if REPEATABLE else str(uuid.uuid4()))
    return _event(_with_device(matrix, user, lambda: matrix.call("PUT", where, content, user=user, device=REPEATABLE)))


def _earlier(matrix: Matrix, row: OutboxRow, room: str, kind: str, user: str) -> str | None:
    """What an earlier attempt left in the room, looked for only where the homeserver may have forgotten it."""
    first: datetime | None = row.first_claimed_at
    if row.attempts <= 1 or first is None or clock.now() - first < LOOK_AFTER:
        return None
    return history.find_sent(matrix, room, kind, user, str(row.key), clock.to_outside(first) - _MARGIN)


def _with_device(matrix: Matrix, user: str, call: Callable[[], T]) -> T:
    """A person's `logout/all` removes our device too; then it is made anew."""
    try:
        return call()
    except UnknownDevice:
        matrix.make_sender(user)
        return call()


def _event(answer: Json) -> Sent:
    event_id = str(answer["event_id"])
    return Sent(event_id, {"event_id": event_id})


_KINDS: dict[str, Callable[[Matrix, OutboxRow, Json], Sent]] = {
    "create_room": _create_room,
    "admit": _admit,
    "remove": _remove,
    "seat": _seat,
    "decline": _decline,
    "alias": _alias,
    "look": _look,
    "examine": _examine,
    "shut": _shut,
    "provision": _provision,
    "lock": _lock,
    "state": _state,
    "redact": _redact,
    "remove_file": _remove_file,
    "make_media": _make_media,
    "put_media": _put_media,
    "send": _send,
}
