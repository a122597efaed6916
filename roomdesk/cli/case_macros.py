"""`roomdesk case macros` and `case macro`: canned answers of a product."""

from __future__ import annotations

import click

from roomdesk.cli.base import emit, json_option, with_desk
from roomdesk.cli.case import as_option, cli_actor
from roomdesk.cli.case_satisfaction import case
from roomdesk.cli.directory import table, viewer

__all__ = ["case"]


@case.command("macros")
@click.argument("ref")
@json_option
@with_desk
def list_macros(ref: str, as_json: bool) -> None:
    """List the canned answers for the case REF, as they would be said in it."""
    from roomdesk.cases import macros

    items = [macros.shown(offer) for offer in macros.access_macros(viewer(), ref)]
    rows = [(one["macro"], one["state"] or "", one["text"]) for one in items]
    emit({"items": items, "next": None}, as_json, table(rows, "This product has no macros."))


@case.command("macro")
@click.argument("ref")
@click.argument("macro")
@click.option(
    "--set", "values", nargs=2, multiple=True, metavar="NAME VALUE", help="A variable that the macro asks for."
)
@as_option
@json_option
@with_desk
def say_macro(ref: str, macro: str, values: tuple[tuple[str, str], ...], author: str, as_json: bool) -> None:
    """Say the canned answer MACRO in the case REF. It counts once the room has it."""
    from roomdesk.cases import macros, story
    from roomdesk.cases.together import Hands
    from roomdesk.runtime import clock

    hands = Hands(viewer(), author, cli_actor(), clock.now())
    said = story.said(macros.do_macro(hands, ref, macro, dict(values), channel="cli"))
    emit({"ref": ref, **said}, as_json, f"Message {said['id']} is {said['state']}: {said['text']}")
