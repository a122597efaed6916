"""`roomdesk rooms remake` and `adopt`: another room in the place of one that the desk keeps, by an operator's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from roomdesk.cli.base import actor_name, emit, json_option, with_desk
from roomdesk.cli.directory import viewer

if TYPE_CHECKING:
    from roomdesk.rooms.homes import Home

_workspace = click.option("--workspace", required=True, help="Whose room it is.")
_dry_run = click.option("--dry-run", is_flag=True, help="Only check, and say what would be done.")


@click.command()
@click.option("--workspace", help="Whose room it is.")
@click.option("--staff-room", help="Instead, the name of a room of the staff, as `rooms plan` gives it.")
@_dry_run
@json_option
@with_desk
def remake(workspace: str | None, staff_room: str | None, dry_run: bool, as_json: bool) -> None:
    """Have another room made in the place of one that nothing mends: encrypted, taken over by others, or deleted.

    Its people get in, the alias moves over, the record and the cases stay.
    """
    from roomdesk.audit.work import Actor
    from roomdesk.rooms import taking
    from roomdesk.rooms.homes import whose
    from roomdesk.runtime import clock

    home = _home(workspace, staff_room)
    problem = taking.do_remake(home, Actor("cli", actor_name()), clock.now(), dry_run=dry_run)
    value = {**whose(home), "problem": problem, "result": "checked" if dry_run else "asked"}
    emit(value, as_json, f"{home.slug}: {problem} Another room {'would be' if dry_run else 'is being'} made.")


def _home(workspace: str | None, staff_room: str | None) -> Home:
    from roomdesk.directory import queries
    from roomdesk.rooms.queries import access_staff_room

    if (workspace is None) == (staff_room is None):
        raise click.UsageError("Name one room: by --workspace, or by --staff-room.")
    return queries.access_workspace(workspace, viewer()) if workspace else access_staff_room(staff_room or "")


@click.command()
@_workspace
@click.argument("room_id")
@_dry_run
@json_option
@with_desk
def adopt(workspace: str, room_id: str, dry_run: bool, as_json: bool) -> None:
    """Have ROOM_ID become the workspace's room. Only a room that the desk made for this workspace may: others are refused."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory import queries
    from roomdesk.rooms import taking
    from roomdesk.runtime import clock

    found = queries.access_workspace(workspace, viewer())
    inside = taking.do_adopt(found, room_id, Actor("cli", actor_name()), clock.now(), dry_run=dry_run)
    value = {"workspace": workspace, "room_id": room_id, "inside": inside, "result": "checked" if dry_run else "asked"}
    done = "would be" if dry_run else "is being"
    emit(value, as_json, f"{room_id} {done} taken over for {workspace}; {len(inside)} users are in it now.")
