"""`roomdesk case filing` and `case unplaced`: how well the desk files by itself, and what it has put away."""

from __future__ import annotations

from typing import Any

import click

from roomdesk.cli.base import emit, iso, json_option, with_desk
from roomdesk.cli.case_macros import case
from roomdesk.cli.directory import table, viewer

__all__ = ["case"]


@case.command("filing")
@click.option("--product")
@click.option("--months", type=int, help="So many months, the present one among them (6, at most 24).")
@json_option
@with_desk
def rates(product: str | None, months: int | None, as_json: bool) -> None:
    """Count what staff had to put elsewhere, and answers of the desk that were enough, by product and month."""
    from roomdesk.reports import filing
    from roomdesk.runtime import clock

    wanted = filing.MONTHS if months is None else months
    items = [line.as_json() for line in filing.filing(viewer(), clock.now(), product=product, months=wanted)]
    emit({"items": items, "next": None}, as_json, table([*map(_line, items)], "Nothing was filed there."))


def _line(item: dict[str, Any]) -> tuple[str, ...]:
    wrong = f"{item['moved']} moved, {item['merged']} merged of {item['grouped']}{_percent(item['wrong_percent'])}"
    spared = f"{item['deflected']} deflected, {item['no_help']} did not help, of {item['cases']} cases"
    return item["month"], item["product"], wrong, f"{spared}{_percent(item['helped_percent'])}"


def _percent(value: str | None) -> str:
    return f" ({value} %)" if value else ""


@case.command("unplaced")
@click.option("--product")
@click.option("--reason", help="small_talk, command, no_intake, undecided or machine.")
@click.option("--before", type=int, help="The page behind: the `next` of the one before.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@json_option
@with_desk
def put_away(product: str | None, reason: str | None, before: int | None, limit: int, as_json: bool) -> None:
    """List messages of people that belong to no case, the newest first, each with the reason."""
    from roomdesk.reports import unplaced

    found = unplaced.unplaced(viewer(), product=product, reason=reason, before=before, limit=limit)
    items = [unplaced.shown(one) for one in found.items]
    rows = [
        (str(one["id"]), iso(one["at"]), one["workspace"], one["author"], one["why"]["code"], _text(one))
        for one in items
    ]
    emit({"items": items, "next": found.next}, as_json, table(rows, "Every message belongs to a case."))


def _text(item: dict[str, Any]) -> str:
    return " ".join((item["text"] or "(removed)").split())[:80]
