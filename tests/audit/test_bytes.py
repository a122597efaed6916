"""Any single byte of the chain in the database, of its head, of its roots and of the key that signed them: a change is found, and where (D30)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection, transaction

from roomdesk.audit import parallel, roots
from roomdesk.audit.models import Entry, Head
from roomdesk.audit.parallel import verify_many
from roomdesk.audit.verify import Verdict, scopes
from roomdesk.audit.work import Actor, Work
from roomdesk.consent import erasing
from tests.audit.owner import acting, connected
from tests.harness.database import Databases

SCOPE, ENTRIES, SEQ = "workspace:acme", 12, 7
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_ENTRY = f"scope = '{SCOPE}' AND seq = {SEQ}"
_CONTENT = "entry_id = {entry}"
_HEAD = f"scope = '{SCOPE}'"
TEXTS = [
    ("audit_entry", column, _ENTRY) for column in ("scope", "actor_kind", "actor", "action", "subject", "commitment", "previous", "hash")
] + [
    ("audit_content", "salt", _CONTENT), ("audit_content", "data", _CONTENT), ("audit_head", "scope", _HEAD), ("audit_head", "hash", _HEAD),
    ("audit_root", "scope", _HEAD), ("audit_root", "hash", _HEAD), ("audit_root", "text", _HEAD), ("audit_root", "signature", _HEAD), ("audit_root", "key_id", _HEAD),
    ("audit_signingkey", "key_id", "true"), ("audit_signingkey", "public", "true"),
]  # fmt: skip
NUMBERS = [
    ("audit_entry", "id", _ENTRY), ("audit_entry", "seq", _ENTRY), ("audit_content", "entry_id", _CONTENT), ("audit_head", "seq", _HEAD), ("audit_root", "seq", _HEAD),
]  # fmt: skip


@pytest.fixture(scope="module")
def desk(databases: Databases) -> Iterator[str]:
    """A chain with an erasure in it, and a signed root at its end."""
    with databases.copy() as address:
        for number in range(ENTRIES):
            _one_more(number)
        connection.close()
        with acting():
            erasing.do_erase(SCOPE, (3,), "request 7, by law", actor=Actor("cli", "tests"), now=AT)
        assert roots.make(SCOPE, AT + timedelta(days=1)) is not None
        assert is_good()
        yield address


def _one_more(number: int) -> None:
    with transaction.atomic():
        work = Work(AT, Actor("staff", "ivan"))
        work.audit("consent.given", f"consent:BC-C{number}", {"text": "Да, «replace prod»"}, scope=SCOPE)
        work.flush()


@pytest.fixture(autouse=True)
def _few_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that says any number cuts its chain in as many as this at most."""
    monkeypatch.setattr(parallel, "_MOST", 8)


def judged() -> list[Verdict]:
    return verify_many(scopes(), 1, size=5)


def is_good() -> bool:
    return all(one.fault is None for one in judged())


class Tampering:
    """Changes one thing after the other as the owner of the tables, and puts each back before the next."""

    def __init__(self, owner: psycopg.Connection) -> None:
        self.owner = owner
        self.entry = Entry.objects.get(scope=SCOPE, seq=SEQ).pk
        connection.close()

    def verdicts(self, table: str, column: str, where: str, value: str, *given: object) -> list[Verdict]:
        """What is found with this value in the column of one row. Every name here is one of the lists above."""
        chosen = where.format(entry=self.entry)
        (before,) = self._one(f"SELECT {column} FROM {table} WHERE {chosen}")
        try:
            place = self._one(f"UPDATE {table} SET {column} = {value} WHERE {chosen} RETURNING tableoid, ctid", *given)
        except psycopg.errors.UniqueViolation:
            # Two rows of one number the database itself does not take.
            return []
        try:
            return judged()
        finally:
            self._one(f"UPDATE {table} SET {column} = %s WHERE tableoid = %s AND ctid = %s RETURNING 1", before, *place)

    def _one(self, statement: str, *given: object) -> tuple[object, ...]:
        (row,) = self.owner.execute(statement, given or None)  # type: ignore[arg-type]
        return tuple(row)


@pytest.fixture
def tampering(desk: str) -> Iterator[Tampering]:
    with connected(desk) as owner:
        owner.autocommit = True
        yield Tampering(owner)
    assert is_good(), "everything is as it was"


def located(table: str, column: str, verdicts: list[Verdict]) -> bool:
    """Whether a fault is found, and of an entry at its own number; one whose number is another at the first that is wrong by it. Nothing
    was judged where the database refused the change.
    """
    if not verdicts:
        return True
    faults = {one.scope: one.fault for one in verdicts if one.fault is not None}
    if table in ("audit_entry", "audit_content"):
        fault = faults.get(SCOPE)
        return fault is not None and (fault.seq == SEQ or (column == "seq" and fault.seq <= SEQ))
    return bool(faults)


@pytest.mark.parametrize(("table", "column", "where"), TEXTS, ids=[f"{table}.{column}" for table, column, _ in TEXTS])
def test_every_character_of_a_text_is_looked_at(tampering: Tampering, table: str, column: str, where: str) -> None:
    chosen = where.format(entry=tampering.entry)
    length = tampering.owner.execute(f"SELECT length({column}) FROM {table} WHERE {chosen}").fetchone()[0]  # type: ignore[arg-type, index]
    missed = []
    for place in range(1, length + 1):
        # Another letter, and now and then the same letter small or capital: what a reader would not see.
        for bit in (1, 32) if place % 8 == 1 else (1,):
            value = f"overlay({column} placing chr(ascii(substr({column}, {place}, 1)) # {bit}) from {place} for 1)"
            if not located(table, column, tampering.verdicts(table, column, where, value)):
                missed.append((place, bit))
    assert length > 0 and missed == []


@pytest.mark.parametrize(
    ("table", "column", "where"), NUMBERS, ids=[f"{table}.{column}" for table, column, _ in NUMBERS]
)
def test_every_bit_of_a_number_is_looked_at(tampering: Tampering, table: str, column: str, where: str) -> None:
    missed = [
        bit
        for bit in range(62)
        if not located(table, column, tampering.verdicts(table, column, where, f"{column} # %s", 1 << bit))
    ]
    assert missed == []


def test_every_bit_of_an_instant_is_looked_at(tampering: Tampering) -> None:
    missed = [
        bit
        for bit in range(50)
        if not located(
            "audit_entry",
            "at",
            tampering.verdicts("audit_entry", "at", _ENTRY, "at + %s::bigint * interval '1 microsecond'", 1 << bit),
        )
    ]
    assert missed == []


def test_the_day_of_a_root_is_that_of_its_signature(tampering: Tampering) -> None:
    assert located("audit_root", "day", tampering.verdicts("audit_root", "day", _HEAD, "day + 1"))


def test_a_chain_that_is_gone_altogether_is_missed_by_its_root(desk: str) -> None:
    with connected(desk) as owner:
        for table in ("audit_entry", "audit_head"):
            owner.execute(f"CREATE TABLE kept_{table} AS SELECT * FROM {table} WHERE scope = %s", [SCOPE])  # type: ignore[arg-type]
            owner.execute(f"DELETE FROM {table} WHERE scope = %s", [SCOPE])  # type: ignore[arg-type]
    (verdict,) = [one for one in judged() if one.scope == SCOPE]
    assert verdict.fault is not None and "the root that was signed" in verdict.fault.reason
    with connected(desk) as owner:
        for table in ("audit_entry", "audit_head"):
            owner.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")  # type: ignore[arg-type]
            owner.execute(f"DROP TABLE kept_{table}")  # type: ignore[arg-type]
    assert is_good() and Head.objects.get(scope=SCOPE).seq == ENTRIES + 1
