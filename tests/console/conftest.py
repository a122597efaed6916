"""A desk with customers of a product without rooms and of one whose room is not there yet; people who sign in to the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client

from roomdesk.audit.work import Actor
from roomdesk.cases import writing
from roomdesk.cases.models import Case
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.runtime import clock
from tests.harness.database import Databases

ACTOR = Actor("cli", "tests")


def build() -> None:
    """Lead Lea sees all; Ana and Ivan are staff of `bos`, Tiago of `power-omni`. Owner Olga of `acme` and Oto of `beta` are customers."""
    now = clock.now() - timedelta(days=30)
    for who, role, product in (("lea", "lead", ""), ("ivan", "engineer", "bos"), ("tiago", "engineer", "power-omni")):
        services.do_put_staff(id=who, roles=[role], product=product, actor=ACTOR, now=now)
    for slug, product, tier, owner in (
        ("acme", "bos", "enterprise", "olga"),
        ("beta", "power-omni", "enterprise", "oto"),
    ):
        services.do_put_workspace(slug=slug, product=product, tier=tier, actor=ACTOR, now=now)
        services.do_put_member(workspace=slug, id=owner, role="owner", actor=ACTOR, now=now)


@pytest.fixture
def desk(databases: Databases) -> Iterator[str]:
    """A copy of what `build` makes, for this test alone; its address."""
    with databases.copy_of(build) as address:
        yield address


@pytest.fixture
def browser(desk: str) -> Callable[[str | None], Client]:
    """A browser in which this person is signed in, or nobody."""

    def opened(who: str | None) -> Client:
        client = Client(headers={"host": "127.0.0.1"})
        if who:
            client.force_login(Person.objects.get(slug=who), "allauth.account.auth_backends.AuthenticationBackend")
        return client

    return opened


def open_case(text: str = "The invoices are gone", workspace: str = "beta", author: str = "oto") -> Case:
    return writing.do_open_case(
        workspace=workspace, author=author, text=text, channel="form", actor=ACTOR, now=clock.now()
    )
