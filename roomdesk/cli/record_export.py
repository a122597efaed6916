"""`roomdesk record export`: the record of a workspace as a folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.base import actor_name, emit, json_option, with_desk
from roomdesk.cli.directory import viewer

if TYPE_CHECKING:
    from roomdesk.audit.work import Actor
    from roomdesk.directory.queries import Viewer


@click.command("export")
@click.option("--workspace", required=True, help="Whose record.")
@click.option("--to", required=True, type=click.Path(path_type=Path), help="The folder to make; it must not exist.")
@click.option("--from", "since", default="", help="Said from then on: a day, a month, a year, or an instant; UTC.")
@click.option("--until", default="", help="Said before then.")
@click.option(
    "--for", "person", default="", help="The member of the staff who gets it; their roles say what may be in it."
)
@click.option("--restricted", is_flag=True, help="With restricted cases: --for must have the role security.")
@click.option("--sealed", is_flag=True, help="With the text of what was removed: --for must have the role auditor.")
@json_option
@with_desk
def export(
    workspace: str, to: Path, since: str, until: str, person: str, restricted: bool, sealed: bool, as_json: bool
) -> None:
    """Write the record of a workspace to a folder: JSON lines, pages by month, the kept files, checksums of all of it."""
    from roomdesk.cases import export_folder, exporting
    from roomdesk.runtime import clock
    from roomdesk.web.record_pages import MonthPages

    now = clock.now()
    who, actor = _who(person)
    wanted = exporting.access_export(
        who, workspace, now, since=since, until=until, restricted=restricted, sealed=sealed
    )
    manifest = export_folder.do_export(
        wanted, to.absolute(), draw=MonthPages, actor=actor, now=now, progress=_progress()
    )
    emit({**manifest, "to": str(to.absolute())}, as_json, _words(manifest, to))


def _who(person: str) -> tuple[Viewer, Actor]:
    """Who gets it, and who is named for it in the audit."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory.queries import active_person, viewer_of_person
    from roomdesk.refusals import Invalid
    from roomdesk.runtime import clock

    if not person:
        return viewer(), Actor("cli", actor_name())
    found = active_person(person)
    who = viewer_of_person(found, clock.now()) if found else None
    if who is None or who.kind != "staff":
        raise Invalid(f'"{person}" is not a member of the staff.', field="for")
    return who, Actor("cli", f"{actor_name()} for {who.name}")


def _progress() -> Callable[[int], None]:
    """Tells on stderr, every few seconds, how far it is."""
    told = time.monotonic()

    def tell(count: int) -> None:
        nonlocal told
        if time.monotonic() - told > 2:
            told = time.monotonic()
            click.echo(f"{count:,} entries", err=True)

    return tell


def _words(manifest: dict[str, Any], to: Path) -> str:
    counts = manifest["counts"]
    lines = [f"{counts['entries']:,} entries and {counts['files']:,} files are in {to}; index.html is where to begin."]
    lines += [f"{counts['sealed']:,} of them were removed: sealed."] if counts["sealed"] else []
    lost = counts["files_missing"] + counts["files_damaged"]
    lines += [f"{lost:,} kept files are missing or damaged in the store; see {to}/manifest.json."] if lost else []
    return "\n".join(lines)
