"""`roomdesk oncall pages|page|ack|reach|test`: pages, and by which ways staff are reached."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from roomdesk.cli.access import viewer
from roomdesk.cli.base import actor_name, emit, iso, json_option, with_desk
from roomdesk.cli.directory import table

if TYPE_CHECKING:
    from roomdesk.audit.work import Actor


@click.command()
@click.option("--waiting", is_flag=True, help="Only those that nobody has yet.")
@click.option("--ref", default="", help="Only those of this case.")
@json_option
@with_desk
def pages(waiting: bool, ref: str, as_json: bool) -> None:
    """List the newest pages, with every way that was tried."""
    from roomdesk.oncall import queries

    items = queries.shown(queries.access_pages(viewer(), waiting=waiting, ref=ref))
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
@click.option("--way", "ways", multiple=True, metavar="KIND=ADDRESS", help="apprise=mailto://…, pagerduty=KEY, or matrix, in their order; replaces all. Left out: they are only shown.")  # fmt: skip
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
    from roomdesk.rooms import direct
    from roomdesk.runtime import clock

    items = reaching.do_test(viewer(), person, direct=direct.say, actor=_actor(), now=clock.now())
    rows = [(one["way"], one["address"], one["problem"] or "taken") for one in items]
    emit({"items": items}, as_json, table(rows, ""))
    if all(one["problem"] for one in items):
        raise SystemExit(1)


@click.command()
@click.option("--product", required=True)
@click.option("--wait", default=300, show_default=True, help="Seconds to wait until somebody acknowledges.")
@json_option
@with_desk
def drill(product: str, wait: int, as_json: bool) -> None:
    """Page for real, marked as a drill, and say how long each step took. Exit 1 where nobody acknowledged in time."""
    from roomdesk.oncall import drill as drills
    from roomdesk.runtime import clock

    actor = _actor()
    begun = drills.do_begin(viewer(), product, actor=actor, now=clock.now())
    until = time.monotonic() + wait
    try:
        while drills.report(begun.pk)["acknowledged"] is None and time.monotonic() < until:
            time.sleep(0.2)
    finally:
        drills.do_end(begun.pk, actor=actor, now=clock.now())
    value = drills.report(begun.pk)
    emit(value, as_json, _drilled(value))
    if value["acknowledged"] is None:
        raise SystemExit(1)


def _drilled(value: dict[str, Any]) -> str:
    tries = [(f"{one['after']:.1f} s", one["way"], one["to"] or "", one["action"], one["problem"] or "taken") for one in value["tries"]]  # fmt: skip
    taken = f"Taken after {value['accepted']:.1f} s" if value["accepted"] is not None else "No way took it"
    if value["acknowledged"] is None:
        return f"{table(tries, 'Nothing was tried.')}\n{taken}; nobody acknowledged."
    return f"{table(tries, '')}\n{taken}; acknowledged by {value['by']} ({value['via']}) after {value['acknowledged']:.1f} s."


def _actor() -> Actor:
    from roomdesk.audit.work import Actor

    return Actor("cli", actor_name())


COMMANDS = (pages, page, ack, reach, test, drill)
