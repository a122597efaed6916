"""`roomdesk matrix-login`: a Matrix session of a person, for clients and scripts of demo and test installations."""

from __future__ import annotations

from dataclasses import asdict

import click

from roomdesk.cli.base import actor_name, emit, json_option, with_desk


@click.command("matrix-login")
@click.argument("person")
@json_option
@with_desk
def matrix_login(person: str, as_json: bool) -> None:
    """Print an access token of PERSON at the homeserver. Refused in production."""
    from roomdesk.audit.work import Actor
    from roomdesk.rooms.accounts import do_matrix_login
    from roomdesk.runtime import clock

    session = do_matrix_login(person=person, actor=Actor("cli", actor_name()), now=clock.now())
    value = asdict(session)
    emit(value, as_json, "\n".join(f"{name}: {text}" for name, text in value.items()))
