"""`roomdesk sla attainment`: how many promises were kept."""

from __future__ import annotations

from typing import Any

import click

from roomdesk.cli.base import emit, json_option, with_desk
from roomdesk.cli.directory import table, viewer
from roomdesk.cli.sla import sla

__all__ = ["sla"]

_COUNTS = ("met", "breached", "caused_by", "past_aim", "undecided")


@sla.command()
@click.option("--product")
@click.option("--tier")
@click.option("--severity")
@click.option("--month", help="Such as 2026-03, where the product's office is. Default: all months.")
@click.option("--clock", help="first_response, update or resolution. Default: all.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the lines as CSV.")
@json_option
@with_desk
def attainment(
    product: str | None,
    tier: str | None,
    severity: str | None,
    month: str | None,
    clock: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Count clocks that were met, breached and undecided, by month, product, tier, severity and clock.

    A clock counts in the month of its due time. Breaches that exist only by a split, a merge or a reclassification are in
    `caused_by` and in no percentage; nor are undecided ones.
    """
    from roomdesk.reports import attainment, shown

    if as_csv and as_json:
        raise click.UsageError("Give --csv or --json; one of both.")
    asked = attainment.Asked(product, tier, severity, month, clock)
    if as_csv:
        click.echo(shown.as_csv(attainment.attainment(viewer(), asked)), nl=False)
        return
    value = shown.report(viewer(), asked)
    emit(value, as_json, _words(value))


def _words(value: dict[str, Any]) -> str:
    rows = [_line(item) for item in value["items"]]
    told = table(rows, "No clock counts there.")
    lowered = [f"{one['ref']}: {one['before']} → {one['after']} by {one['by']}" for one in value["downward"]]
    sums = [f"Promises: {_sum(value['promises'])}.", f"Aims: {_sum(value['aims'])}."]
    return "\n".join([told, *sums, *([f"Lowered ({value['downward_total']}):", *lowered] if lowered else [])])


def _line(item: dict[str, Any]) -> tuple[str, ...]:
    facts = [item["month"] or "no month yet", item["product"], item["tier"], item["severity"], item["clock"]]
    kind = ("aim" if item["soft"] else "promise") + ("" if item["public"] else ", internal")
    return (*facts, kind, _sum(item))


def _sum(counts: dict[str, Any]) -> str:
    said = ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in _COUNTS if counts[name])
    return f"{said or 'nothing'}" + (f" ({counts['percent']} %)" if counts["percent"] else "")
