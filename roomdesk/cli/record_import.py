"""`roomdesk record import-room`: what was said in a room before the desk kept it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.base import actor_name, emit, iso, json_option, with_desk
from roomdesk.cli.directory import viewer

if TYPE_CHECKING:
    from roomdesk.cases.importing import Imported, Progress

#: Seconds between two lines of progress.
_EVERY = 1.0


@click.command("import-room")
@click.argument("room_id")
@click.option("--workspace", required=True, help="On whose record it goes.")
@click.option("--dry-run", is_flag=True, help="Only read the room, and say what would be recorded.")
@json_option
@with_desk
def import_room(room_id: str, workspace: str, dry_run: bool, as_json: bool) -> None:
    """Put on record what was said in ROOM_ID before the desk kept it, with its own times. Safe to run again: it goes on.

    No case is opened, no clock started, nobody told. The desk's bot must be able to read the room.
    """
    from roomdesk.audit.work import Actor
    from roomdesk.cases import importing
    from roomdesk.channels.matrix.client import current
    from roomdesk.directory import queries
    from roomdesk.runtime import clock

    done = importing.do_import_room(
        queries.access_workspace(workspace, viewer()),
        room_id,
        actor=Actor("cli", actor_name()),
        now=clock.now(),
        matrix=current(),
        dry_run=dry_run,
        progress=_progress(),
    )
    emit(done.shown(), as_json, _words(done.shown()))


def _progress() -> Progress:
    """Tells on stderr, now and then, how far it is."""
    told = time.monotonic()

    def tell(done: Imported) -> None:
        nonlocal told
        if time.monotonic() - told < _EVERY:
            return
        told = time.monotonic()
        until = f", until {iso(done.last_at)}" if done.last_at else ""
        click.echo(f"{done.recorded.total():,} recorded, {done.known:,} known already{until}", err=True)

    return tell


def _words(value: dict[str, Any]) -> str:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in value["recorded"].items())
    did = "would be put on record" if value["dry_run"] else "put on record"
    span = f", said from {iso(value['first_at'])} to {iso(value['last_at'])}" if value["total"] else ""
    lines = [f"{value['total']:,} {did}{f' ({kinds})' if kinds else ''}{span}."]
    lines += [f"{value['known']:,} were known already."] if value["known"] else []
    kept = value["kept_by_the_desk"]
    lines += [f"{kept:,} are younger: the desk kept the room by then. `record verify` compares these."] if kept else []
    return "\n".join(lines)
