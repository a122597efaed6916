"""Files given on the room's page: looked over first, in the room once, told of where they never come there, and cleared away then (R10)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from roomdesk import bootstrap
from roomdesk.audit.models import Entry
from roomdesk.cases import chat_files
from roomdesk.channels.matrix.send import send
from roomdesk.directory import services
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.record import store
from roomdesk.record.files import MAKE, PUT
from roomdesk.record.models import File, Message
from roomdesk.runtime import clock
from roomdesk.worker import files as worker
from tests.cases_api.place import nothing_changes
from tests.chat.conftest import Browser
from tests.chat.test_acts import PNG, give, kept, said, settled
from tests.chat.test_saying import page
from tests.fakes.clamd import VIRUS, clamd
from tests.flow.world import ACTOR
from tests.rooms.place import Place
from tests.rooms.talking import hear, say, texts

pytestmark = pytest.mark.part_of("R08", "R10")
NOTES = ("notes.txt", b"line one")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files of a test lie in a folder of its own."""
    monkeypatch.setattr(bootstrap, "settings", replace(bootstrap.settings, files=tmp_path / "kept"))
    yield


def lying() -> list[Path]:
    return [place for place in store.folder().rglob("*") if place.is_file()]


def long_after() -> int:
    return chat_files.clear(clock.now() + chat_files.KEPT + timedelta(seconds=1))


def test_nothing_is_on_record_before_the_room_has_it_and_the_file_is_fetched_no_second_time(
    place: Place, browser: Browser
) -> None:
    root = said(place, "olga", "The export stops.")
    give(browser("olga"), place, NOTES)
    file = File.objects.get()
    assert file.unsaid_since is not None and not Message.objects.filter(pk=file.message_id).exists()
    kept(place)
    settled(place)
    message, file = Message.objects.get(pk=file.message_id), File.objects.get()
    assert (message.kind, message.body, message.case_id) == ("file", "notes.txt", root.case_id or message.case_id)
    assert (file.unsaid_since, file.state) == (None, "kept") and json.loads(message.content)["url"] == file.url
    assert long_after() == 0 and len(lying()) == 1


def test_within_a_thread_it_stays_there(place: Place, browser: Browser) -> None:
    root = said(place, "olga", "The export stops.")
    olga = browser("olga")
    form = {"text": "", "thread": str(root.pk), "key": "k", "files": [SimpleUploadedFile(*NOTES)]}
    assert olga.post(f"/chat/{place.slug}", form).status_code == 302
    kept(place)
    settled(place)
    assert Message.objects.get(kind="file").thread_root == root.external_id


def test_each_call_may_be_repeated(place: Place, browser: Browser) -> None:
    """A worker dies after each call and before it is noted; the file stands in the room once."""
    give(browser("olga"), place, NOTES)
    kept(place)
    for kind in (MAKE, PUT):
        (row,) = outbox.claim(1, 20, clock.now())
        assert row.kind == kind
        first = send(row, place.matrix)
        outbox.note_sent(row, first if kind == MAKE else send(row, place.matrix), clock.now())
    settled(place)
    assert texts(place, "olga") == ["notes.txt"] and Message.objects.filter(kind="file").count() == 1


def test_what_the_scanner_refuses_reaches_no_room_and_its_giver_is_told(
    place: Place, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clamd() as address:
        monkeypatch.setattr(worker, "settings", replace(bootstrap.settings, clamav_url=address))
        give(browser("olga"), place, ("invoice.exe", VIRUS))
        kept(place)
    settled(place)
    assert texts(place, "olga") == [] and not Message.objects.filter(kind="file").exists()
    assert "virus scanner found" in page(browser("olga"), place) and "not delivered" in page(browser("olga"), place)
    assert "virus scanner found" not in page(browser("asen"), place)
    assert long_after() == 1 and (File.objects.count(), lying()) == (0, [])


def test_a_file_that_is_gone_is_said_to_be(place: Place, browser: Browser) -> None:
    give(browser("olga"), place, NOTES)
    for lost in lying():
        lost.unlink()
    kept(place)
    settled(place)
    assert texts(place, "olga") == []
    assert "not on the disk any more" in page(browser("olga"), place)


def test_who_has_no_access_any_more_when_it_is_ready_says_nothing(place: Place, browser: Browser) -> None:
    give(browser("asen"), place, NOTES)
    services.do_put_member(workspace=place.slug, id=place.id("asen"), role="member", actor=ACTOR, now=clock.now())
    kept(place)
    settled(place)
    assert texts(place, "asen") == [] and not Message.objects.filter(kind="file").exists()
    row = OutboxRow.objects.get(kind=PUT)
    assert (row.state, row.last_error) == ("dropped", "You have no access to this room any more.")
    url = File.objects.get().url
    assert long_after() == 1 and lying() == []
    assert OutboxRow.objects.get(kind="remove_file").payload == json.dumps({"url": url}), "the store gives it up, too"


def test_what_was_given_up_is_cleared_away_after_its_time_and_not_before(place: Place, browser: Browser) -> None:
    give(browser("olga"), place, NOTES, ("screen.png", PNG))
    kept(place)
    OutboxRow.objects.filter(kind__in=[MAKE, PUT]).update(state="failed", last_error="The homeserver was away.")
    assert chat_files.clear(clock.now() + chat_files.KEPT - timedelta(seconds=1)) == 0 and len(lying()) == 2
    assert long_after() == 2 and (File.objects.count(), lying()) == (0, [])
    assert Entry.objects.filter(action="file.cleared").count() == 2
    assert long_after() == 0


def test_what_is_still_on_its_way_is_not_cleared_away_and_neither_is_what_another_message_holds(
    place: Place, browser: Browser
) -> None:
    give(browser("olga"), place, NOTES)
    kept(place)
    settled(place)
    give(browser("asen"), place, NOTES)
    kept(place)
    assert long_after() == 0
    OutboxRow.objects.filter(kind__in=[MAKE, PUT], state="queued").update(state="failed")
    assert long_after() == 1
    assert len(lying()) == 1 and File.objects.get().state == "kept", "the same content, given before"


def test_what_a_crash_or_an_earlier_version_left_on_the_disk_is_cleared_away(place: Place, browser: Browser) -> None:
    give(browser("olga"), place, NOTES)
    waiting = File.objects.get()
    left = [store.partial(waiting.pk + 1000), store.folder() / "outgoing" / "0123"]
    for place_ in left:
        place_.parent.mkdir(parents=True, exist_ok=True)
        place_.write_bytes(b"left")
    assert chat_files.clear(clock.now()) == 0 and all(one.exists() for one in left), "somebody may be at it"
    for one in (*left, store.partial(waiting.pk)):
        os.utime(one, (0, 0))
    chat_files.clear(clock.now())
    assert not any(one.exists() for one in left) and not left[1].parent.exists()
    assert store.partial(waiting.pk).exists()


def test_who_copies_the_marker_of_what_was_said_for_them_says_something_new(place: Place, browser: Browser) -> None:
    give(browser("olga"), place, NOTES)
    kept(place)
    settled(place)
    first = Message.objects.get(kind="file")
    copied = json.loads(first.content)
    say(place, "olga", "Not what was given", **{name: value for name, value in copied.items() if "roomdesk" in name})
    hear(place)
    assert Message.objects.get(body="Not what was given").pk != first.pk
    with nothing_changes():
        hear(place)
