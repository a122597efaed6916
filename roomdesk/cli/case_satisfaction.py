"""`roomdesk case rate` and `case satisfaction`: whether customers were helped."""

from __future__ import annotations

from typing import Any

import click

from roomdesk.cli.base import emit, json_option, with_desk
from roomdesk.cli.case import as_option, cli_actor
from roomdesk.cli.case_acts import tell
from roomdesk.cli.case_incidents import case
from roomdesk.cli.directory import table, viewer

__all__ = ["case"]


@case.command()
@click.argument("ref")
@click.argument("score", type=click.Choice(["good", "bad"]))
@as_option
@json_option
@with_desk
def rate(ref: str, score: str, author: str, as_json: bool) -> None:
    """Note what the customer says of the resolution of the case REF; the newest word counts."""
    from roomdesk.cases import satisfaction
    from roomdesk.runtime import clock

    tell(satisfaction.do_rate(viewer(), ref, score, author=author, actor=cli_actor(), now=clock.now()), as_json)


@case.command("satisfaction")
@click.option("--product")
@click.option("--month", help="Such as 2026-03, where the product's office is. Default: all months.")
@json_option
@with_desk
def report(product: str | None, month: str | None, as_json: bool) -> None:
    """Count what customers said of resolutions, by product and month."""
    from roomdesk.reports import satisfaction

    value = satisfaction.shown(satisfaction.satisfaction(viewer(), product=product, month=month))
    emit(value, as_json, table([*map(_line, value["items"])], "Nothing was resolved there."))


def _line(item: dict[str, Any]) -> tuple[str, ...]:
    said = f"{item['good']} good, {item['bad']} bad" + (f" ({item['percent']} %)" if item["percent"] else "")
    return item["month"], item["product"], f"{item['resolved']} resolved", f"{item['answered']} answered", said
