"""`roomdesk access`: who asks for access to a workspace's room, and what is decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from roomdesk.cli.base import actor_name, emit, json_option, plain, with_desk
from roomdesk.cli.directory import table, viewer


@click.group()
def access() -> None:
    """Access of members to their workspace's room. The toggle itself: `roomdesk member put --support-room-access`."""


@access.command("list")
@click.argument("workspace")
@json_option
@with_desk
def list_requests(workspace: str, as_json: bool) -> None:
    """List who asks for access in WORKSPACE, and what was decided last."""
    from roomdesk.directory import customers, queries, shown

    found = customers.access_requests(queries.access_workspace(workspace, viewer()))
    items = [shown.access_request(row) for row in found]
    rows = [
        (
            str(item["id"]),
            item["member"],
            item["name"],
            item["state"],
            plain(item["asked_at"]),
            item["decided_by"] or "",
        )
        for item in items
    ]
    emit({"items": items}, as_json, table(rows, f"Nobody has asked for access in {workspace}."))


@access.command()
@click.argument("workspace")
@click.argument("member")
@json_option
@with_desk
def ask(workspace: str, member: str, as_json: bool) -> None:
    """Ask in the name of MEMBER; who asks already is not asked for twice."""
    from roomdesk.directory import shown
    from roomdesk.directory.services.access import do_ask

    item = shown.access_request(do_ask(workspace=workspace, person=member, **_act()))
    emit(item, as_json, f"{member} asks for access in {workspace}: request {item['id']}.")


def _act() -> dict[str, Any]:
    from roomdesk.audit.work import Actor
    from roomdesk.runtime import clock

    return {"actor": Actor("cli", actor_name()), "now": clock.now()}


def _decision(name: str, outcome: str, words: str, doc: str) -> None:
    """Adds the command for one decision."""

    def decide(workspace: str, number: int, by: str | None, as_json: bool) -> None:
        from roomdesk.directory import shown
        from roomdesk.directory.services.access import do_decide

        done = do_decide(workspace=workspace, request=number, decision=outcome, by=by, **_act())
        item = shown.access_request(done)
        emit(item, as_json, f"{item['member']} {words}.")

    decide.__doc__ = doc
    command: Callable[..., Any] = with_desk(decide)
    for option in (
        json_option,
        click.option("--as", "by", help="The person who decides. Left out: the operator."),
        click.argument("number", type=int),
        click.argument("workspace"),
    ):
        command = option(command)
    access.command(name)(command)


_decision("approve", "approved", "now has access to the room", "Let the member of request NUMBER into the room.")
_decision("decline", "declined", "was declined", "Decline request NUMBER.")
_decision("withdraw", "withdrawn", "asks no longer", "Take request NUMBER back.")
