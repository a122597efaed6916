"""`roomdesk record verify`: whether the record holds what the rooms hold."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.base import actor_name, emit, iso, json_option, with_desk
from roomdesk.cli.directory import viewer

if TYPE_CHECKING:
    from roomdesk.cases.verifying import Verdict


@click.command()
@click.option("--workspace", help="Only this workspace's rooms; left out: all.")
@click.option(
    "--fill",
    is_flag=True,
    help="Hand what is missing to the desk, which records it with its own time; show the version that counts.",
)
@click.option(
    "--wait",
    type=click.FloatRange(0, 3600),
    default=20.0,
    show_default=True,
    help="With --fill: seconds to wait for that.",
)
@json_option
@with_desk
def verify(workspace: str | None, fill: bool, wait: float, as_json: bool) -> None:
    """Compare the record with the rooms, event by event. Exit 0 if it is complete, 1 while something is missing.

    What a room has lost meanwhile (purged, deleted) is on record all the same, and only counted.
    """
    from roomdesk.audit.work import Actor
    from roomdesk.cases import verifying
    from roomdesk.channels.matrix.client import current
    from roomdesk.directory import queries
    from roomdesk.runtime import clock

    chosen = [queries.access_workspace(workspace, viewer())] if workspace else list(queries.workspaces_of(viewer()))
    found = verifying.do_verify(
        chosen,
        actor=Actor("cli", actor_name()),
        now=clock.now,
        matrix=current(),
        fill=fill,
        wait=wait,
        is_all=workspace is None,
        progress=_progress(as_json),
    )
    complete = all(verdict.is_complete for verdict in found)
    value = {"complete": complete, "total": verifying.summed(found), "items": [verdict.shown() for verdict in found]}
    last = "The record is complete." if complete else "The record is not complete."
    emit(value, as_json, last if found else "There are no rooms to compare with.")
    if not complete:
        sys.exit(1)


def _progress(as_json: bool) -> Any:
    """Each room as soon as it is compared."""

    def tell(verdict: Verdict) -> None:
        click.echo("\n".join(_lines(verdict.shown())), err=as_json)

    return tell


def _lines(item: dict[str, Any]) -> list[str]:
    room = f"{item['workspace']} {item['room_id']}{' (former)' if item['former'] else ''}"
    if item["state"] == "unreadable":
        return [f"{room}: the desk cannot read it; `roomdesk rooms reconcile --workspace {item['workspace']}` first."]
    if item["state"] == "gone":
        return [f"{room}: the homeserver has it no more; {item['purged']:,} entries are on record."]
    said = [words.format(f"{item[name]:,}") for name, words in _WORDS if item[name]]
    gaps = [f"  {gap['event_id']} of {iso(gap['at'])}: {gap['what']}" for gap in item["gaps"]]
    return [
        f"{room}: {item['in_room']:,} events, {item['on_record']:,} on record{''.join(f'; {one}' for one in said)}.",
        *gaps,
    ]


_WORDS = (
    ("missing", "{} missing"),
    ("set_aside", "{} set aside"),
    ("differing", "{} with differences"),
    ("handed", "{} handed to the desk"),
    ("mended", "{} put right"),
    ("waiting", "{} on their way"),
    ("ignored", "{} put away by an operator"),
    ("removed", "{} removed"),
    ("purged", "{} on record are no more in the room"),
    ("history", "{} older than the desk's time there (`record import-room`)"),
)
