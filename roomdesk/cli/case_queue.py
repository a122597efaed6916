"""`roomdesk case queue`: which case comes next, and why."""

from __future__ import annotations

from typing import Any

import click

from roomdesk.cli.base import emit, json_option, with_desk
from roomdesk.cli.case_filing import case
from roomdesk.cli.directory import table, viewer

__all__ = ["case"]


@case.command()
@click.option("--product", help="Only cases of this product.")
@click.option("--after", default="", help="Continue after the page whose `next` this is.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@json_option
@with_desk
def queue(product: str | None, after: str, limit: int, as_json: bool) -> None:
    """List open cases, the next one first, with the reason for each one's place."""
    from roomdesk.cases import queue as cases
    from roomdesk.runtime import clock

    cases.check_after(after)
    value = cases.shown_queue(cases.queue(viewer(), clock.now(), product=product, after=after, limit=limit), viewer())
    emit(value, as_json, table([*map(_line, value["items"])], "No case is open."))


def _line(item: dict[str, Any]) -> tuple[str, ...]:
    case = item["case"]
    facts = (case["product"], case["ref"], case["workspace"], case["severity"], case["state"])
    return str(item["position"]), *facts, item["why"]["words"]
