"""`roomdesk workspace`: the customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import click

from roomdesk.cli.base import Refused, actor_name, emit, json_option, with_desk
from roomdesk.cli.directory import grant, table, verb, viewer

if TYPE_CHECKING:
    from roomdesk.directory.services import MemberWish
    from roomdesk.directory.services.wishes import Wish


@click.group()
def workspace() -> None:
    """The customers: one workspace each, with a room of their own."""


@workspace.command()
@click.argument("slug")
@click.option("--product", help="Needed for a new workspace; cannot be changed.")
@click.option("--tier", help="Default for a new workspace: the product's first.")
@click.option("--display-name")
@click.option("--addon", "addons", multiple=True, help="All add-ons; may be repeated. --addon '' takes all away.")
@click.option("--locale", help="Default: the product's.")
@click.option("--time-zone")
@click.option("--account-manager", help="The id of a person of the staff; '' for none.")
@click.option("--state", help="trial, active, suspended or cancelled.")
@click.option("--owner", help="The id of the owner, who is put too.")
@click.option("--owner-name")
@click.option("--owner-email")
@click.option("--admin", "admins", multiple=True, help="The id of an admin, who is put too; may be repeated.")
@json_option
@with_desk
def put(
    slug: str, addons: tuple[str, ...], owner: str | None, admins: tuple[str, ...], as_json: bool, **given: Any
) -> None:
    """Put the workspace SLUG. What is left out stays as it is."""
    from roomdesk.directory import queries, shown
    from roomdesk.directory.services import WorkspaceWish

    people = {"name": given.pop("owner_name"), "email": given.pop("owner_email")}
    if not owner and any(people.values()):
        raise click.UsageError("--owner-name and --owner-email need --owner.")
    wish = WorkspaceWish(slug=slug, addons=tuple(filter(None, addons)) if addons else None, **given)
    wishes: list[Wish] = [wish, *_people(slug, owner, admins, people)]
    outcomes = grant(wishes)
    found = queries.access_workspace(slug, viewer())
    value = shown.workspace(found, queries.terms_now(found)) | {"result": verb(outcomes[0])}
    emit(value, as_json, f"{slug} is a workspace of {value['product']}, tier {value['tier']} ({value['result']}).")


def _people(slug: str, owner: str | None, admins: tuple[str, ...], profile: dict[str, str | None]) -> list[MemberWish]:
    from roomdesk.directory.services import MemberWish, PersonWish

    wishes = [MemberWish(workspace=slug, person=PersonWish(id=owner, **profile), role="owner")] if owner else []
    return wishes + [MemberWish(workspace=slug, person=PersonWish(id=id), role="admin") for id in admins]


@workspace.command()
@click.argument("slug")
@json_option
@with_desk
def show(slug: str, as_json: bool) -> None:
    """Show the workspace SLUG and its people."""
    from roomdesk.directory import queries, shown
    from roomdesk.runtime import clock

    found = queries.access_workspace(slug, viewer())
    people = queries.people_of(found, clock.now())
    value = shown.workspace(found, queries.terms_now(found))
    words = [f"{name}: {_cell(content)}" for name, content in value.items()]
    words += [f"{row.role}: {row.person.slug} ({row.person.name})" for row in people]
    emit({**value, "members": [shown.member(row) for row in people]}, as_json, "\n".join(words))


def _cell(value: Any) -> str:
    from roomdesk.cli.base import plain

    return (", ".join(value) if isinstance(value, list) else plain(value) if value else "") or "-"


@workspace.command("list")
@json_option
@with_desk
def list_workspaces(as_json: bool) -> None:
    """List all workspaces."""
    items = _all()
    rows = [(i["slug"], i["product"], i["tier"], i["state"], i["display_name"]) for i in items]
    empty = "There is no workspace yet; make one with `roomdesk workspace put`."
    emit({"items": items, "next": None}, as_json, table(rows, empty))


def _all() -> list[dict[str, Any]]:
    from roomdesk.directory import queries, shown

    items: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page, after = queries.workspace_page(viewer(), after)
        items += [shown.workspace(row, queries.terms_now(row)) for row in page]
    return items


@workspace.command("import")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--partial", is_flag=True, help="Keep the good lines; without it one refused line stops all.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@json_option
@with_desk
def import_file(file: TextIO, partial: bool, dry_run: bool, as_json: bool) -> None:
    """Put the workspaces in FILE (CSV, JSON or JSONL; - for standard input). Exit 1 if a line is refused."""
    from dataclasses import asdict

    from roomdesk.audit.work import Actor
    from roomdesk.directory.files import read_lines
    from roomdesk.directory.services.importing import do_import
    from roomdesk.runtime import clock

    lines = read_lines(_text(file), file.name)
    report = do_import(lines, partial=partial, dry_run=dry_run, actor=Actor("cli", actor_name()), now=clock.now())
    words = [f"line {r.line}: {r.slug or '?'}: {r.result}{f': {r.error}' if r.error else ''}" for r in report.lines]
    items = [asdict(line) for line in report.lines]
    emit({"is_written": report.is_written, "refused": report.refused, "lines": items}, as_json, "\n".join(words))
    if report.refused:
        kept = "The other lines were kept." if report.is_written else "Nothing was written."
        raise Refused(f"{report.refused} of {len(lines)} lines are refused. {kept}")


def _text(file: TextIO) -> str:
    try:
        return file.read()
    except UnicodeDecodeError as error:
        raise Refused(f'"{file.name}" is not UTF-8 text, see byte {error.start}.') from error
