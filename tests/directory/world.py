"""The directory's little world: a vendor with two products and one customer, and a way to see that nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roomdesk.audit.models import Entry, Head
from roomdesk.audit.work import Actor
from roomdesk.directory import services
from roomdesk.directory.models import (
    AccessRequest,
    ApiToken,
    Membership,
    Person,
    StaffRole,
    Workspace,
    WorkspaceTerms,
)
from roomdesk.product.models import ProductVersion
from roomdesk.queues.models import IdempotentRequest, InboxEvent, Lane, OutboxRow
from roomdesk.refusals import DeskError
from tests.directory.example import product

ACTOR = Actor("cli", "tests")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
_TABLES = (
    AccessRequest,
    Workspace,
    WorkspaceTerms,
    Membership,
    Person,
    StaffRole,
    ApiToken,
    ProductVersion,
    Lane,
    InboxEvent,
    OutboxRow,
    IdempotentRequest,
)


def at(hours: float) -> datetime:
    return START + HOUR * hours


def build() -> None:
    """Product `cloud`, account manager Ana and engineer Ivan, workspace `acme` (pro) with owner Olga and admin Asen."""
    services.load(product("cloud"), ACTOR, START)
    services.do_put_staff(id="ana", roles=["account_manager"], email="ana@vendor.test", actor=ACTOR, now=START)
    services.do_put_staff(id="ivan", roles=["engineer"], product="cloud", actor=ACTOR, now=START)
    put(slug="acme", product="cloud", tier="pro", account_manager="ana")
    member(id="olga", role="owner", name="Olga", email="olga@acme.test")
    member(id="asen", role="admin")


def put(now: datetime = START, **wanted: Any) -> Workspace:
    return services.do_put_workspace(**wanted, actor=ACTOR, now=now)


def member(now: datetime = START, **wanted: Any) -> Membership:
    return services.do_put_member(**{"workspace": "acme", **wanted}, actor=ACTOR, now=now)


def staff(now: datetime = START, **wanted: Any) -> list[StaffRole]:
    return services.do_put_staff(**wanted, actor=ACTOR, now=now)


def snapshot() -> dict[str, Any]:
    """Every row of the directory and its queues, and the heads of all chains."""
    rows = {table.__name__: sorted(map(repr, table.objects.order_by("pk").values())) for table in _TABLES}
    return {**rows, "heads": sorted(Head.objects.values_list("scope", "seq", "hash"))}


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = snapshot()
    yield
    assert snapshot() == before


@contextmanager
def refused(error: type[DeskError], words: str, field: str | None = None) -> Iterator[None]:
    """The refusal has these words and names this field, and nothing changed."""
    with nothing_changes(), pytest.raises(error) as caught:
        yield
    assert words in str(caught.value)
    assert str(caught.value)[-1] in ".,", "a refusal is a whole sentence"
    assert caught.value.field == field


def entries(scope: str) -> list[tuple[str, str]]:
    """The chain of a scope: actions and subjects in order."""
    return list(Entry.objects.filter(scope=scope).order_by("seq").values_list("action", "subject"))
