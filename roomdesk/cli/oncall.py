"""`roomdesk oncall`: who is called when."""

from __future__ import annotations

import json
import tomllib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.access import viewer
from roomdesk.cli.base import Refused, actor_name, emit, iso, json_option, with_desk
from roomdesk.cli.directory import table
from roomdesk.cli.oncall_import import imported_lines, imports
from roomdesk.cli.oncall_pages import COMMANDS
from roomdesk.cli.sla import Instant

if TYPE_CHECKING:
    from roomdesk.audit.work import Actor

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
@click.argument("file", type=_FILE, required=False)
@click.option(
    "--product", help="The product; with FILE the one whose calendars the rota names. Left out: all that have a rota."
)
@click.option("--at", type=Instant(), help="Such as 2026-03-06T14:30:00Z; now if left out.")
@json_option
@with_desk
def who(file: Path | None, product: str | None, at: datetime | None, as_json: bool) -> None:
    """Say who is on call at an instant by the stored rotas, or would be by the rota that FILE writes down (TOML)."""
    from roomdesk.oncall import asking
    from roomdesk.oncall.checking import do_who
    from roomdesk.runtime import clock

    at = at or clock.now()
    if file is None:
        value = asking.who(viewer(), at, product)
        emit(value, as_json, "\n".join(map(_watch, value["items"])) or "No product has a rota yet.")
        return
    if product is None:
        raise click.UsageError("Missing option '--product': the product whose calendars the rota names.")
    value = do_who(product=product, written=_read(file), at=at)
    emit(value, as_json, _told(value))


@oncall.command()
@click.argument("file", type=_FILE)
@click.option("--product", required=True)
@json_option
@with_desk
def put(file: Path, product: str, as_json: bool) -> None:
    """Store the rota that FILE writes down (TOML) as that of a product. Swaps to come stay."""
    from roomdesk.oncall import asking, rotas
    from roomdesk.runtime import clock

    value = asking.whole(rotas.do_put(viewer(), product, _read(file), actor=_actor(), now=clock.now()))
    emit(value, as_json, f"The rota of {product} is version {value['version']}.")


@oncall.command()
@click.option("--product", required=True)
@json_option
@with_desk
def show(product: str, as_json: bool) -> None:
    """Show the stored rota of a product, with its swaps."""
    from roomdesk.oncall import asking, rotas

    value = asking.whole(rotas.access_rota(viewer(), product))
    swaps = [
        (str(one["id"]), one["layer"], one["person"], f"{iso(one['start'])} – {iso(one['end'])}", one["reason"])
        for one in value["swaps"]
    ]
    head = f"Version {value['version']}, changed {iso(value['changed_at'])} by {value['changed_by']}."
    emit(
        value,
        as_json,
        f"{head}\n{json.dumps(value['written'], indent=2, ensure_ascii=False)}\n{table(swaps, 'No swaps.')}",
    )


@oncall.command()
@click.option("--product", required=True)
@click.option("--from", "begin", type=Instant(), help="Such as 2026-03-06T14:30:00Z; now if left out.")
@click.option("--days", default=14, show_default=True)
@json_option
@with_desk
def gaps(product: str, begin: datetime | None, days: int, as_json: bool) -> None:
    """List where the stored rota leaves nobody on call, and who is on call twice. Exit 1 where there is a gap."""
    from roomdesk.oncall import asking
    from roomdesk.runtime import clock

    value = asking.ahead(viewer(), product, begin or clock.now(), days)
    lines = _checked({**value, "shifts": []}).split("\n")[1:]
    emit(value, as_json, "\n".join(lines) or "There is no gap.")
    if value["gaps"]:
        raise SystemExit(1)


@oncall.command()
@click.argument("person")
@click.option("--product", required=True)
@click.option("--reason", required=True)
@click.option("--instead-of", help="Whose present or next shift; or give --start and --end.")
@click.option("--layer", help="Needed where the rota has several and a time is given.")
@click.option("--start", type=Instant())
@click.option("--end", type=Instant())
@json_option
@with_desk
def swap(product: str, as_json: bool, **wish: Any) -> None:
    """Put PERSON on call instead of whoever would be, for a shift or a time."""
    from roomdesk.oncall import asking, rotas
    from roomdesk.runtime import clock

    made = rotas.do_swap(viewer(), product, rotas.Wish(**wish), actor=_actor(), now=clock.now())
    words = f"{made.person} is on call ({made.layer}) from {iso(made.start)} to {iso(made.end)}."
    emit(asking.swap(made), as_json, words)


@oncall.command("end-swap")
@click.argument("number", type=int)
@click.option("--product", required=True)
@json_option
@with_desk
def end_swap(number: int, product: str, as_json: bool) -> None:
    """Take swap NUMBER back; from now on the rota holds again."""
    from roomdesk.oncall import asking, rotas
    from roomdesk.runtime import clock

    made = rotas.do_end_swap(viewer(), product, number, actor=_actor(), now=clock.now())
    emit(asking.swap(made), as_json, f"Swap {number} is over.")


@oncall.command()
@click.option("--product", required=True)
@click.option("--person", default="", help="Only their shifts.")
@with_desk
def ics(product: str, person: str) -> None:
    """Print the calendar (ICS) of a product's rota."""
    from roomdesk.oncall import feeds, rotas
    from roomdesk.runtime import clock

    click.echo(feeds.written(rotas.access_rota(viewer(), product), person, clock.now()), nl=False)


def _actor() -> Actor:
    from roomdesk.audit.work import Actor

    return Actor("cli", actor_name())


def _watch(one: dict[str, Any]) -> str:
    return f"{one['product']}:\n{_told(one)}"


def _told(value: dict[str, Any]) -> str:
    told = [table([_row(one) for one in value["on_call"]], "Nobody is on call.")]
    after = value["next_hand_over"]
    told += [f"Next hand-over: {iso(after)}."] if after else []
    return "\n".join([*told, *imported_lines(value.get("imported"))])


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


for _command in (*COMMANDS, imports):
    oncall.add_command(_command)
