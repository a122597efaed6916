"""One act of somebody, told twice: once while the chain takes no entry, and once as it should be."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.apps import apps
from django.db import connection
from django.test import Client

from roomdesk import bootstrap
from roomdesk.audit.models import Entry
from roomdesk.directory.models import Person
from roomdesk.runtime.databases import with_database
from tests.cases_api.place import command

#: What a session keeps of itself is no act.
_BESIDE = frozenset({"django_session", "usersessions_usersession"})
TOKEN: list[str] = []
#: Where somebody is led who would have to sign in (again) first.
_SIGN_IN = ("/accounts/login/", "/accounts/reauthenticate/")


def _nothing() -> None:
    """Nothing has to be there before."""


@dataclass(frozen=True)
class Act:
    """`of` is what it is a row for (`rest cases_open`, `page console:act`, `command token make`), `variant` which of several.

    `do` tells whether it was done; `says` is the beginning of the action by which the chain tells of it. `aside` are tables in which a
    refused act leaves its trace on purpose.
    """

    of: str
    says: str
    do: Callable[[], bool]
    before: Callable[[], object] = _nothing
    variant: str = ""
    aside: frozenset[str] = field(default=frozenset())

    @property
    def name(self) -> str:
        return f"{self.of} {self.variant}".strip()


def rest(method: str, path: str | Callable[[], str], body: Any = None) -> Callable[[], bool]:
    """A call by a program that may do everything."""

    def call() -> bool:
        given = body() if callable(body) else body
        answer = Client(raise_request_exception=False).generic(
            method, f"/api/v1/{path() if callable(path) else path}", "" if given is None else json.dumps(given),
            content_type="application/json", headers={"host": "127.0.0.1", "authorization": f"Bearer {TOKEN[0]}"},
        )  # fmt: skip
        return _done(answer)

    return call


def page(who: str | None, address: str | Callable[[], str], form: Any = None, **session: Any) -> Callable[[], bool]:
    """A form sent by somebody who is signed in, with this in their session."""

    def post() -> bool:
        client = browser(who, **session)
        given = form() if callable(form) else form or {}
        return _done(client.post(address() if callable(address) else address, given))

    return post


def browser(who: str | None, **session: Any) -> Client:
    client = Client(raise_request_exception=False, headers={"host": "127.0.0.1"})
    if who:
        client.force_login(Person.objects.get(slug=who), "allauth.account.auth_backends.AuthenticationBackend")
        kept = client.session
        kept.update({name: value() if callable(value) else value for name, value in session.items()})
        kept.save()
    return client


def _done(answer: Any) -> bool:
    """A form that comes back with what was wrong was not done either."""
    WHY[:] = [f"{answer.status_code} {answer.content.decode()[:4000]}" if answer.status_code >= 400 else ""]
    return bool(answer.status_code < 400) and not answer.headers.get("Location", "").startswith(_SIGN_IN)


#: What the last act was answered, where it was refused.
WHY: list[str] = []


def cli(*words: str | Callable[[], str], stdin: str | None = None) -> Callable[[], bool]:
    """A command of the operator."""

    def run() -> bool:
        done = command(*[word() if callable(word) else word for word in words], stdin=stdin)
        WHY[:] = [f"{done.output} {done.exception!r}" if done.exit_code else ""]
        return done.exit_code == 0

    return run


def call(act: Callable[[], object]) -> Callable[[], bool]:
    """A service itself."""

    def run() -> bool:
        act()
        return True

    return run


def snapshot(without: frozenset[str] = frozenset()) -> dict[str, tuple[int, int]]:
    """Every table of the desk: how many rows, and a sum of their digests. When somebody last signed in is no part of an act."""
    tables = sorted({model._meta.db_table for model in apps.get_models()} - _BESIDE - without)
    each = [
        f"SELECT '{table}', count(*), COALESCE(sum(hashtextextended((to_jsonb(t) - 'last_login')::text, 0)), 0)::text FROM {connection.ops.quote_name(table)} t"
        for table in tables
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return {name: (count, digest) for name, count, digest in cursor.fetchall()}


def entries() -> set[int]:
    return set(Entry.objects.values_list("pk", flat=True))


def told_since(before: set[int]) -> list[str]:
    return list(Entry.objects.exclude(pk__in=before).order_by("pk").values_list("action", flat=True))


@contextmanager
def owner(address: str) -> Iterator[psycopg.Connection]:
    """The owner of the tables, in the database of the test."""
    assert bootstrap.settings.database_owner_url
    name = urlsplit(address).path.lstrip("/")
    with psycopg.connect(with_database(bootstrap.settings.database_owner_url, name), autocommit=True) as connected:
        yield connected


#: A chain that takes no entry, as on a full disk; at first it is not so.
REFUSING = """
CREATE FUNCTION the_chain_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the chain takes no entry'; END $$;
CREATE TRIGGER the_chain_refuses BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION the_chain_refuses();
ALTER TABLE audit_entry DISABLE TRIGGER the_chain_refuses;
"""


@contextmanager
def refusing_chain(address: str) -> Iterator[None]:
    with owner(address) as connected:
        connected.execute("ALTER TABLE audit_entry ENABLE TRIGGER the_chain_refuses")
        try:
            yield
        finally:
            connected.execute("ALTER TABLE audit_entry DISABLE TRIGGER the_chain_refuses")


@contextmanager
def entering(wanted: dict[CodeType, str]) -> Iterator[set[str]]:
    """Which of these functions are entered meanwhile, by name."""
    found: set[str] = set()

    def look(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code in wanted:
            found.add(wanted[frame.f_code])

    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(None)
