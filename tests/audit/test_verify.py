"""The chain (D30): every kind of tampering is found and named, an erasure is none, and the service itself cannot tamper."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from django.db import ProgrammingError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from roomdesk.audit import chain, parallel, walking
from roomdesk.audit.models import Content, Entry, Head
from roomdesk.audit.parallel import verify_many
from roomdesk.audit.verify import verify
from roomdesk.audit.work import Actor, Work
from roomdesk.consent import erasing
from roomdesk.refusals import DeskError
from tests.audit.owner import acting, tamper
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
    monkeypatch.setattr(parallel, "_MOST", 40)
    # For processes of their own.
    monkeypatch.setenv("ROOMDESK_DATABASE_URL", shared)
    monkeypatch.setenv("ROOMDESK_SECRET_KEY", "a-key-for-these-tests-only")
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
        ("DELETE FROM audit_content WHERE entry_id = (SELECT id FROM audit_entry WHERE {7})", 7, "is gone, and no entry of the chain says"),
        ("UPDATE audit_content SET entry_id = entry_id + 1000000 WHERE entry_id = (SELECT id FROM audit_entry WHERE {7})", 7, "is gone"),
        ("UPDATE audit_entry SET id = id + 1000000 WHERE {7}", 7, "is gone"),
        ("UPDATE audit_content SET salt = repeat('a', 32) WHERE entry_id = (SELECT id FROM audit_entry WHERE {7})", 7, "content"),
        ("UPDATE audit_entry SET scope = scope || 'x' WHERE {12}", 12, "missing"),
        ("UPDATE audit_entry SET seq = CASE seq WHEN 10 THEN 11 ELSE 10 END WHERE {10} OR {11}", 10, "does not follow"),
        ("UPDATE audit_entry SET seq = -1 WHERE {1}", 1, "missing"),
        ("UPDATE audit_head SET hash = repeat('a', 64) WHERE {head}", 25, "not that of the last"),
        ("UPDATE audit_head SET seq = 24 WHERE {head}", 26, "there are 25"),
        ("UPDATE audit_head SET seq = 1000000000000000 WHERE {head}", 26, "there are 25"),
        ("UPDATE audit_head SET seq = -5 WHERE {head}", 26, "there are 25"),
        ("DELETE FROM audit_head WHERE {head}", 26, "there are 25"),
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
    verdict = verify(scope)
    fault = verdict.fault
    assert fault is not None
    assert fault.seq == seq
    assert words in fault.reason
    for size in (1, 3, 9, 10, 24, 25):
        assert verify_many([scope], 1, size=size) == [verdict], "in however many parts"
    done = command("audit", "verify", "--scope", scope)
    assert (done.exit_code, f"number {seq}" in done.stderr) == (1, True)
    found = command("audit", "verify", "--json")
    assert (found.exit_code, json.loads(found.stdout)["ok"]) == (1, False)


def erase(scope: str, *numbers: int) -> int:
    connection.close()
    with acting():
        return erasing.do_erase(scope, numbers, "request 7, by law", actor=Actor("cli", "tests"), now=AT)


def test_erasure_keeps_the_chain_whole(scope: str) -> None:
    assert erase(scope, 3, 4, 9) == 3
    verdict = verify(scope)
    assert (verdict.fault, verdict.entries, verdict.erased) == (None, ENTRIES + 1, 3)
    kept = Content.objects.get(entry_id=Entry.objects.get(scope=scope, action=chain.ERASED).pk)
    assert json.loads(kept.data) == {"numbers": [[3, 4], [9, 9]], "reason": "request 7, by law"}
    assert verify_many([scope], 1, size=2) == [verdict]


def test_what_is_taken_away_beside_an_erasure_is_found(shared: str, scope: str) -> None:
    erase(scope, 3, 4)
    chosen = f"SELECT id FROM audit_entry WHERE scope = '{scope}' AND seq = 5"
    tamper(shared, f"DELETE FROM audit_content WHERE entry_id = ({chosen})")
    fault = verify(scope).fault
    assert fault is not None and (fault.seq, "no entry of the chain says" in fault.reason) == (5, True)


def test_an_erasure_itself_is_not_erased(scope: str) -> None:
    erase(scope, 3)
    with pytest.raises(DeskError, match="says what was erased"):
        erase(scope, 1, ENTRIES + 1)
    assert (verify(scope).fault, verify(scope).erased, Head.objects.get(scope=scope).seq) == (None, 1, ENTRIES + 1)


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

    def slowly(stretch: walking.Stretch):  # type: ignore[no-untyped-def]
        for number, row in enumerate(whole(stretch)):
            if number == 5:
                in_thread(_one_more, scope).join()
            yield row

    monkeypatch.setattr(walking, "rows", slowly)
    verdict = verify(scope)
    assert (verdict.fault, verdict.entries) == (None, ENTRIES)
    assert Head.objects.get(scope=scope).seq == ENTRIES + 1


def test_processes_walk_one_chain_together_and_see_one_moment(scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of one chain by processes of their own, at the moment of the one that asked; what is found is the same."""
    erase(scope, 3, 20)
    before = verify(scope)
    walk_all = parallel._walk_all

    def meanwhile(stretches: list[walking.Stretch], jobs: int) -> list[walking.Walked]:
        assert (len(stretches), jobs) == (4, 2)
        in_thread(_one_more, scope).join()
        return walk_all(stretches, jobs)

    monkeypatch.setattr(parallel, "_walk_all", meanwhile)
    assert verify_many([scope], 2, size=7) == [before]
    assert before.fault is None and Head.objects.get(scope=scope).seq == before.entries + 1


@pytest.mark.parametrize("seq", [7, 8, 14, 15])
def test_a_seam_between_two_processes_hides_nothing(shared: str, scope: str, seq: int) -> None:
    """The last of a stretch, or the first of the next, is another entry with a hash of its own."""
    _make_anew(shared, scope, seq)
    (verdict,) = verify_many([scope], 2, size=7)
    assert verdict == verify(scope)
    assert verdict.fault is not None and verdict.fault.seq == (seq + 1 if seq < ENTRIES else seq)


def _make_anew(database: str, scope: str, seq: int) -> None:
    """Another entry in its place, with its own hash right: only what comes after it can tell."""
    entry = Entry.objects.get(scope=scope, seq=seq)
    names = ("scope", "actor_kind", "actor", "action", "subject", "commitment", "previous")
    fields = {name: getattr(entry, name) for name in names} | {"seq": seq, "at": chain.instant(entry.at), "actor": "x"}
    connection.close()
    tamper(database, f"UPDATE audit_entry SET actor = 'x', hash = '{chain.link(fields)}' WHERE id = {entry.pk}")


@given(st.text(), st.text(), st.integers(0, 2**53 - 1))
def test_a_form_spelt_out_is_the_canonical_one(words: str, more: str, seq: int) -> None:
    fields = {"scope": words, "seq": seq, "at": chain.instant(AT), "actor_kind": more, "actor": words, "action": more, "subject": words,
              "commitment": more, "previous": chain.GENESIS}  # fmt: skip
    assert chain.form(**fields) == chain.canonical(fields)


@given(st.sets(st.integers(1, 60)), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))))
def test_the_first_number_that_no_range_holds(numbers: set[int], ranges: list[tuple[int, int]]) -> None:
    slow = min((n for n in numbers if not any(a <= n <= b for a, b in ranges)), default=None)
    assert chain.first_unnamed(numbers, ranges) == slow
    assert {n for a, b in chain.runs(numbers) for n in range(a, b + 1)} == numbers


@pytest.mark.parametrize("text", ["", "{}", '{"numbers":7}', '{"numbers":[[]]}', '{"numbers":["a"]}', "[1]", '{"numbers":[[1,null]]}'])  # fmt: skip
def test_an_odd_content_names_nothing(text: str) -> None:
    assert chain.named(text) == []
