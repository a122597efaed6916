"""The record leaves as lines and pages: every version, what was removed sealed, nothing of restricted cases without the role."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk import bootstrap
from roomdesk.audit.models import Content, Entry
from roomdesk.cases import exporting
from roomdesk.cases.models import Case
from roomdesk.record import store
from roomdesk.record.models import File, Message
from roomdesk.runtime import clock
from roomdesk.web import record_pages
from tests.cases_api.place import Rest, nothing_changes, staff, token
from tests.cli.shell import done, refusal, run
from tests.flow.conftest import Fresh
from tests.flow.world import OLGA, START
from tests.flow.world import store as store_event
from tests.search.conftest import fresh, talk
from tests.search.talk import edit, says, work_off

__all__ = ["fresh", "talk"]

pytestmark = pytest.mark.part_of("R08", "R09")
PICTURE = b"\x89PNG\r\n\x1a\nfigs"


@pytest.fixture
def desk(fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What was said in acme, birch and cedar, the file kept; gives a folder to export to."""
    monkeypatch.setattr(bootstrap, "settings", replace(bootstrap.settings, files=tmp_path / "kept"))
    with fresh():
        keep(PICTURE)
        yield tmp_path / "out"


def keep(content: bytes) -> None:
    """What the keeper does with the one file of the talk."""
    name = store.partial(1)
    name.write_bytes(content)
    digest, size, kind = store.measured(name)
    store.keep(name, digest)
    message = Message.objects.get(external_id="$file")
    File.objects.update_or_create(
        message_id=message.pk,
        defaults={
            "workspace_id": message.workspace_id, "name": "figs & <b>.png", "state": "kept", "url": "mxc://x/y",
            "sha256": digest, "size": size, "type": kind, "kept_at": clock.now(), "next_at": None,
        },
    )  # fmt: skip


def lines(folder: Path) -> dict[str, dict[str, Any]]:
    """Lines of the export by event."""
    read = [json.loads(line) for line in (folder / "record.jsonl").read_text("utf-8").splitlines()]
    return {line["event_id"] or f"#{line['id']}": line for line in read}


def test_every_version_is_in_it_and_what_was_removed_is_sealed(desk: Path) -> None:
    store_event({**edit("$removed", "My password is now medlar.", OLGA), "event_id": "$anew"})
    work_off()
    told = done("record", "export", "--workspace", "acme", "--to", str(desk))
    found = lines(desk)
    rows = Message.objects.filter(workspace__slug="acme")
    assert list(found) == [row.external_id or f"#{row.pk}" for row in rows.order_by("at", "id")], "all, by time"
    assert told["counts"]["entries"] == rows.count() == len(found)
    assert told["counts"]["kinds"]["edit"] == rows.filter(kind="edit").count()

    edited = found["$edited"]
    assert (edited["text"], edited["edited_text"]) == ("The kumquat is late.", "The mandarin is late.")
    assert found["$edited-edit-The mandarin is late."]["about"] == "$edited"
    assert (edited["author"], edited["author_kind"], edited["why"]["code"] != "") == ("olga", "customer", True)
    assert edited["content"]["body"] == "The kumquat is late."
    for event in ("$removed", "$anew"):
        stub = found[event]
        assert (stub["sealed"], stub["text"], stub["content"], stub["edited_text"]) == (True, None, None, None)
        assert stub["at"] and stub["author"] == "olga"
    assert found["$removed"]["removed_by"] == OLGA
    everything = b"".join(path.read_bytes() for path in desk.rglob("*") if path.is_file())
    assert b"persimmon" not in everything and b"medlar" not in everything


def test_a_case_does_not_tell_an_edit_of_what_was_removed_either(desk: Path) -> None:
    store_event({**edit("$removed", "My password is now medlar.", OLGA), "event_id": "$anew"})
    work_off()
    case = Message.objects.select_related("case").get(external_id="$anew").case
    assert case is not None
    rest = Rest(token("all", "cases:read"))
    (told,) = [m for m in rest.get(f"cases/{case.ref}").json()["messages"] if m["event_id"] == "$anew"]
    assert (told["kind"], told["text"], told["redacted"]) == ("edit", None, True)


def test_the_folder_proves_itself_and_reads_like_a_book(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_pages, "MOST", 4)
    says("$wild", "acme", OLGA, "<script>alert(1)</script> & </div>")
    told = done("record", "export", "--workspace", "acme", "--to", str(desk))
    manifest = json.loads((desk / "manifest.json").read_text())
    assert {**manifest, "to": str(desk)} == told and manifest["format"] == exporting.FORMAT
    there = {str(path.relative_to(desk)) for path in desk.rglob("*") if path.is_file()}
    assert {item["path"] for item in manifest["files"]} == there - {"manifest.json"}
    for item in manifest["files"]:
        content = (desk / item["path"]).read_bytes()
        assert (item["size"], item["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    check = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=desk, capture_output=True, check=False)
    assert check.returncode == 0, check.stdout

    digest = hashlib.sha256(PICTURE).hexdigest()
    assert lines(desk)["$file"]["file"]["path"] == f"files/{digest}" and f"files/{digest}" in there
    assert manifest["counts"]["files"] == 1 == len([name for name in there if name.startswith("files/")])
    pages = read_through(desk)
    assert len(pages) > 2 and "".join(pages).count('<li id="m-') == told["counts"]["entries"]
    book = "".join(pages)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;/div&gt;" in book
    assert "<script" not in book and "style=" not in book and "http" not in book
    assert f'href="files/{digest}" download="figs &amp; &lt;b&gt;.png"' in book
    assert "Removed" in book and "the text is sealed" in book


def read_through(folder: Path) -> list[str]:
    """The pages as their links lead from one to the next."""
    name = re.findall(r'href="([0-9-]+\.html)"', (folder / "index.html").read_text())[0]
    pages: list[str] = []
    while name:
        pages.append((folder / name).read_text("utf-8"))
        following = re.search(r'href="([^"]+)" rel="next"', pages[-1])
        name = following[1] if following else ""
    return pages


def test_restricted_cases_and_sealed_texts_are_for_their_roles(desk: Path) -> None:
    staff("sofia", "security")
    staff("aleko", "auditor")
    words = ("record", "export", "--workspace", "birch", "--to", str(desk))
    told = done(*words)
    assert "$secret" not in lines(desk) and told["restricted"] is False
    assert b"tamarind" not in b"".join(path.read_bytes() for path in desk.rglob("*") if path.is_file())

    for flag, person, reason in (
        ("--restricted", "", "the security role only"),
        ("--restricted", "aleko", "the security role only"),
        ("--sealed", "sofia", "auditors only"),
        ("--sealed", "olga", "not a member of the staff"),
    ):
        other = desk.with_name("refused")
        with nothing_changes():
            assert reason in refusal(*words[:-1], str(other), flag, *(("--for", person) if person else ()))
        assert not other.exists()

    there = desk.with_name("security")
    done(*words[:-1], str(there), "--restricted", "--for", "sofia")
    assert "tamarind" in lines(there)["$secret"]["text"]
    there = desk.with_name("audit")
    done("record", "export", "--workspace", "acme", "--to", str(there), "--sealed", "--for", "aleko")
    assert "persimmon" in lines(there)["$removed"]["text"] and lines(there)["$removed"]["sealed"] is True
    assert audited("birch")[-1]["restricted"] is True and audited("acme")[-1]["sealed"] is True


def audited(slug: str) -> list[Any]:
    entries = Entry.objects.filter(scope=f"workspace:{slug}", action="record.exported").order_by("seq")
    return [json.loads(Content.objects.get(pk=entry.pk).data) for entry in entries]


def test_a_span_of_time_is_cut_exactly(desk: Path) -> None:
    begin, end = START + timedelta(minutes=1), START + timedelta(minutes=2)
    written = [at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in (begin, end)]
    done("record", "export", "--workspace", "acme", "--to", str(desk), "--from", written[0], "--until", written[1])
    rows = Message.objects.filter(workspace__slug="acme", at__gte=begin, at__lt=end).order_by("at", "id")
    assert list(lines(desk)) == [row.external_id for row in rows] and len(rows) > 0
    for more, reason in (
        (["--from", "soon"], 'from cannot be "soon"'),
        (["--from", "2027", "--until", "2026"], "nothing lies"),
    ):
        with nothing_changes():
            assert reason in refusal("record", "export", "--workspace", "acme", "--to", str(desk) + "2", *more)


def test_a_folder_is_whole_or_not_there(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("record", "export", "--workspace", "acme", "--to", str(desk))
    with monkeypatch.context() as broken:
        broken.setattr(record_pages.MonthPages, "finish", broken_off)
        with pytest.raises(OSError, match="No space"):
            run(*words)
    assert os.listdir(desk.parent) == ["kept"] and audited("acme") == [], "nothing is left behind"
    done(*words)
    with nothing_changes():
        assert "is there already" in refusal(*words)
        assert 'no workspace "nowhere"' in refusal(
            "record", "export", "--workspace", "nowhere", "--to", str(desk) + "2"
        )
        assert "no folder that can be written to" in refusal(*words[:-1], str(desk.parent / "no" / "such"))
    assert (desk.stat().st_mode & 0o077) == 0, "only its owner reads it"


def broken_off(pages: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_copy_that_is_missing_in_the_store_is_told(desk: Path) -> None:
    store.place_of(hashlib.sha256(PICTURE).hexdigest()).unlink()
    told = done("record", "export", "--workspace", "acme", "--to", str(desk))
    assert (told["counts"]["files"], told["counts"]["files_missing"]) == (0, 1)
    assert lines(desk)["$file"]["file"]["path"] is None


def test_rest_gives_the_same_lines_as_a_stream(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE", 3)
    done("record", "export", "--workspace", "acme", "--to", str(desk))
    answer = Rest(token("all", "cases:read")).get("record/export?workspace=acme")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/x-ndjson; charset=utf-8")
    *read, end = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert end == {"end": True, "entries": len(read)}
    folder = [{**line, "file": unplaced(line["file"])} for line in lines(desk).values()]
    assert read == folder
    mine = Rest(token("one", "cases:read", workspace="acme"))
    assert mine.get("record/export?workspace=acme").status_code == 200
    audits = len(audited("birch"))
    for path, status in (
        ("record/export?workspace=birch", 404),
        ("record/export?workspace=acme&from=soon", 422),
        ("record/export", 422),
        ("record/export?workspace=acme&restricted=1", 422),
    ):
        with nothing_changes():
            assert mine.get(path).status_code == status, path
    assert len(audited("birch")) == audits


def unplaced(file: dict[str, Any] | None) -> dict[str, Any] | None:
    return {name: value for name, value in file.items() if name != "path"} if file else None


def test_notes_are_for_staff_only(desk: Path) -> None:
    Message.objects.filter(external_id="$en1").update(kind="note")
    everybody = Rest(token("all", "cases:read")).get("record/export?workspace=acme").getvalue()
    assert b'"$en1"' in everybody
    assert (
        b'"$en1"'
        not in Rest(token("one", "cases:read", workspace="acme")).get("record/export?workspace=acme").getvalue()
    )


def test_a_page_costs_three_queries_however_much_is_in_it(desk: Path) -> None:
    viewer = Case.objects.select_related("workspace").filter(workspace__slug="acme")[0].workspace
    for size in (2, 20):
        with CaptureQueriesContext(connection) as caught:
            exporting.PAGE, kept = size, exporting.PAGE
            try:
                exporting.page_of(exporting.Wanted(viewer))
            finally:
                exporting.PAGE = kept
        assert len(caught) <= 3
