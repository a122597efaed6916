"""`roomdesk oncall`: who is called when."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from roomdesk.cli.base import Refused, emit, iso, json_option, with_desk
from roomdesk.cli.directory import table
from roomdesk.cli.sla import Instant

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def oncall() -> None:
    """Who is called when."""


@oncall.command()
@click.argument("file", type=_FILE)
@click.option("--product", required=True, help="The product whose calendars the rota names.")
@click.option("--from", "begin", type=Instant(), help="Such as 2026-03-06T14:30:00Z; now if left out.")
@click.option("--days", default=28, show_default=True)
@json_option
@with_desk
def check(file: Path, product: str, begin: datetime | None, days: int, as_json: bool) -> None:
    """Check the rota that FILE writes down (TOML): its shifts, gaps and double bookings. Nothing is stored."""
    from roomdesk.oncall.checking import do_check
    from roomdesk.runtime import clock

    value = do_check(product=product, written=_read(file), begin=begin or clock.now(), days=days)
    emit(value, as_json, _checked(value))


@oncall.command()
@click.argument("file", type=_FILE)
@click.option("--product", required=True, help="The product whose calendars the rota names.")
@click.option("--at", type=Instant(), help="Such as 2026-03-06T14:30:00Z; now if left out.")
@json_option
@with_desk
def who(file: Path, product: str, at: datetime | None, as_json: bool) -> None:
    """Say who would be on call at an instant by the rota that FILE writes down (TOML)."""
    from roomdesk.oncall.checking import do_who
    from roomdesk.runtime import clock

    value = do_who(product=product, written=_read(file), at=at or clock.now())
    told = table([_row(one) for one in value["on_call"]], "Nobody is on call.")
    after = value["next_hand_over"]
    emit(value, as_json, f"{told}\nNext hand-over: {iso(after)}." if after else told)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{file} cannot be read as TOML: {error}.") from error


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    why = f"override: {one['reason']}".rstrip(": ") if one.get("override") else ""
    why = f"for {one['stands_in_for']}" if one.get("stands_in_for") else why
    return (f"level {one['level']}", one["layer"], one["person"], f"{iso(one['start'])} – {iso(one['end'])}", why)


def _checked(value: dict[str, Any]) -> str:
    lines = [table([_row(one) for one in value["shifts"]], "Nobody is ever on call.")]
    lines += [f"Nobody is on call from {iso(one['start'])} to {iso(one['end'])}." for one in value["gaps"]]
    lines += [
        f"{one['person']} is on call twice ({', '.join(one['layers'])}) from {iso(one['start'])} to {iso(one['end'])}."
        for one in value["double_bookings"]
    ]
    return "\n".join(lines)
