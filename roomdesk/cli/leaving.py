"""What the commands that remove people share: the report of what became of their rooms and account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.directory import grant

if TYPE_CHECKING:
    from roomdesk.directory.services.wishes import MemberGone, StaffGone

wait_option = click.option(
    "--wait",
    type=click.FloatRange(0, 3600),
    default=20.0,
    show_default=True,
    help="For how many seconds to wait until the person is out of all rooms.",
)


def remove(wish: MemberGone | StaffGone, wait: float) -> tuple[Any, dict[str, Any]]:
    """What ended, and the report."""
    from roomdesk.directory import services
    from roomdesk.rooms import leaving
    from roomdesk.runtime import clock

    person = services.access_person(wish.id)
    before = leaving.known_rooms(person)
    ended = grant([wish])[0].value
    return ended, leaving.awaited(person, before, wait, clock.now)


def told(first: str, found: dict[str, Any]) -> str:
    """A sentence about what was removed, and the report's lines under it."""
    from roomdesk.rooms import leaving

    lines: Sequence[str] = leaving.lines(found)
    rest = [] if found["complete"] else ["not all is done yet; ask again with `roomdesk person left`"]
    return "\n".join([first, *(f"  {line}" for line in (*lines, *rest))])
