"""Files that people attach are copied into the record, whatever becomes of the homeserver's (R08)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk.audit.models import Content, Entry
from roomdesk.channels.matrix.client import Matrix
from roomdesk.record import files, store
from roomdesk.record.models import File
from roomdesk.runtime import clock
from roomdesk.worker import files as worker
from roomdesk.worker.files import FileKeeper
from tests.fakes.clamd import VIRUS, clamd
from tests.fakes.store import Store, running
from tests.files.desk import PICTURE, Desk

MEGABYTE = 1_000_000


def kept_copies() -> list[str]:
    return sorted(str(path.relative_to(store.folder())) for path in store.folder().rglob("*") if path.is_file())


def test_a_file_is_fetched_and_kept_with_its_checksum(desk: Desk) -> None:
    file = desk.attach(PICTURE)
    assert (file.state, file.name, file.declared_type) == ("waiting", "screen.png", "image/png")
    desk.keep()
    file.refresh_from_db()
    digest = hashlib.sha256(PICTURE).hexdigest()
    assert (file.state, file.sha256, file.size, file.type) == ("kept", digest, len(PICTURE), "image/png")
    assert store.place_of(digest).read_bytes() == PICTURE
    assert store.place_of(digest).stat().st_mode & 0o777 == 0o600
    entry = Entry.objects.filter(action="file.kept").latest("pk")
    assert digest in Content.objects.get(entry_id=entry.pk).data


def test_the_same_content_is_kept_once(desk: Desk) -> None:
    one, other = desk.attach(PICTURE), desk.attach(PICTURE, name="again.png")
    desk.keep()
    assert set(File.objects.filter(pk__in=[one.pk, other.pk]).values_list("state", flat=True)) == {"kept"}
    assert len(kept_copies()) == 1


def test_what_is_larger_than_allowed_is_refused_with_a_sentence(desk: Desk) -> None:
    largest, larger = desk.attach(bytes(MEGABYTE)), desk.attach(bytes(MEGABYTE + 1))
    desk.keep()
    largest.refresh_from_db()
    larger.refresh_from_db()
    assert (largest.state, larger.state, larger.problem) == ("kept", "refused", "It is larger than 1 MB.")
    assert kept_copies() == [f"{largest.sha256[:2]}/{largest.sha256}"]


def test_what_the_homeserver_has_lost_is_asked_for_several_times(desk: Desk) -> None:
    file = desk.attach(b"", url=f"mxc://{desk.place.matrix.server}/{'x' * 24}")
    desk.keep(attempts=files.NOT_THERE - 1)
    file.refresh_from_db()
    assert (file.state, file.problem) == ("waiting", "The homeserver does not have it.")
    desk.keep()
    file.refresh_from_db()
    assert (file.state, file.next_at) == ("lost", None)


def test_a_removed_message_takes_its_file_from_the_homeserver(desk: Desk) -> None:
    file = desk.attach(PICTURE + b"secret")
    desk.keep()
    where = "/_matrix/client/v1/media/download/" + file.url.removeprefix("mxc://")
    assert desk.olga.get(where).status_code == 200
    desk.redact(file)
    assert desk.olga.get(where).status_code == 404
    file.refresh_from_db()
    assert file.state == "kept" and store.place_of(file.sha256).exists(), "sealed, not destroyed"


def test_a_message_removed_before_its_file_was_fetched_keeps_nothing(desk: Desk) -> None:
    file = desk.attach(PICTURE + b"too early")
    desk.redact(file)
    desk.keep()
    file.refresh_from_db()
    assert (file.state, file.problem) == ("refused", "It was removed before it had been fetched.")
    assert kept_copies() == []


def test_a_fetch_that_breaks_off_goes_on_where_it_was(desk: Desk, matrix: Matrix) -> None:
    content = bytes(range(256)) * 2000
    file = desk.attach(b"", url="mxc://elsewhere.example/abc")
    with running(Store(content)) as there:
        assert _fetch(desk, file, there) == content
    assert there.asked == ["", f"bytes={len(content) // 2}-"]


def test_a_store_without_ranges_is_read_anew(desk: Desk) -> None:
    content = bytes(range(256)) * 2000
    file = desk.attach(b"", url="mxc://elsewhere.example/def")
    with running(Store(content, has_ranges=False)) as there:
        assert _fetch(desk, file, there) == content
    assert len(there.asked) == 2


def _fetch(desk: Desk, file: File, there: Store) -> bytes:
    """Two steps of a keeper whose homeserver is the store."""
    matrix = Matrix(there.url, desk.place.matrix.server, as_token="a-token-of-the-tests")
    keeper = FileKeeper(lambda: matrix)
    keeper.step()
    file.refresh_from_db()
    assert file.state == "waiting" and "could not be reached" in file.problem
    File.objects.filter(pk=file.pk).update(next_at=clock.now())
    keeper.step()
    file.refresh_from_db()
    matrix.close()
    return store.place_of(file.sha256).read_bytes()


def test_one_worker_at_a_time_has_a_file_until_its_lease_is_over(desk: Desk) -> None:
    file = desk.attach(PICTURE)
    now = clock.now()
    claimed = files.claim(now)
    assert claimed == file and files.claim(now) is None
    again = files.claim(now + files.LEASE + timedelta(seconds=1))
    assert again == file and again.attempts == 2
    File.objects.filter(pk=file.pk).delete()


def test_what_arrives_slowly_stays_with_the_worker_that_fetches_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HOLD_EVERY", 0.0)
    content = bytes(range(256)) * 2000
    file = desk.attach(b"", url="mxc://elsewhere.example/slow")
    with running(Store(content, breaks=0)) as there, CaptureQueriesContext(connection) as caught:
        FileKeeper(lambda: Matrix(there.url, desk.place.matrix.server, as_token="a-token-of-the-tests")).step()
    renewals = [query for query in caught if query["sql"].startswith('UPDATE "record_file" SET "next_at"')]
    assert len(renewals) > 2, "while it is fetched, and before the virus scanner has it"
    file.refresh_from_db()
    assert (file.state, file.next_at) == ("kept", None)


def test_a_virus_is_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    clean, infected = desk.attach(b"clean"), desk.attach(b"--" + VIRUS)
    with clamd() as address:
        monkeypatch.setattr(worker, "settings", replace(desk.settings, clamav_url=address))
        desk.keep()
    clean.refresh_from_db()
    infected.refresh_from_db()
    assert (clean.state, infected.state) == ("kept", "refused")
    assert infected.problem == "The virus scanner found Test.Virus in it."
    assert kept_copies() == [f"{clean.sha256[:2]}/{clean.sha256}"]


def test_without_its_scanner_no_file_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "tcp://127.0.0.1:1"
    file = desk.attach(b"nobody looks at it")
    monkeypatch.setattr(worker, "settings", replace(desk.settings, clamav_url=address))
    desk.keep()
    file.refresh_from_db()
    assert (file.state, file.problem) == ("waiting", "The virus scanner could not be reached (ConnectionRefusedError).")
    monkeypatch.setattr(worker, "settings", desk.settings)
    desk.keep()
    file.refresh_from_db()
    assert file.state == "kept"
