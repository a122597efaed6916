"""Who may agree in a workspace, and who somebody is for consent: staff never a customer, the desk nobody at all (D5, D42)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from roomdesk.consent.models import Grant, Request
from roomdesk.directory.models import Membership, Person, Workspace
from roomdesk.directory.queries import people_of
from roomdesk.directory.standing import Standing, standings

#: Roles that are none of a workspace's.
STAFF, BOT, NOBODY = "staff", "bot", "none"


def role_of(standing: Standing | None, workspace: Workspace, at: datetime) -> str:
    """The person's role for consent in the workspace at `at`."""
    if standing is None or not standing.person.is_active:
        return NOBODY
    kind = standing.kind(workspace.pk, at)
    if kind != "customer":
        return STAFF if kind == "staff" else NOBODY
    return standing.role(workspace.pk, at) or NOBODY


def who_may(workspace: Workspace, roles: Iterable[str], at: datetime) -> list[Membership]:
    """Those of the workspace who have one of these roles at `at` and are no staff, owner first."""
    wanted = [row for row in people_of(workspace, at) if row.role in set(roles) and row.person.is_active]
    known = standings([row.person.localpart for row in wanted], [workspace.pk])
    return [row for row in wanted if role_of(known.get(row.person.localpart), workspace, at) == row.role]


def names(people: Iterable[Membership]) -> str:
    return ", ".join(row.person.name for row in people) or "–"


def holding(request: Request, grants: Iterable[Grant], at: datetime) -> set[int]:
    """Those who granted and have the authority at `at`, too (ids of people)."""
    people = {grant.person_id: grant.person for grant in grants}
    known = standings([person.localpart for person in people.values()], [request.workspace_id])
    return {
        pk
        for pk, person in people.items()
        if role_of(known.get(person.localpart), request.workspace, at) in request.who_may
    }


def role_to_answer(person: Person, request: Request, at: datetime) -> str:
    """The role with which the person may answer the request at `at`; empty where they may not."""
    role = role_of(standings([person.localpart], [request.workspace_id]).get(person.localpart), request.workspace, at)
    return role if role in request.who_may else ""
