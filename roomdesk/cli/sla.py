"""`roomdesk sla`: due times, and how they came to be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from roomdesk.cli.base import actor_name, emit, iso, json_option, with_desk
from roomdesk.cli.directory import table, viewer
from roomdesk.cli.lines import answer_lines


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

    answer_lines(answer_line)


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


@sla.command()
@click.argument("ref", required=False)
@click.option("--workspace", help="All running clocks of this workspace.")
@click.option("--product", help="All running clocks of this product's workspaces.")
@click.option("--reason", default="", help="Stands in the audit and in every explanation; needed unless --dry-run.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@json_option
@with_desk
def retarget(
    ref: str | None, workspace: str | None, product: str | None, reason: str, dry_run: bool, as_json: bool
) -> None:
    """Give running clocks the newest policy and the workspace's present tier: of the case REF, a workspace or a product.

    By itself neither reaches clocks that run already. A new tier counts from when it took effect, a new policy from the start.
    """
    from roomdesk.audit.work import Actor
    from roomdesk.clocks.retargeting import do_retarget
    from roomdesk.runtime import clock

    value = do_retarget(
        viewer(),
        ref=ref,
        workspace=workspace,
        product=product,
        reason=reason,
        dry_run=dry_run,
        actor=Actor("cli", actor_name()),
        now=clock.now(),
    )
    emit(value, as_json, _retargeted(value))


def _retargeted(value: Any) -> str:
    rows = [
        (item["ref"], item["clock"], item["cause"], _due(item["before"]), "→", _due(item["after"]), _late(item))
        for item in value["clocks"]
    ]
    would = "would change" if value["dry_run"] else "changed"
    told = table(rows, f"No running clock {would}: all have the newest policy and their workspace's tier.")
    return f"{told}\n{len(rows)} clocks {would}." if rows else told


def _due(side: Any) -> str:
    return "cancelled" if side["state"] == "cancelled" else iso(side["due_at"]) if side["due_at"] else "no due time"


def _late(item: Any) -> str:
    return "late" if item["late"] else ""
