"""Roots that customers hold, and exports that strangers check: whoever rewrites the past is found, and where (R34, D30, D42)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from roomdesk.audit import chain, exporting, offline, roots, signing
from roomdesk.audit.models import Entry, Head, Root
from roomdesk.audit.verify import verify
from roomdesk.consent import erasing
from roomdesk.consent import roots as given_out
from roomdesk.doctor import evidence
from roomdesk.queues.models import OutboxRow
from roomdesk.runtime import clock
from tests.audit.owner import acting, connected, tamper
from tests.cases_api.place import command
from tests.consent.scene import ROOM, answer, ask, consume, later
from tests.flow.world import BOT, message, store, work_off
from tests.harness.database import Databases

pytestmark = pytest.mark.part_of("R34")
SCOPE, DAY = "workspace:acme", 86_400


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(roots, "folder", lambda: tmp_path / "roots")


def lived() -> None:
    """A consent asked, given and used, and a night over it."""
    request = ask()
    answer(request, request.phrase)
    consume(request)
    later(DAY)


def in_room() -> list[dict[str, str]]:
    """Roots as the room has them."""
    rows = OutboxRow.objects.filter(once__startswith=f"root:{SCOPE}").order_by("pk")
    return [json.loads(row.payload)["content"][given_out.MARK] for row in rows]


def test_each_days_head_is_signed_said_in_the_room_and_filed_outside(desk: str) -> None:
    assert given_out.give_out(clock.now()) > 0, "yesterday's history"
    held = Root.objects.count()
    assert given_out.give_out(clock.now()) == 0
    lived()
    assert given_out.give_out(clock.now()) == 1, "acme alone has something new"
    root = Root.objects.filter(scope=SCOPE).order_by("-day").first()
    assert root is not None and root.hash == Entry.objects.get(scope=SCOPE, seq=root.seq).hash
    assert in_room()[-1] == roots.as_json(root)
    assert signing.is_signed(root.text, root.signature, signing.public_key())
    (file,) = roots.folder().glob("*.jsonl")
    lines = file.read_text().splitlines()
    assert (
        len(lines) == held + 1
        and file.name == "roots-2026-03.jsonl"
        and not Root.objects.filter(filed_at=None).exists()
    )
    # The desk's own word about it is no reason for another one.
    store(message("$root", ROOM, BOT, "Evidence of 2026-03-03 …", msgtype="m.notice"))
    work_off()
    later(DAY)
    assert given_out.give_out(clock.now()) == 0
    keys = {one["key_id"]: one["public"] for one in signing.public_keys()}
    assert roots.check(lines, keys) == []


def test_a_folder_that_takes_nothing_is_told_by_the_doctor_and_tried_again(
    desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(roots, "folder", lambda: tmp_path / "file")
    made = given_out.give_out(clock.now())
    assert made and evidence.roots().status == "ok", "the next hour may do"
    later(3 * 3600)
    assert given_out.give_out(clock.now()) == 0
    assert evidence.roots().says.startswith(
        f"{made} daily roots of the audit chains are not written to {tmp_path}/file"
    )
    monkeypatch.setattr(roots, "folder", lambda: tmp_path / "roots")
    given_out.give_out(clock.now())
    assert evidence.roots().status == "ok" and len(list(roots.folder().iterdir())) == 1


def test_a_past_written_anew_with_every_hash_right_is_found_by_a_root_that_somebody_holds(
    desk: str, tmp_path: Path
) -> None:
    lived()
    given_out.give_out(clock.now())
    (held,) = in_room()
    kept = tmp_path / "kept.jsonl"
    kept.write_text(offline.compact(held) + "\n")
    assert command("audit", "roots", str(kept)).exit_code == 0
    connection.close()
    seq = Entry.objects.get(scope=SCOPE, action="consent.given").seq
    _rewrite(desk, seq)
    fault = verify(SCOPE).fault
    assert fault is not None and "(the database)" in fault.reason, "the desk's own root tells it"
    tamper(desk, f"DELETE FROM audit_root WHERE scope = '{SCOPE}'")
    fault = verify(SCOPE).fault
    assert fault is not None and f"({roots.folder()})" in fault.reason, "and so does the folder outside"
    for file in roots.folder().iterdir():
        file.unlink()
    assert verify(SCOPE).fault is None, "nothing of the desk tells it any more"
    done = command("audit", "roots", str(kept))
    assert done.exit_code == 1 and "now it is another chain" in done.stderr
    folder = tmp_path / "export"
    exporting.write(SCOPE, str(folder))
    (folder / "roots.jsonl").write_text(kept.read_text())
    assert "the chain is not the one that root 1" in _checked(folder, 1)


def test_an_end_cut_off_with_its_head_set_back_is_found_by_the_newest_root(desk: str) -> None:
    lived()
    given_out.give_out(clock.now())
    head = Head.objects.get(scope=SCOPE)
    good = verify(SCOPE)
    assert (good.fault, good.rooted) == (None, head.seq)
    connection.close()
    with connected(desk) as owner:
        owner.execute("DELETE FROM audit_entry WHERE scope = %s AND seq > %s", [SCOPE, head.seq - 2])
        owner.execute("UPDATE audit_head SET seq = seq - 2, hash = (SELECT hash FROM audit_entry WHERE scope = %s AND seq = %s) WHERE scope = %s", [SCOPE, head.seq - 2, SCOPE])  # fmt: skip
    fault = verify(SCOPE).fault
    assert fault is not None
    assert (fault.seq, f"number {head.seq} had the hash {head.hash}" in fault.reason) == (head.seq - 1, True)
    done = command("audit", "verify", "--scope", SCOPE)
    assert done.exit_code == 1 and f"number {head.seq - 1}" in done.stderr


@pytest.mark.parametrize(
    "change", ["signature = repeat('a', 128)", 'text = replace(text, \'"day":"2026\', \'"day":"2025\')', "key_id = 'x'"]
)
def test_a_root_that_the_desk_did_not_sign_is_no_root(desk: str, change: str) -> None:
    lived()
    given_out.give_out(clock.now())
    connection.close()
    tamper(desk, f"UPDATE audit_root SET {change} WHERE scope = '{SCOPE}'")
    fault = verify(SCOPE).fault
    assert fault is not None and "is not signed by the desk" in fault.reason


def _rewrite(database: str, seq: int) -> None:
    """As somebody with all rights would: another person agreed, and every link after it computed anew."""
    entries = list(Entry.objects.filter(scope=SCOPE, seq__gte=seq).order_by("seq"))
    previous = entries[0].previous
    with connected(database) as owner:
        for entry in entries:
            entry.previous = previous
            if entry.seq == seq:
                entry.actor = "asen"
            names = ("scope", "seq", "actor_kind", "actor", "action", "subject", "commitment", "previous")
            fields = {name: getattr(entry, name) for name in names}
            entry.hash = previous = chain.link({**fields, "at": chain.instant(entry.at)})
            owner.execute("UPDATE audit_entry SET actor = %s, previous = %s, hash = %s WHERE id = %s", [entry.actor, entry.previous, entry.hash, entry.pk])  # fmt: skip
        owner.execute("UPDATE audit_head SET hash = %s WHERE scope = %s", [previous, SCOPE])


def _checked(folder: Path, code: int) -> str:
    """What the export's own program says, run by itself with Python alone."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def export(databases: Databases, built: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A good export of a lived chain with a root at its end, for all tests of tampering."""
    from datetime import timedelta

    from django.db import transaction

    from roomdesk.audit.work import Actor, Work
    from tests.flow.world import START

    folder = tmp_path_factory.mktemp("export") / SCOPE.partition(":")[2]
    with databases.copy(template=built), clock.frozen(START):
        with transaction.atomic():
            work = Work(clock.now(), Actor("cli", "tests"))
            for number in range(30):
                work.audit("consent.given", f"consent:BC-C{number}", {"text": "yes, replace prod"}, scope=SCOPE)
            work.flush()
        connection.close()
        with acting():
            erasing.do_erase(SCOPE, (3, 4), "request 7, by law", actor=Actor("cli", "tests"), now=clock.now())
        with transaction.atomic():
            work = Work(clock.now(), Actor("cli", "tests"))
            for number in range(3):
                work.audit("consent.asked", f"consent:BC-C{40 + number}", {"words": "Кирилица"}, scope=SCOPE)
            work.flush()
        connection.close()
        assert roots.make(SCOPE, clock.now() + timedelta(days=1)) is not None
        exporting.write(SCOPE, str(folder))
    yield folder


def test_the_exports_own_program_finds_it_in_order_after_an_erasure_too(export: Path) -> None:
    said = _checked(export, 0)
    assert "2 of them erased, 1 signed roots" in said


@pytest.fixture
def copy(export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("chain.jsonl", "roots.jsonl", "keys.json"):
        (tmp_path / name).write_bytes((export / name).read_bytes())
    monkeypatch.setattr(offline, "HERE", tmp_path)
    assert offline.main([]) == 0
    return tmp_path


def test_removal_insertion_re_ordering_and_a_cut_tail_are_found(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (copy / "chain.jsonl").read_text().splitlines(keepends=True)
    last = len(lines)
    attempts = {
        "number 5 is missing": [*lines[:4], *lines[5:]],
        "number 6 is missing, twice": [*lines[:5], lines[4], *lines[5:]],
        "number 7 is missing": [*lines[:6], lines[7], lines[6], *lines[8:]],
        f"(number {last})": lines[:-1],
        "number 1 is missing": lines[1:],
    }
    for told, wrong in attempts.items():
        (copy / "chain.jsonl").write_text("".join(wrong))
        capsys.readouterr()
        assert offline.main([]) == 1
        assert told in capsys.readouterr().out, told


def test_a_content_that_is_gone_without_a_word_is_found(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (copy / "chain.jsonl").read_text().splitlines()
    entry = json.loads(lines[6])
    lines[6] = offline.compact({**entry, "content": {"data": None, "salt": None}})
    (copy / "chain.jsonl").write_text("\n".join(lines) + "\n")
    capsys.readouterr()
    assert offline.main([]) == 1
    assert "the content of number 7 is gone, and no entry says that it was erased" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["chain.jsonl", "roots.jsonl", "keys.json"])
def test_any_single_byte_is_found(copy: Path, name: str) -> None:
    good = (copy / name).read_bytes()

    @settings(derandomize=True, max_examples=150, deadline=None)
    @given(st.integers(0, len(good) - 1), st.integers(1, 255))
    def flips(place: int, change: int) -> None:
        (copy / name).write_bytes(good[:place] + bytes([good[place] ^ change]) + good[place + 1 :])
        assert offline.main([]) == 1, (place, change)

    flips()


@pytest.mark.parametrize("name", ["chain.jsonl", "roots.jsonl", "keys.json"])
def test_every_bit_of_a_line_and_every_end_of_a_line_is_looked_at(copy: Path, name: str) -> None:
    """A small letter or a capital in hexadecimal, another white space, another end of a line: what a reader would not see."""
    good = (copy / name).read_bytes()
    last = good.rstrip(b"\n").rfind(b"\n") + 1 if name == "chain.jsonl" else 0
    bits = {(place, 1 << bit) for place in range(last, len(good)) for bit in range(8)}
    ends = {
        (place, 0x0A ^ other) for place, byte in enumerate(good) if byte == 0x0A for other in b"\r\x0b\x0c\x1c \x85"
    }
    for place, change in sorted(bits | ends):
        (copy / name).write_bytes(good[:place] + bytes([good[place] ^ change]) + good[place + 1 :])
        assert offline.main([]) == 1, (place, change)


def test_a_key_of_somebody_else_vouches_for_nothing(copy: Path) -> None:
    assert offline.main(["00" * 32]) == 1
    assert offline.main([signing.public_key()]) == 0
