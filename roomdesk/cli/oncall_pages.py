"""`roomdesk oncall pages|page|ack|reach|test`: pages, and by which ways staff are reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.access import viewer
from roomdesk.cli.base import actor_name, emit, iso, json_option, with_desk
from roomdesk.cli.directory import table

if TYPE_CHECKING:
    from roomdesk.audit.work import Actor


@click.command()
@click.option("--waiting", is_flag=True, help="Only those that nobody has yet.")
@json_option
@with_desk
def pages(waiting: bool, as_json: bool) -> None:
    """List the newest pages, with every way that was tried."""
    from roomdesk.oncall import queries

    items = queries.shown(queries.access_pages(viewer(), waiting=waiting))
    rows = [(str(i["id"]), i["ref"] or i["cause"], i["state"], iso(i["opened_at"]), i["acknowledged_by"] or "", _ways(i)) for i in items]  # fmt: skip
    emit({"items": items}, as_json, table(rows, "There is no page."))


def _ways(item: dict[str, Any]) -> str:
    return ", ".join(f"{call['way']} {call['to'] or ''} {call['state']}".replace("  ", " ") for call in item["calls"])


@click.command()
@click.argument("ref")
@click.option("--reason", default="")
@click.option("--as", "author", help="The id of the member of the staff who pages.")
@json_option
@with_desk
def page(ref: str, reason: str, author: str | None, as_json: bool) -> None:
    """Wake the engineer on call for case REF, whatever its cover."""
    from roomdesk.cases import taking
    from roomdesk.runtime import clock

    case = taking.do_page(viewer(), ref, reason=reason, author=author, actor=_actor(), now=clock.now())
    emit({"ref": case.ref}, as_json, f"The engineer on call is being paged for {case.ref}.")


@click.command()
@click.argument("ref")
@click.option("--as", "author", help="The id of the member of the staff who takes it.")
@json_option
@with_desk
def ack(ref: str, author: str | None, as_json: bool) -> None:
    """Take the page of case REF, everywhere."""
    from roomdesk.cases import taking
    from roomdesk.runtime import clock

    case = taking.do_acknowledge(viewer(), ref, author=author, actor=_actor(), now=clock.now(), via="cli")
    emit({"ref": case.ref}, as_json, f"The page of {case.ref} is taken.")


@click.command()
@click.argument("person")
@click.option("--way", "ways", multiple=True, metavar="KIND=ADDRESS", help="apprise=mailto://… or pagerduty=KEY, in their order; replaces all. Left out: they are only shown.")  # fmt: skip
@click.option("--none", is_flag=True, help="Take all ways away.")
@json_option
@with_desk
def reach(person: str, ways: tuple[str, ...], none: bool, as_json: bool) -> None:
    """Show or set by which ways PERSON is called at night."""
    from roomdesk.oncall import reaching
    from roomdesk.runtime import clock

    now = clock.now()
    if ways or none:
        split = [(way.partition("=")[0], way.partition("=")[2]) for way in ways]
        found = reaching.do_put(viewer(), person, split, actor=_actor(), now=now)
    else:
        found = reaching.ways_of(reaching.access_person(viewer(), person, now))
    items = [reaching.shown(one) for one in found]
    rows = [(str(one["position"]), one["way"], one["address"]) for one in items]
    emit({"items": items}, as_json, table(rows, f"{person} has no way of their own."))


@click.command()
@click.argument("person")
@json_option
@with_desk
def test(person: str, as_json: bool) -> None:
    """Send PERSON a quiet test by every way of theirs. Exit 1 where none took it."""
    from roomdesk.oncall import reaching
    from roomdesk.runtime import clock

    items = reaching.do_test(viewer(), person, now=clock.now())
    rows = [(one["way"], one["address"], one["problem"] or "taken") for one in items]
    emit({"items": items}, as_json, table(rows, ""))
    if all(one["problem"] for one in items):
        raise SystemExit(1)


def _actor() -> Actor:
    from roomdesk.audit.work import Actor

    return Actor("cli", actor_name())


COMMANDS = (pages, page, ack, reach, test)
