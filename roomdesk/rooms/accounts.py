"""Matrix access for scripts and test clients in the name of a person (demo and test only)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from roomdesk.audit.work import Actor, Work
from roomdesk.bootstrap import settings
from roomdesk.channels.matrix import membership
from roomdesk.channels.matrix.client import Matrix, current
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.directory.errors import Conflict, Forbidden
from roomdesk.directory.models import Person
from roomdesk.directory.services import access_person
from roomdesk.rooms import naming


@dataclass(frozen=True, slots=True)
class Login:
    """A session at the homeserver. `access_token` is secret."""

    access_token: str
    user_id: str
    device_id: str
    homeserver: str


def do_matrix_login(*, person: str, actor: Actor, now: datetime) -> Login:
    """A new session of `person` on a device of its own; the account is made where it does not exist yet.

    Forbidden in production, NotFound for an unknown person, Conflict where the homeserver does not give it.
    """
    if settings.mode == "production":
        raise Forbidden("Signing in as a person is refused in production; it is there for demo and test installations.")
    if not settings.people_token:
        raise Conflict("This installation may not act for people: set ROOMDESK_PEOPLE_TOKEN.")
    found = access_person(person)
    device = f"RD{secrets.token_hex(5).upper()}"
    _note(found, device, actor, now)
    try:
        answer = _log_in(current(), found, device)
    except MatrixError as error:
        raise Conflict(f"{error} No session was made for {person}.") from error
    return Login(answer["access_token"], answer["user_id"], answer["device_id"], str(settings.matrix_public_url))


def _note(person: Person, device: str, actor: Actor, now: datetime) -> None:
    """Written before the call: a session that nobody noted must not exist."""
    with transaction.atomic(durable=True):
        work = Work(now, actor)
        work.audit("matrix.login", f"person:{person.slug}", {"device_id": device, "user_id": _user_id(person)})
        work.flush()


def _log_in(matrix: Matrix, person: Person, device: str) -> dict[str, str]:
    try:
        return matrix.log_in(person.localpart, device)
    except MatrixError as error:
        if not error.permanent:
            raise
    # Not there yet: the outbox makes accounts in its own time.
    if not membership.provision(matrix, _user_id(person), person.name, person.slug):
        raise Conflict(
            f"{person.slug} has no account at the homeserver yet, and no ROOMDESK_ADMIN_TOKEN allows making it."
        )
    return matrix.log_in(person.localpart, device)


def _user_id(person: Person) -> str:
    return naming.person_id(person, settings.matrix_server_name)
