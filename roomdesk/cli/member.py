"""`roomdesk member`: the people of a workspace."""

from __future__ import annotations

import click

from roomdesk.cli import leaving
from roomdesk.cli.base import emit, json_option, with_desk
from roomdesk.cli.directory import grant, table, verb, viewer


@click.group()
def member() -> None:
    """The people of a workspace."""


@member.command()
@click.argument("workspace")
@click.argument("id")
@click.option("--name", help="Default for a new person: made from the id.")
@click.option("--email")
@click.option("--role", help="owner, admin or member (the default). Another owner takes over from the former.")
@click.option("--support-room-access/--no-support-room-access", default=None, help="Whether a member is in the room.")
@click.option("--locale", help="The person's language.")
@json_option
@with_desk
def put(
    workspace: str,
    id: str,
    name: str | None,
    email: str | None,
    role: str | None,
    support_room_access: bool | None,
    locale: str | None,
    as_json: bool,
) -> None:
    """Put the person ID into WORKSPACE. What is left out stays as it is."""
    from roomdesk.directory import shown
    from roomdesk.directory.services import MemberWish, PersonWish

    person = PersonWish(id=id, name=name, email=email, locale=locale)
    wish = MemberWish(workspace=workspace, person=person, role=role, support_room_access=support_room_access)
    outcome = grant([wish])[0]
    value = {**shown.member(outcome.value), "workspace": workspace, "result": verb(outcome)}
    emit(value, as_json, f"{id} is {value['role']} of {workspace} ({value['result']}).")


@member.command()
@click.argument("workspace")
@click.argument("id")
@leaving.wait_option
@json_option
@with_desk
def remove(workspace: str, id: str, wait: float, as_json: bool) -> None:
    """Take the person ID out of WORKSPACE, and say what became of the rooms and the account."""
    from roomdesk.directory.services import MemberGone

    _, found = leaving.remove(MemberGone(workspace=workspace, id=id), wait)
    value = {"workspace": workspace, "id": id, "result": "removed", **found}
    emit(value, as_json, leaving.told(f"{id} is no longer a member of {workspace}.", found))


@member.command("list")
@click.argument("workspace")
@json_option
@with_desk
def list_members(workspace: str, as_json: bool) -> None:
    """List the people of WORKSPACE, its owner first."""
    from roomdesk.directory import queries, shown
    from roomdesk.runtime import clock

    found = queries.people_of(queries.access_workspace(workspace, viewer()), clock.now())
    rows = [(r.person.slug, r.person.name, str(r.role), "in the room" if r.support_room_access else "") for r in found]
    emit({"items": [shown.member(row) for row in found]}, as_json, table(rows, f"{workspace} has no people yet."))
