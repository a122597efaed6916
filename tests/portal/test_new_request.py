"""New request: the way in for products without a room, with the checklist as fields and files (R24, R25, R48)."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from roomdesk import bootstrap
from roomdesk.cases import attaching
from roomdesk.cases.models import Case
from roomdesk.cases.report import intake_of, report
from roomdesk.directory import services
from roomdesk.record import store
from roomdesk.record.models import File, Message
from roomdesk.runtime import clock
from roomdesk.worker.files import FileKeeper
from tests.cases_api.place import nothing_changes
from tests.console.conftest import ACTOR, browser, desk, open_case

__all__ = ["browser", "desk"]
pytestmark = pytest.mark.part_of("R24", "R25", "R48")
Browser = Callable[[str | None], Client]
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 100
FILLED = {
    "summary": "Messages do not arrive",
    "where": "Channels, WhatsApp",
    "tried": "Sent a message to two customers",
    "expected": "That they get it",
    "happened": "Nothing, and no error",
    "urgency": "It blocks our sales",
    "key": "once",
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = replace(bootstrap.settings, files=tmp_path / "kept", file_megabytes=1)
    monkeypatch.setattr(bootstrap, "settings", given)
    monkeypatch.setattr(attaching, "settings", given)


def picture(name: str = "screen.png", content: bytes = PICTURE) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def keep() -> None:
    """The worker looks over what is due."""
    keeper = FileKeeper(lambda: pytest.fail("Nothing of this is at the homeserver."))  # type: ignore[arg-type,return-value]
    while keeper.step() == 0:
        pass


def test_a_filled_in_form_becomes_a_case_with_its_report_and_files(browser: Browser) -> None:
    client = browser("oto")
    form = client.get("/portal/beta/new").content.decode()
    for label in ("What is it about?", "Where you were", "What happened", "Urgency"):
        assert label in form
    answer = client.post("/portal/beta/new", {**FILLED, "files": [picture(), picture("log.txt", b"plain words")]})
    case = Case.objects.get()
    assert answer["Location"] == f"/portal/beta/cases/{case.ref}"
    assert (case.title, case.channel, case.opened_by.slug) == ("Messages do not arrive", "form", "oto")  # type: ignore[union-attr]
    keep()
    files = {file.message_id: file for file in File.objects.all()}
    assert {file.name: (file.state, file.url) for file in files.values()} == {
        "screen.png": ("kept", ""),
        "log.txt": ("kept", ""),
    }
    said = list(Message.objects.filter(case=case).order_by("number"))
    version = case.cycles.get().product_version_id
    told = report(case, intake_of(case), said, files, version)
    assert "Channels, WhatsApp" in told["where"] and "no error" in told["actual"] and "sales" in told["urgency"]
    assert sorted(told["attachments"]) == ["log.txt", "screen.png"] and told["missing"] == []
    page = client.get(f"/portal/beta/cases/{case.ref}").content.decode()
    assert "screen.png" in page and "Nothing, and no error" in page
    kept = File.objects.get(name="screen.png")
    got = client.get(f"/portal/beta/files/{kept.pk}")
    assert b"".join(got) == PICTURE and got["Content-Disposition"].startswith("attachment")  # type: ignore[arg-type]
    assert browser("olga").get(f"/portal/beta/files/{kept.pk}").status_code == 404


def test_pressing_twice_makes_one_request(browser: Browser) -> None:
    client = browser("oto")
    first, again = (client.post("/portal/beta/new", {**FILLED, "files": [picture()]}) for _ in range(2))
    assert first["Location"] == again["Location"]
    assert Case.objects.count() == File.objects.count() == 1


def test_only_the_first_line_is_needed(browser: Browser) -> None:
    assert browser("oto").post("/portal/beta/new", {"summary": "P0 All is down"}).status_code == 302
    case = Case.objects.get()
    assert case.p0_at is not None and Message.objects.get(case=case, author_kind="customer").body == "P0 All is down"


def test_what_is_refused_is_said_and_kept(browser: Browser) -> None:
    client = browser("oto")
    for given, sentence in (
        ({**FILLED, "summary": " "}, "The text is empty"),
        ({**FILLED, "files": [picture("big.png", b"x" * 1_000_001)]}, "“big.png” is larger than 1 MB."),
        ({**FILLED, "files": [picture("nothing.txt", b"")]}, "“nothing.txt” is empty."),
        ({**FILLED, "files": [picture(f"{n}.png") for n in range(6)]}, "At most 5 files"),
    ):
        with nothing_changes():
            answer = client.post("/portal/beta/new", given)
        assert answer.status_code == 422, sentence
        page = html.unescape(answer.content.decode())
        assert sentence in page and "Sent a message to two customers" in page and "is kept below" in page
    assert not list(store.folder().rglob("partial/*"))


def test_a_worker_that_died_after_keeping_finds_the_copy_again_and_a_lost_one_is_said(browser: Browser) -> None:
    browser("oto").post("/portal/beta/new", {**FILLED, "files": [picture(), picture("gone.txt", b"words")]})
    here, gone = File.objects.get(name="screen.png"), File.objects.get(name="gone.txt")
    store.keep(store.partial(here.pk), here.sha256)
    store.partial(gone.pk).unlink()
    keep()
    here.refresh_from_db()
    gone.refresh_from_db()
    assert (here.state, here.size, gone.state) == ("kept", len(PICTURE), "lost")
    assert "not on the disk any more" in gone.problem


def test_who_may_not_read_the_requests_may_not_write_one(browser: Browser) -> None:
    services.do_put_member(workspace="beta", id="mira", role="member", actor=ACTOR, now=clock.now())
    for who in ("mira", "olga", "tiago"):
        with nothing_changes():
            assert browser(who).post("/portal/beta/new", FILLED).status_code == 404


def test_basic_is_told_its_place_in_the_queue_and_others_their_time(browser: Browser) -> None:
    services.do_put_workspace(slug="calm", product="power-omni", tier="basic", actor=ACTOR, now=clock.now())
    services.do_put_member(workspace="calm", id="petar", role="owner", actor=ACTOR, now=clock.now())
    timed = open_case("With a time")
    first, second = (open_case(text, "calm", "petar") for text in ("First", "Second"))
    client = browser("petar")
    for case, place in ((first, 2), (second, 3)):
        assert f"Your place in the queue: {place}." in client.get(f"/portal/calm/cases/{case.ref}").content.decode()
    page = browser("oto").get(f"/portal/beta/cases/{timed.ref}").content.decode()
    assert "place in the queue" not in page and "due in" in page
