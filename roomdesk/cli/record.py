"""`roomdesk record`: what was ever said."""

from __future__ import annotations

from typing import Any

import click

from roomdesk.cli.base import emit, json_option, plain, with_desk
from roomdesk.cli.directory import viewer
from roomdesk.cli.record_export import export
from roomdesk.cli.record_import import import_room
from roomdesk.cli.record_verify import verify


@click.group()
def record() -> None:
    """What was ever said."""


record.add_command(import_room)
record.add_command(export)
record.add_command(verify)


@record.command()
@click.argument("query")
@click.option("--workspace", default="", help="Only in this workspace.")
@click.option("--order", type=click.Choice(["newest", "best"]), default="newest", show_default=True)
@click.option("--after-key", default="", help="Continue after the page whose `next` this is.")
@click.option("--limit", type=click.IntRange(1, 100), default=25, show_default=True)
@json_option
@with_desk
def search(query: str, workspace: str, order: str, after_key: str, limit: int, as_json: bool) -> None:
    """Find what QUERY says: words, "phrases", beginnings (inv*), from:, workspace:, case:, before:, after:, has:file."""
    from roomdesk.cases import search as record
    from roomdesk.runtime import clock

    found = record.search(viewer(), query, clock.now(), workspace=workspace, order=order, after=after_key, limit=limit)
    value = record.shown(found)
    emit(value, as_json, "\n".join(_words(value)))


def _words(value: dict[str, Any]) -> list[str]:
    total = f"{value['total']:,}{'+' if value['more'] else ''} found" if value["total"] is not None else "Further ones"
    lines = [f"{total}." if value["items"] else "Nothing was found."]
    lines += [line for item in value["items"] for line in _lines(item)]
    return [*lines, f"Further ones: --after-key {value['next']}"] if value["next"] else lines


def _lines(item: dict[str, Any]) -> list[str]:
    place = f"{item['workspace']} {item['case']}" if item["case"] else item["workspace"]
    text = "".join(f"[{part['text']}]" if part["match"] else part["text"] for part in item["excerpt"])
    return [f"{plain(item['at'])} {place} {item['author']} ({item['author_kind']}):", f"  {' '.join(text.split())}"]
