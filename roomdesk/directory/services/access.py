"""Access to a workspace's room: members ask, the owner and admins decide or switch it by themselves (R03, D7). Idempotent.

`by` is the person of the workspace in whose name it is done; without one a token or an operator decides for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.errors import Conflict, Forbidden, Invalid, NotFound
from roomdesk.directory.models import AccessRequest, Membership, Person, Workspace
from roomdesk.directory.services import access_requests, members
from roomdesk.directory.services.intervals import valid_at
from roomdesk.directory.services.together import T, together
from roomdesk.product.queries import newest, product_of
from roomdesk.queues import lanes
from roomdesk.rules import room_access

Outcome = AccessRequest.Outcome
#: What may be decided about an open request.
DECISIONS = (Outcome.APPROVED.value, Outcome.DECLINED.value, Outcome.WITHDRAWN.value)


def do_ask(*, workspace: str, person: str, actor: Actor, now: datetime) -> AccessRequest:
    """The person's open request for access. NotFound for somebody who is no member; Conflict for one who has access."""

    def act(place: Workspace, work: Work) -> AccessRequest:
        row = _member(place, person, now)
        why = room_access.why_not_ask(row.role, row.support_room_access, _has_room(place))
        if why:
            raise Conflict(why.words, field="member")
        return access_requests.ask(work, place, row.person, actor)

    return _held(workspace, actor, now, act)


def do_decide(
    *, workspace: str, request: int, decision: str, by: str | None, actor: Actor, now: datetime
) -> AccessRequest:
    """Approves, declines or withdraws. The same decision again changes nothing; Conflict for another one.

    Forbidden unless `by` is the owner or an admin; only who asked withdraws.
    """
    if decision not in DECISIONS:
        raise Invalid(f'A request cannot be "{decision}"; decide {", ".join(DECISIONS)}.', field="decision")

    def act(place: Workspace, work: Work) -> AccessRequest:
        found = access_request(place, request)
        if by is not None:
            _check_by(place, found, decision, by, now)
        if found.decided_at is None:
            return _decide(place, found, decision, work, actor)
        if found.outcome != decision:
            raise Conflict(f"This request was {found.outcome} by {found.decided_by} meanwhile; it stays so.")
        return found

    return _held(workspace, actor, now, act)


def do_switch(*, workspace: str, person: str, access: bool, by: str, actor: Actor, now: datetime) -> Membership:
    """Switches "Support room access" of a member in the name of `by`. Forbidden unless that is the owner or an admin."""

    def act(place: Workspace, work: Work) -> Membership:
        _check_decider(place, by, now)
        row = _member(place, person, now)
        why = room_access.why_not_switch(row.role, _has_room(place))
        if why:
            raise Conflict(why.words, field="member")
        return row if row.support_room_access == access else members.switch_access(place, row, access, work, actor)

    return _held(workspace, actor, now, act)


def approve_held(work: Work, workspace: Workspace, request: int, by: Actor) -> bool:
    """Approves an open request within the caller's transaction, which holds the lane and has judged `by`. False where it is decided."""
    found = AccessRequest.objects.filter(pk=request, workspace=workspace, decided_at=None).first()
    if found is None:
        return False
    _decide(workspace, found, Outcome.APPROVED, work, by)
    return True


def access_request(workspace: Workspace, number: int) -> AccessRequest:
    """A request of this workspace, to which the caller has access. NotFound."""
    rows = AccessRequest.objects.filter(workspace=workspace, pk=number).select_related("person")
    found = rows.first() if 0 <= number < 1 << 63 else None
    if found is None:
        raise NotFound(f'There is no request {number} in the workspace "{workspace.slug}".', field="number")
    return found


def _held(workspace: str, actor: Actor, now: datetime, act: Callable[[Workspace, Work], T]) -> T:
    """One transaction that holds the workspace's lane (D25)."""

    def run() -> T:
        place = members.access_open(workspace)
        lanes.lock(place.lane_id)
        work = Work(now, actor)
        done = act(place, work)
        work.flush()
        return done

    return together(run)


def _decide(workspace: Workspace, found: AccessRequest, decision: str, work: Work, by: Actor) -> AccessRequest:
    person: Person = found.person
    row = Membership.objects.filter(workspace=workspace, person=person, valid_to=None).select_related("person").first()
    if decision == Outcome.APPROVED and row is not None:
        members.switch_access(workspace, row, True, work, by)
    else:
        access_requests.settle(work, workspace, person, decision, by)
    found.refresh_from_db()
    return found


def _check_by(workspace: Workspace, found: AccessRequest, decision: str, by: str, now: datetime) -> None:
    if decision != Outcome.WITHDRAWN:
        _check_decider(workspace, by, now)
    elif found.person.slug != by:
        raise Forbidden("Only the person who asked withdraws the request; decline it instead.", field="by")


def _check_decider(workspace: Workspace, by: str, now: datetime) -> None:
    """Judged under the lane's lock: whoever is no admin any more decides nothing (D5)."""
    rows = Membership.objects.filter(valid_at(now), workspace=workspace, person__slug=by, person__is_active=True)
    why = room_access.why_not_decide(rows.values_list("role", flat=True).first() or "")
    if why:
        raise Forbidden(why.words, field="by")


def _member(workspace: Workspace, person: str, now: datetime) -> Membership:
    rows = Membership.objects.filter(valid_at(now), workspace=workspace, person__slug=person, valid_to=None)
    found = rows.select_related("person").first() if "\0" not in person else None
    if found is None:
        raise NotFound(f'There is no member "{person}" in the workspace "{workspace.slug}".', field="member")
    return found


def _has_room(workspace: Workspace) -> bool:
    version = newest([workspace.product]).get(workspace.product)
    return version is not None and product_of(version.pk).room
