"""Fulfilling wishes: one transaction for any number, with all lanes locked first (lane → … → chain head)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.services import members, people, staff, texts, workspaces
from roomdesk.directory.services.together import together
from roomdesk.directory.services.wishes import (
    MemberGone,
    MemberWish,
    Outcome,
    PersonWish,
    StaffGone,
    StaffWish,
    Wish,
    WorkspaceWish,
)
from roomdesk.queues import lanes
from roomdesk.queues.models import Lane


def grant(wishes: Sequence[Wish], actor: Actor, now: datetime) -> list[Outcome[Any]]:
    """Fulfils all wishes in order, or none. Idempotent."""
    for wish in wishes:
        texts.check_storable(wish)

    def act() -> list[Outcome[Any]]:
        held, work = lock_lanes(wishes), Work(now, actor)
        outcomes = [fulfil(wish, held, work) for wish in wishes]
        work.flush()
        return outcomes

    return together(act)


def fulfil(wish: Wish, held: dict[str, Lane], work: Work) -> Outcome[Any]:
    """One wish, within the caller's transaction and under the lanes it `held` by `lock_lanes`; the caller flushes."""
    if isinstance(wish, WorkspaceWish):
        return workspaces.put_workspace(wish, held.get(wish.slug), work)
    plain: dict[type, Callable[[Any, Work], Outcome[Any]]] = {
        MemberWish: members.put_member,
        MemberGone: members.remove_member,
        StaffWish: staff.put_staff,
        StaffGone: staff.remove_staff,
        PersonWish: people.put_person,
    }
    return plain[type(wish)](wish, work)


def lock_lanes(wishes: Sequence[Wish]) -> dict[str, Lane]:
    """Locks the lanes of all workspaces concerned, by workspace slug; makes those of workspaces to be made.

    A second writer of the same new workspace waits here for the first, and then finds the workspace. A refusal takes
    the lane back with it.
    """
    new = {wish.slug for wish in wishes if isinstance(wish, WorkspaceWish) and texts.is_workspace_slug(wish.slug)}
    slugs = new | {wish.workspace for wish in wishes if isinstance(wish, MemberWish | MemberGone)}
    known = set(Lane.objects.filter(key__in=map(lane_key, new)).values_list("key", flat=True))
    missing = [Lane(key=lane_key(slug)) for slug in sorted(new) if lane_key(slug) not in known]
    Lane.objects.bulk_create(missing, ignore_conflicts=True)
    rows = Lane.objects.filter(key__in=map(lane_key, slugs)).order_by("pk").values_list("pk", flat=True)
    held = [lanes.lock(pk) for pk in list(rows)]
    return {lane.key.removeprefix("workspace:"): lane for lane in held}


def lane_key(slug: str) -> str:
    return f"workspace:{slug}"
