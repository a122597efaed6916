"""`roomdesk rooms`: whether the workspaces' rooms are what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.base import actor_name, emit, json_option, with_desk
from roomdesk.cli.directory import viewer
from roomdesk.cli.rooms_replaced import adopt, remake

if TYPE_CHECKING:
    from roomdesk.directory.models import Workspace

mass_removal_option = click.option(
    "--allow-mass-removal", is_flag=True, help="Remove however many people do not belong there, not only a few a pass."
)
workspace_option = click.option(
    "--workspace", help="Only this workspace's room; left out: all rooms, the staff's own included."
)


@click.group()
def rooms() -> None:
    """Whether the workspaces' rooms are what they should be."""


rooms.add_command(adopt)
rooms.add_command(remake)


@rooms.command("plan")
@workspace_option
@mass_removal_option
@json_option
@with_desk
def plan_rooms(workspace: str | None, allow_mass_removal: bool, as_json: bool) -> None:
    """Compare the rooms as they are with what they should be, and print what is missing. Nothing is changed."""
    _print_plan(workspace, allow_mass_removal, as_json)


@rooms.command()
@workspace_option
@click.option("--dry-run", is_flag=True, help="Only print the plan.")
@mass_removal_option
@json_option
@with_desk
def reconcile(workspace: str | None, dry_run: bool, allow_mass_removal: bool, as_json: bool) -> None:
    """Have the desk look at the rooms and bring them to what they should be. Safe to run again."""
    from roomdesk.audit.work import Actor
    from roomdesk.rooms import planning
    from roomdesk.runtime import clock

    if dry_run:
        _print_plan(workspace, allow_mass_removal, as_json)
        return
    actor = Actor("cli", actor_name())
    asked = planning.do_reconcile(_chosen(workspace), actor, clock.now(), allow_mass_removal=allow_mass_removal)
    if workspace is None:
        asked += planning.do_reconcile_staff_rooms(actor, clock.now(), allow_mass_removal=allow_mass_removal)
    emit({"items": asked}, as_json, f"{len(asked)} room(s) are being reconciled.")


@rooms.command("drift")
@workspace_option
@json_option
@with_desk
def list_drift(workspace: str | None, as_json: bool) -> None:
    """List what was found other than it should be in the rooms, newest first, and when it was repaired."""
    from roomdesk.rooms import queries

    items = queries.drifts(_chosen(workspace), with_staff_rooms=workspace is None)
    lines = [line for item in items for line in _drift_lines(item)]
    emit({"items": items}, as_json, "\n".join(lines) or "No room was ever found other than it should be.")


def _drift_lines(item: dict[str, Any]) -> list[str]:
    fate = f"repaired {item['repaired_at']}" if item["repaired_at"] else "not repaired yet"
    return [
        f"{_name(item)}: found {item['found_at']}, {fate}",
        *(f"  {line}" for line in _lines({**item, **item["found"]})),
    ]


def _print_plan(workspace: str | None, allow_mass_removal: bool, as_json: bool) -> None:
    from roomdesk.rooms import planning
    from roomdesk.runtime import clock

    items = planning.plans(_chosen(workspace), clock.now(), allow_mass_removal=allow_mass_removal)
    if workspace is None:
        items += planning.staff_plans(clock.now(), allow_mass_removal=allow_mass_removal)
    lines = [line for item in items for line in _lines(item)]
    emit({"items": items}, as_json, "\n".join(lines) or "Everything is as it should be.")


def _lines(item: dict[str, Any]) -> list[str]:
    from roomdesk.rooms.shown import words

    said = [words(action) for action in item["actions"]]
    said += [
        f"held back until --allow-mass-removal or a later pass: {words(action)}" for action in item.get("held", [])
    ]
    said += [item["problem"]] if item.get("problem") else []
    said += [f"{item['waiting']} call(s) are still under way"] if said and item.get("waiting") else []
    return [f"{_name(item)}: {line}" for line in said]


def _name(item: dict[str, Any]) -> str:
    return str(item["workspace"] or item["staff_room"])


def _chosen(workspace: str | None) -> list[Workspace]:
    from roomdesk.directory import queries

    if workspace is not None:
        return [queries.access_workspace(workspace, viewer())]
    return list(queries.workspaces_of(viewer()))
