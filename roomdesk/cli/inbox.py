"""`roomdesk inbox`: events that came in, above all those that were set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from roomdesk.cli.base import actor_name, emit, json_option, plain, with_desk
from roomdesk.cli.directory import table

if TYPE_CHECKING:
    from roomdesk.audit.work import Actor


@click.group()
def inbox() -> None:
    """Events that came in, above all those that were set aside."""


@inbox.command("list")
@click.option(
    "--set-aside", "state", flag_value="set_aside", default="set_aside", help="Those that always failed (the default)."
)
@click.option("--pending", "state", flag_value="pending", help="Those that wait.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Continue after this id.")
@json_option
@with_desk
def list_events(state: str, after: int, as_json: bool) -> None:
    """List events, the oldest first, at most 200."""
    from roomdesk.cases import set_aside

    items = [set_aside.shown(event) for event in set_aside.page(state, after)]
    rows = [(str(i["id"]), plain(i["received_at"]), i["source"], i["lane"] or "-", i["reason"] or "") for i in items]
    following = items[-1]["id"] if len(items) == set_aside.MOST else None
    emit({"items": items, "next": following}, as_json, table(rows, "There is none."))


@inbox.command()
@click.argument("id", type=int)
@json_option
@with_desk
def show(id: int, as_json: bool) -> None:
    """Show the event ID with its raw text."""
    from roomdesk.cases import set_aside

    event = set_aside.access_event(id)
    value = {**set_aside.shown(event), "raw": event.raw}
    emit(
        value, as_json, "\n".join(f"{name}: {plain(text) if text is not None else '-'}" for name, text in value.items())
    )


@inbox.command()
@click.argument("id", type=int)
@json_option
@with_desk
def replay(id: int, as_json: bool) -> None:
    """Put the set-aside event ID back into its lane. It keeps its own time and never pages."""
    from roomdesk import pipeline
    from roomdesk.cases import set_aside
    from roomdesk.runtime import clock

    event = set_aside.do_replay(id, put_back=pipeline.replay, actor=_actor(), now=clock.now())
    emit(set_aside.shown(event), as_json, f"The event {id} is {event.state} again.")


@inbox.command()
@click.argument("id", type=int)
@click.option("--reason", required=True, help="Why it is not needed; kept with the event and in the audit.")
@json_option
@with_desk
def ignore(id: int, reason: str, as_json: bool) -> None:
    """Give the set-aside event ID up."""
    from roomdesk.cases import set_aside
    from roomdesk.runtime import clock

    event = set_aside.do_ignore(id, reason=reason, actor=_actor(), now=clock.now())
    emit(set_aside.shown(event), as_json, f"The event {id} is ignored.")


def _actor() -> Actor:
    from roomdesk.audit.work import Actor

    return Actor("cli", actor_name())
