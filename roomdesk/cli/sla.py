"""`roomdesk sla`: due times, and how they came to be."""

from __future__ import annotations

import json
import sys
from datetime import datetime

import click

from roomdesk.cli.base import emit, json_option, with_desk
from roomdesk.cli.directory import viewer


@click.group()
def sla() -> None:
    """Due times, and how they came to be."""


@sla.command()
@click.argument("ref")
@json_option
@with_desk
def explain(ref: str, as_json: bool) -> None:
    """Explain every clock of the case REF: promise, windows counted, holidays, changes, how it stands."""
    from roomdesk.cases import queries, story
    from roomdesk.runtime import clock

    value = story.sla(queries.access_case(ref, viewer()), clock.now())
    emit(value, as_json, "\n\n".join("\n".join(item["lines"]) for item in value["clocks"]))


@sla.command()
def due() -> None:
    """Answer clock questions, one JSON object a line on stdin, one answer a line on stdout.

    Needs no running desk. A line that cannot be understood is answered with `error`, and the next goes on.
    """
    from roomdesk.rules.sla_lines import answer_line

    for raw in sys.stdin.buffer:
        if line := raw.strip():
            try:
                answer = answer_line(line.decode("utf-8"))
            except UnicodeDecodeError:
                answer = {"id": None, "error": "The line is not UTF-8 text."}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


class Instant(click.ParamType[datetime]):
    """`2026-03-06T14:30:00Z`, or with an offset."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        from roomdesk.rules.errors import TimeError
        from roomdesk.rules.instants import parse_instant

        try:
            return value if isinstance(value, datetime) else parse_instant(value, "The time")
        except TimeError as error:
            self.fail(str(error), param, ctx)


@sla.command()
@click.option("--product", required=True)
@click.option("--tier", required=True)
@click.option("--severity", required=True)
@click.option("--kind", default="other", show_default=True)
@click.option("--addon", "addons", multiple=True, help="May be repeated.")
@click.option(
    "--at", type=Instant(), required=True, help="When the case would be opened, such as 2026-03-06T14:30:00Z."
)
@json_option
@with_desk
def simulate(
    product: str, tier: str, severity: str, kind: str, addons: tuple[str, ...], at: datetime, as_json: bool
) -> None:
    """Say what a case would be promised. Nothing is written."""
    from roomdesk.clocks.simulation import do_simulate

    value = do_simulate(product=product, tier=tier, severity=severity, kind=kind, addons=addons, at=at)
    emit(value, as_json, "\n\n".join("\n".join(item["lines"]) for item in value["clocks"]))
