"""What the commands of the directory share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from roomdesk.cli.base import actor_name

if TYPE_CHECKING:
    from roomdesk.directory.queries import Viewer
    from roomdesk.directory.services.wishes import Outcome, Wish


def grant(wishes: Sequence[Wish]) -> list[Outcome[Any]]:
    """Fulfils wishes in the name of whoever runs the command."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services
    from roomdesk.runtime import clock

    return services.grant(wishes, Actor("cli", actor_name()), clock.now())


def viewer() -> Viewer:
    """The command line runs beside the database, and sees all."""
    from roomdesk.directory.queries import Viewer

    return Viewer("staff", actor_name(), sees_all=True)


def verb(outcome: Outcome[Any]) -> str:
    """What happened, in a word."""
    return "created" if outcome.created else "changed" if outcome.changed else "unchanged"


def table(rows: Sequence[Sequence[str]], empty: str) -> str:
    """Rows in columns, or a sentence where there are none."""
    if not rows:
        return empty
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
