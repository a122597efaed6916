"""`roomdesk rooms`: whether the right people are in the workspaces' rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.base import actor_name, emit, json_option, with_desk
from roomdesk.cli.directory import viewer

if TYPE_CHECKING:
    from roomdesk.directory.models import Workspace

workspace_option = click.option("--workspace", help="Only this workspace's room; left out: all rooms.")


@click.group()
def rooms() -> None:
    """Whether the right people are in the workspaces' rooms."""


@rooms.command("plan")
@workspace_option
@json_option
@with_desk
def plan_rooms(workspace: str | None, as_json: bool) -> None:
    """Print what reconciling would do. Nothing is changed."""
    _print_plan(workspace, as_json)


@rooms.command()
@workspace_option
@click.option("--dry-run", is_flag=True, help="Only print the plan.")
@json_option
@with_desk
def reconcile(workspace: str | None, dry_run: bool, as_json: bool) -> None:
    """Have the desk bring the rooms' people to what they should be. Safe to run again."""
    from roomdesk.audit.work import Actor
    from roomdesk.rooms import planning
    from roomdesk.runtime import clock

    if dry_run:
        _print_plan(workspace, as_json)
        return
    asked = planning.do_reconcile(_chosen(workspace), Actor("cli", actor_name()), clock.now())
    emit({"items": asked}, as_json, f"{len(asked)} room(s) are being reconciled.")


def _print_plan(workspace: str | None, as_json: bool) -> None:
    from roomdesk.rooms import planning
    from roomdesk.runtime import clock

    items = planning.plans(_chosen(workspace), clock.now())
    words = [f"{item['workspace']}: {_action(action)}" for item in items for action in item["actions"]]
    emit({"items": items}, as_json, "\n".join(words) or "Everything is as it should be.")


def _action(action: dict[str, Any]) -> str:
    match action["action"]:
        case "admit":
            return f"admit {action['user_id']} with power {action['power']}"
        case "remove":
            return f"remove {action['user_id']} ({action['reason']})"
        case "set_power":
            return f"give staff power to {', '.join(action['staff']) or 'nobody'}"
    return "make the room"


def _chosen(workspace: str | None) -> list[Workspace]:
    from roomdesk.directory import queries

    if workspace is not None:
        return [queries.access_workspace(workspace, viewer())]
    return list(queries.workspaces_of(viewer()))
