"""What the homeserver's own state says of a room: looked at, compared, repaired, told. Under the lane's lock.

A look is a call of the room's own destination, so that it sees what every call before it did; whatever was planned after it
was asked for makes it worthless, and it is asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.product.schema import Product
from roomdesk.queues.models import Lane
from roomdesk.rooms import succession
from roomdesk.rooms.acting import Site, carry_out, note_member
from roomdesk.rooms.asking import ask_look
from roomdesk.rooms.desired import actual, belong, candidate, canonical, desired
from roomdesk.rooms.homes import Home, scope_of, subject_of
from roomdesk.rooms.models import Drift, FormerRoom, Room, RoomMember
from roomdesk.rooms.shown import shown_plan
from roomdesk.rules.room_plan import THERE, Actual, Adopt, Plan, Remake, plan

Why = FormerRoom.Why

#: A look because we changed something ourselves: what it finds is no drift, and is not told as one.
CHANGE = "change"

#: What an operator may allow, or ask for, with a look.
WORDS = ("allow_mass_removal", "remake")


def seen(
    work: Work,
    room: Room,
    workspace: Home,
    product: Product | None,
    lane: Lane,
    members: dict[str, RoomMember],
    report: Mapping[str, Any],
    server: str,
) -> bool:
    """Decides what a look has brought. False where it was too old to be used; another one is under way then."""
    asked = report["payload"]
    if not room.room_id:
        # Another room is being made, and will be looked at when it is there.
        return False
    if asked["acts"] != room.acts or asked["room_id"] != room.room_id:
        ask_look(work, room, workspace, asked["because"], **_words(asked, "drift"))
        return False
    people = belong(workspace, product, server, work.now)
    site = Site(work, room, workspace, people, members)
    there = actual(room, report["seen"])
    _note_members(site, there)
    found = plan(
        desired(room, workspace, product, people, server),
        there,
        allow_mass_removal=bool(asked.get("allow_mass_removal")),
        may_remake=there.is_gone and (bool(asked.get("remake")) or succession.may_remake(work.now)),
    )
    if not _replaced(site, product, lane, there, found, asked):
        _settle(site, found, asked)
    return True


def _words(asked: Mapping[str, Any], *more: str) -> dict[str, Any]:
    return {name: asked[name] for name in (*WORDS, *more) if name in asked}


def _replaced(
    site: Site, product: Product | None, lane: Lane, there: Actual, found: Plan, asked: Mapping[str, Any]
) -> bool:
    """Whether another room takes this one's place: it is gone, was replaced, or an operator wants it of one that nothing mends."""
    by_operator = bool(asked.get("remake"))
    is_gone = found.actions == (Remake(),)
    adopted = there.successor if any(isinstance(action, Adopt) for action in found.actions) else None
    if not (is_gone or adopted or (found.problem and by_operator)):
        return False
    _told(site, found, asked["because"])
    if adopted:
        succession.adopt(site, lane, adopted, Why.UPGRADED)
    else:
        succession.remake(site, product, Why.DELETED if is_gone else Why.OPERATOR)
    return True


def examined(
    work: Work,
    room: Room,
    workspace: Home,
    product: Product | None,
    lane: Lane,
    members: dict[str, RoomMember],
    report: Mapping[str, Any],
    server: str,
) -> None:
    """Takes over the room that an operator named, if it still is one that may be taken over."""
    found = candidate(report["examined"]) if report["examined"] else None
    site = Site(work, room, workspace, belong(workspace, product, server, work.now), members)
    why = succession.refused(room, workspace, found, server)
    if why or found is None:
        _audit(site, "room.adoption_refused", {"room_id": report["payload"]["room_id"], "why": why})
        return
    succession.adopt(site, lane, found, Why.OPERATOR)


def _note_members(site: Site, there: Actual) -> None:
    """What is known without asking is set right too; a room that cannot be read says nothing about anybody."""
    for user, membership in sorted(there.members.items()):
        note_member(site.work, site.room, site.members, user, membership)
    if there.members:
        for user in sorted(site.members.keys() - there.members.keys()):
            if site.members[user].membership in THERE:
                note_member(site.work, site.room, site.members, user, "leave")


def _settle(site: Site, found: Plan, asked: Mapping[str, Any]) -> None:
    if "drift" in asked:
        _after_repair(site, found, asked["drift"])
        return
    if found.is_empty:
        _close(site, {}, "found right")
        return
    drift_id = None if asked["because"] == CHANGE else _told(site, found, asked["because"])
    carry_out(site, found.actions)
    if found.actions and drift_id is not None:
        ask_look(site.work, site.room, site.workspace, asked["because"], drift=drift_id)


def _told(site: Site, found: Plan, because: str) -> int:
    """The drift's row; one that stays as it is, sweep after sweep, is told once."""
    what = shown_plan(found)
    known = _open(site.room).filter(found=canonical(what)).first()
    if known is not None:
        known.seen_at = site.work.now
        site.work.update(known, "seen_at")
        return known.pk
    drift = Drift(id=site.work.new_id(Drift), room=site.room, because=because, found=canonical(what))
    drift.found_at = drift.seen_at = site.work.now
    site.work.insert(drift)
    _audit(site, "room.drift_found", {"because": because, **what})
    return drift.pk


def _after_repair(site: Site, found: Plan, drift_id: int) -> None:
    """What the look after the repair found: nothing, or what is left to the next sweep and to people."""
    if found.is_empty:
        _close(site, {"drift": drift_id}, "repaired")
        return
    drift = Drift.objects.filter(pk=drift_id, room=site.room).first()
    left = shown_plan(found)
    if drift is not None and drift.left != canonical(left):
        drift.left = canonical(left)
        site.work.update(drift, "left")
        _audit(site, "room.drift_left", {"drift": drift_id, **left})


def _close(site: Site, data: Mapping[str, Any], how: str) -> None:
    rows = list(_open(site.room))
    for row in rows:
        row.repaired_at, row.left = site.work.now, ""
        site.work.update(row, "repaired_at", "left")
    if rows:
        _audit(site, "room.drift_repaired", {**data, "how": how, "drifts": [row.pk for row in rows]})


def _open(room: Room) -> Any:
    return Drift.objects.filter(room=room, repaired_at=None).order_by("pk")


def _audit(site: Site, action: str, data: Mapping[str, Any]) -> None:
    site.work.audit(action, subject_of(site.workspace), data, scope=scope_of(site.workspace))
