"""`roomdesk person`: one identity each, whatever they are in workspaces and on the staff."""

from __future__ import annotations

import sys

import click

from roomdesk.cli.base import Refused, actor_name, emit, json_option, with_desk
from roomdesk.rules.sign_in import Provider


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
    from roomdesk.directory import identities, queries, services, shown
    from roomdesk.runtime import clock
    from roomdesk.web.identity.outside.configured import providers

    row = services.access_person(id)
    linked = {"identities": identities.listed(row, [(one.issuer, one.slug) for one in providers()])}
    value = {**shown.person(row), **queries.belongings(row, clock.now()), **linked}
    emit(value, as_json, "\n".join(f"{name}: {content}" for name, content in value.items()))


@person.command()
@click.argument("id")
@click.argument("provider")
@click.argument("subject")
@json_option
@with_desk
def link(id: str, provider: str, subject: str, as_json: bool) -> None:
    """Say which account at an outside PROVIDER of the settings is that of the person ID: its SUBJECT (the claim `sub`)."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory.services import identities
    from roomdesk.runtime import clock

    found, actor = _provider(provider), Actor("cli", actor_name())
    identities.do_link(id=id, issuer=found.issuer, subject=subject, actor=actor, now=clock.now())
    value = {"id": id, "provider": provider, "subject": subject, "result": "linked"}
    emit(value, as_json, f"{id} signs in with {found.name} as {subject}.")


@person.command()
@click.argument("id")
@click.argument("provider")
@json_option
@with_desk
def unlink(id: str, provider: str, as_json: bool) -> None:
    """Take away the link of the person ID with an account at an outside PROVIDER; sessions that are open go on."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory.services import identities
    from roomdesk.runtime import clock

    found, actor = _provider(provider), Actor("cli", actor_name())
    identities.do_unlink(id=id, issuer=found.issuer, actor=actor, now=clock.now())
    emit({"id": id, "provider": provider, "result": "unlinked"}, as_json, f"{id} is linked with {found.name} no more.")


def _provider(slug: str) -> Provider:
    from roomdesk.web.identity.outside.configured import providers

    found = {one.slug: one for one in providers()}
    if slug not in found:
        known = ", ".join(found) or "none"
        raise Refused(f'There is no provider "{slug}" in ROOMDESK_SIGN_IN_PROVIDERS; there is {known}.')
    return found[slug]


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
