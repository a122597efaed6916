"""`roomdesk person`: one identity each, whatever they are in workspaces and on the staff."""

from __future__ import annotations

import sys

import click

from roomdesk.cli.base import Refused, actor_name, emit, json_option, with_desk


@click.group()
def person() -> None:
    """People and their sign-in."""


@person.command()
@click.argument("id")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@json_option
@with_desk
def password(id: str, password_stdin: bool, as_json: bool) -> None:
    """Set the password of the person ID for the embedded identity provider."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services
    from roomdesk.runtime import clock

    plain = _read(password_stdin)
    services.do_set_password(id=id, password=plain, actor=Actor("cli", actor_name()), now=clock.now())
    emit({"id": id, "result": "changed"}, as_json, f"{id} has a new password.")


def _read(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Refused("There is no terminal to ask for the password; give --password-stdin and write it there.")
    return str(click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))


@person.command()
@click.argument("id")
@json_option
@with_desk
def show(id: str, as_json: bool) -> None:
    """Show the person ID, with workspaces and staff roles."""
    from roomdesk.directory import queries, services, shown
    from roomdesk.runtime import clock

    row = services.access_person(id)
    value = {**shown.person(row), **queries.belongings(row, clock.now())}
    emit(value, as_json, "\n".join(f"{name}: {content}" for name, content in value.items()))


@person.command()
@click.argument("id")
@json_option
@with_desk
def left(id: str, as_json: bool) -> None:
    """Say in which rooms the person ID still is, and whether the account is locked."""
    from roomdesk.directory import services
    from roomdesk.rooms import leaving
    from roomdesk.runtime import clock

    row = services.access_person(id)
    found = leaving.report(row, leaving.known_rooms(row), clock.now())
    emit({"id": id, **found}, as_json, "\n".join(f"{id} {line}" for line in leaving.lines(found)))
