"""`roomdesk token`: tokens for programs that use REST."""

from __future__ import annotations

from datetime import timedelta

import click

from roomdesk.cli.base import actor_name, emit, json_option, with_desk
from roomdesk.cli.directory import table


@click.group()
def token() -> None:
    """Tokens for programs that use REST."""


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="Such as cases:read; may be repeated.")
@click.option("--workspace", help="Limit the token to one workspace.")
@click.option("--days", type=click.IntRange(1), help="How long it is valid; left out: until revoked.")
@json_option
@with_desk
def make(name: str, scopes: tuple[str, ...], workspace: str | None, days: int | None, as_json: bool) -> None:
    """Make a token and print it, this once."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services, shown
    from roomdesk.runtime import clock

    now = clock.now()
    expires = now + timedelta(days=days) if days else None
    actor = Actor("cli", actor_name())
    row, plain = services.do_make_token(
        name=name, scopes=scopes, workspace=workspace, expires=expires, actor=actor, now=now
    )
    emit({**shown.token(row), "token": plain}, as_json, plain)


@token.command("list")
@json_option
@with_desk
def list_tokens(as_json: bool) -> None:
    """List all tokens, without their texts."""
    from roomdesk.directory import queries, shown

    items = [shown.token(row) for row in queries.tokens()]
    rows = [
        (i["name"], " ".join(i["scopes"]), i["workspace"] or "", "revoked" if i["revoked_at"] else "") for i in items
    ]
    emit({"items": items}, as_json, table(rows, "There is no token yet."))


@token.command()
@click.argument("name")
@json_option
@with_desk
def revoke(name: str, as_json: bool) -> None:
    """End a token at once."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services, shown
    from roomdesk.runtime import clock

    row = services.do_revoke_token(name=name, actor=Actor("cli", actor_name()), now=clock.now())
    emit(shown.token(row), as_json, f"The token {name} is revoked.")
