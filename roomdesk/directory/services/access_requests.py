"""Requests for access to a workspace's room as rows: asked, settled, and told to the flow, which says it in the room (D7).

Within the caller's transaction, which holds the lane.
"""

from __future__ import annotations

from roomdesk.audit.work import Actor, Work
from roomdesk.directory.models import AccessRequest, Person, Workspace
from roomdesk.queues import inbox

#: Tells the workspace's lane that a member asks, or no longer does.
ASKED, DECIDED = "access_asked", "access_decided"


def name_of(actor: Actor) -> str:
    """Who it was, for people: their own id, or what spoke for itself."""
    return actor.name if actor.kind in ("person", "staff") else f"{actor.kind}:{actor.name}"


def open_of(workspace: Workspace, person: Person) -> AccessRequest | None:
    """The request of this person that nobody has decided."""
    return AccessRequest.objects.filter(workspace=workspace, person=person, decided_at=None).first()


def ask(work: Work, workspace: Workspace, person: Person, by: Actor) -> AccessRequest:
    """The open request; the same again gives the one that is there."""
    found = open_of(workspace, person)
    if found is not None:
        return found
    made = AccessRequest.objects.create(
        workspace=workspace, person=person, asked_at=work.now, asked_by=name_of(by)[:300]
    )
    _note(work, workspace, made, "access.asked", by)
    inbox.tell(workspace.lane_id, ASKED, {"request": made.pk}, work.now)
    return made


def settle(work: Work, workspace: Workspace, person: Person, outcome: str, by: Actor) -> AccessRequest | None:
    """Closes the person's open request, if there is one."""
    found = open_of(workspace, person)
    if found is None:
        return None
    found.decided_at, found.decided_by, found.outcome = work.now, name_of(by)[:300], outcome
    found.save(update_fields=["decided_at", "decided_by", "outcome"])
    _note(work, workspace, found, f"access.{found.outcome}", by)
    inbox.tell(workspace.lane_id, DECIDED, {"request": found.pk}, work.now)
    return found


def _note(work: Work, workspace: Workspace, request: AccessRequest, action: str, by: Actor) -> None:
    data = {"request": request.pk}
    work.audit(action, f"person:{request.person.slug}", data, scope=f"workspace:{workspace.slug}", actor=by)
