"""The chain (D30): every kind of tampering is found and named, an erasure is none, and the service itself cannot tamper."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from django.db import ProgrammingError, connection, transaction

from roomdesk.audit import verify as walking
from roomdesk.audit.models import Head
from roomdesk.audit.verify import verify
from roomdesk.audit.work import Actor, Work
from tests.audit.owner import tamper
from tests.cases_api.place import command, told
from tests.harness.database import Databases, in_thread

ENTRIES = 25
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_numbers = count(1)


@pytest.fixture(scope="module")
def shared(databases: Databases) -> Iterator[str]:
    """One database for the whole module: every test has a chain of its own in it."""
    with databases.copy() as address:
        yield address


@pytest.fixture
def scope(shared: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A chain of `ENTRIES` entries, read in pages that are shorter than it."""
    monkeypatch.setattr(walking, "PAGE", 10)
    name = f"workspace:acme-{next(_numbers)}"
    for _ in range(ENTRIES):
        _one_more(name)
    connection.close()
    return name


def _one_more(scope: str) -> None:
    with transaction.atomic():
        work = Work(AT, Actor("cli", "tests"))
        work.audit("case.state", "case:BC-7", {"note": "Кирилица", "at": AT}, scope=scope)
        work.flush()


def test_good_chain_is_walked_to_its_head(scope: str) -> None:
    verdict = verify(scope)
    assert (verdict.fault, verdict.entries, verdict.erased) == (None, ENTRIES, 0)
    assert verdict.head == Head.objects.get(scope=scope).hash
    done = command("audit", "verify", "--scope", scope)
    assert done.exit_code == 0
    assert f"{scope}: {ENTRIES} entries, all in order" in done.stdout


@pytest.mark.parametrize(
    ("change", "seq", "words"),
    [
        ("UPDATE audit_entry SET action = 'case.closed' WHERE {12}", 12, "was changed after it was written"),
        ("UPDATE audit_entry SET actor = 'somebody' WHERE {1}", 1, "was changed after it was written"),
        ("UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE {10}", 10, "was changed after it was written"),
        ("UPDATE audit_entry SET hash = repeat('a', 64) WHERE {11}", 11, "was changed after it was written"),
        ("UPDATE audit_entry SET previous = repeat('a', 64) WHERE {20}", 20, "does not follow"),
        ("DELETE FROM audit_entry WHERE {1}", 1, "missing"),
        ("DELETE FROM audit_entry WHERE {10}", 10, "missing"),
        ("DELETE FROM audit_entry WHERE {25}", 25, "head says that there are 25 entries, there are 24"),
        ("UPDATE audit_content SET data = '{{}}' WHERE entry_id = (SELECT id FROM audit_entry WHERE {7})", 7, "content"),
        ("UPDATE audit_head SET hash = repeat('a', 64) WHERE {head}", 25, "not that of the last"),
        ("UPDATE audit_head SET seq = 24 WHERE {head}", 26, "there are 25"),
        ("INSERT INTO audit_entry SELECT id + 1000000, scope, seq, at, actor_kind, actor, action, subject, commitment, "
         "previous, hash FROM audit_entry WHERE {10}", 11, "twice"),
    ],
)  # fmt: skip
def test_tampering_is_found_at_the_first_wrong_entry(
    shared: str, scope: str, change: str, seq: int, words: str
) -> None:
    for number in (1, 7, 10, 11, 12, 20, 25):
        change = change.replace(f"{{{number}}}", f"scope = '{scope}' AND seq = {number}")
    change = change.replace("{head}", f"scope = '{scope}'").replace("{{}}", "{}")
    tamper(shared, change)
    fault = verify(scope).fault
    assert fault is not None
    assert fault.seq == seq
    assert words in fault.reason
    done = command("audit", "verify", "--scope", scope)
    assert (done.exit_code, f"number {seq}" in done.stderr) == (1, True)
    found = command("audit", "verify", "--json")
    assert (found.exit_code, json.loads(found.stdout)["ok"]) == (1, False)


def test_erasure_keeps_the_chain_whole(shared: str, scope: str) -> None:
    chosen = f"SELECT id FROM audit_entry WHERE scope = '{scope}' AND seq IN (3, 4)"
    tamper(shared, f"DELETE FROM audit_content WHERE entry_id IN ({chosen})")
    verdict = verify(scope)
    assert (verdict.fault, verdict.erased) == (None, 2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE audit_content SET data = ''",
        "DELETE FROM audit_content",
        "UPDATE audit_entry_2026_03 SET action = 'x'",
        "UPDATE audit_entry_rest SET action = 'x'",
    ],
)
def test_service_itself_cannot_change_the_chain(scope: str, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT roomdesk_make_partition('audit_entry', '2026-03-01')")
        with pytest.raises(ProgrammingError, match=r"permission denied|does not exist"):
            cursor.execute(statement)
    assert verify(scope).fault is None


def test_export_can_be_checked_without_us(scope: str) -> None:
    """Only hashlib and json: what a stranger would write from the description of the chain."""
    lines = [json.loads(line) for line in command("audit", "export", scope).stdout.splitlines()]
    previous = "0" * 64
    for seq, entry in enumerate(lines, 1):
        content, link = entry.pop("content"), entry.pop("hash")
        assert (entry["seq"], entry["previous"]) == (seq, previous)
        assert hashlib.sha256(f"{content['salt']}{content['data']}".encode()).hexdigest() == entry["commitment"]
        form = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        assert hashlib.sha256(form.encode()).hexdigest() == link
        previous = link
    assert previous == told("audit", "verify", "--scope", scope)["items"][0]["head"]


def test_chain_that_grows_during_the_walk_is_judged_as_it_was(scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Head and entries come from one snapshot: a desk at work is no tampering."""
    whole = walking.rows

    def slowly(name: str):  # type: ignore[no-untyped-def]
        for number, row in enumerate(whole(name)):
            if number == 5:
                in_thread(_one_more, scope).join()
            yield row

    monkeypatch.setattr(walking, "rows", slowly)
    verdict = verify(scope)
    assert (verdict.fault, verdict.entries) == (None, ENTRIES)
    assert Head.objects.get(scope=scope).seq == ENTRIES + 1
