"""`roomdesk rooms remake` and `adopt`: another room in the place of a workspace's, by an operator's word."""

from __future__ import annotations

import click

from roomdesk.cli.base import actor_name, emit, json_option, with_desk
from roomdesk.cli.directory import viewer

_workspace = click.option("--workspace", required=True, help="Whose room it is.")
_dry_run = click.option("--dry-run", is_flag=True, help="Only check, and say what would be done.")


@click.command()
@_workspace
@_dry_run
@json_option
@with_desk
def remake(workspace: str, dry_run: bool, as_json: bool) -> None:
    """Have another room made in the place of one that nothing mends: encrypted, taken over by others, or deleted.

    Its people get in, the alias moves over, the record and the cases stay.
    """
    from roomdesk.audit.work import Actor
    from roomdesk.directory import queries
    from roomdesk.rooms import taking
    from roomdesk.runtime import clock

    found = queries.access_workspace(workspace, viewer())
    problem = taking.do_remake(found, Actor("cli", actor_name()), clock.now(), dry_run=dry_run)
    value = {"workspace": workspace, "problem": problem, "result": "checked" if dry_run else "asked"}
    emit(value, as_json, f"{workspace}: {problem} Another room {'would be' if dry_run else 'is being'} made.")


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
