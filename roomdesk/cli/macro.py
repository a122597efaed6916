"""`roomdesk macro`: the canned answers of a product, from its files and written here."""

from __future__ import annotations

from typing import Any

import click

from roomdesk.cli.base import emit, json_option, plain, with_desk
from roomdesk.cli.case import cli_actor
from roomdesk.cli.directory import table, viewer

text_option = click.option(
    "--text",
    "texts",
    nargs=2,
    multiple=True,
    metavar="LANGUAGE TEXT",
    help="What is said in a language; may be repeated.",
)
set_option = click.option(
    "--set", "values", nargs=2, multiple=True, metavar="NAME VALUE", help="A variable that the macro asks for."
)


@click.group()
def macro() -> None:
    """Canned answers of a product. `case macro` says one in a case."""


@macro.command("list")
@click.argument("product", required=False)
@json_option
@with_desk
def list_macros(product: str | None, as_json: bool) -> None:
    """List the macros of PRODUCT, or of all products."""
    from roomdesk.cases import macro_list
    from roomdesk.runtime import clock

    items = [macro_list.shown(row) for row in macro_list.access_list(viewer(), product, clock.now())]
    rows = [(i["product"], i["macro"], _where(i), i["state"] or "", _first(i)) for i in items]
    emit({"items": items, "next": None}, as_json, table(rows, "There is no macro yet."))


def _where(item: dict[str, Any]) -> str:
    return "hidden by the files" if item["hidden"] else item["source"]


def _first(item: dict[str, Any]) -> str:
    """The text of the first language, on one line."""
    return " ".join(next(iter(item["texts"].values()), "").split())


@macro.command()
@click.argument("product")
@click.argument("name")
@json_option
@with_desk
def show(product: str, name: str, as_json: bool) -> None:
    """Show the macro NAME of PRODUCT with all its texts."""
    from roomdesk.cases import macro_list
    from roomdesk.runtime import clock

    item = macro_list.shown(macro_list.access_one(viewer(), product, name, clock.now())[1])
    emit(item, as_json, _words(item))


def _words(item: dict[str, Any]) -> str:
    told = f", changed {plain(item['changed_at'])} by {item['changed_by']}" if item["changed_at"] else ""
    facts = [
        f"{item['macro']} of {item['product']} ({_where(item)}{told})",
        f"asks for {', '.join(item['asks'])}" if item["asks"] else "asks for nothing",
        f"makes the case {item['state']}" if item["state"] else "leaves the case as it is",
    ]
    return "\n".join([*facts, *_each(item["texts"])])


def _each(texts: dict[str, str]) -> list[str]:
    return [f"{locale}: {text}" for locale, text in texts.items()]


@macro.command()
@click.argument("product")
@click.argument("name")
@text_option
@click.option("--state", help="What the case becomes with it; '' for nothing.")
@json_option
@with_desk
def put(product: str, name: str, texts: tuple[tuple[str, str], ...], state: str | None, as_json: bool) -> None:
    """Write the macro NAME of PRODUCT, or change it. A language left out keeps its text."""
    from roomdesk.cases import macro_list, stored_macros
    from roomdesk.runtime import clock

    now = clock.now()
    _, is_new = stored_macros.do_put(viewer(), product, name, dict(texts), state, actor=cli_actor(), now=now)
    item = macro_list.shown(macro_list.access_one(viewer(), product, name, now)[1])
    emit(item, as_json, f"{name} of {product} is {'written' if is_new else 'as wanted'}.")


@macro.command()
@click.argument("product")
@click.argument("name")
@json_option
@with_desk
def remove(product: str, name: str, as_json: bool) -> None:
    """Remove the macro NAME of PRODUCT that was written here. What was said by it stays said."""
    from roomdesk.cases import stored_macros
    from roomdesk.runtime import clock

    stored_macros.do_remove(viewer(), product, name, actor=cli_actor(), now=clock.now())
    emit({"removed": name, "product": product}, as_json, f"{name} of {product} is removed.")


@macro.command()
@click.argument("product")
@click.argument("name")
@text_option
@set_option
@json_option
@with_desk
def preview(
    product: str, name: str, texts: tuple[tuple[str, str], ...], values: tuple[tuple[str, str], ...], as_json: bool
) -> None:
    """Print how the macro NAME of PRODUCT would be said, or these texts in its place. Nothing is written."""
    from roomdesk.cases import macro_list
    from roomdesk.runtime import clock

    found = macro_list.access_preview(viewer(), product, name, dict(texts), dict(values), clock.now())
    emit(found, as_json, "\n".join(_each(found["texts"])))
