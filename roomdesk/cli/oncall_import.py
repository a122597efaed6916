"""`roomdesk oncall import`: taking over the rotas that are PagerDuty's (D33)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from roomdesk.cli.access import viewer
from roomdesk.cli.base import emit, iso, json_option, with_desk


@click.command("import")
@click.option("--product", required=True)
@json_option
@with_desk
def imports(product: str, as_json: bool) -> None:
    """Ask PagerDuty for a product's on-calls now, and say how taking them over went last. Exit 1 where it does not work."""
    from roomdesk.oncall import importing
    from roomdesk.runtime import clock

    value = importing.do_ask(viewer(), product, now=clock.now())
    emit(value, as_json, "\n".join(imported_lines(value)))
    if value["problem"]:
        raise SystemExit(1)


def imported_lines(value: Mapping[str, Any] | None) -> list[str]:
    """For people; nothing where the rota is ours."""
    if value is None:
        return []
    heard = f"as it was told at {iso(value['heard_at'])}" if value["heard_at"] else "which has told nothing yet"
    lines = [f"The rota is PagerDuty's (escalation policy {value['policy']}), {heard}."]
    lines += [f"Since then: {value['problem']}"] if value["problem"] else []
    if value["strangers"]:
        lines.append(
            f"On call there, and nobody of the staff here by their mail address: {', '.join(value['strangers'])}."
        )
    return lines
