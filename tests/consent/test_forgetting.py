"""Erasure by law: what a person said is nowhere in the desk any more, what others said stays, and the chain proves as much as before (D30, R34)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection

from roomdesk import bootstrap
from roomdesk.audit import chain, exporting, offline
from roomdesk.audit.models import Content, Entry
from roomdesk.audit.verify import verify
from roomdesk.cases.models import Case
from roomdesk.consent import asking, forgetting, identifying
from roomdesk.consent.forgetting import Erased
from roomdesk.consent.models import Grant, Request
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.record import finding, store
from roomdesk.record.models import File, Findable, Message
from roomdesk.refusals import DeskError
from roomdesk.runtime import clock
from tests.audit.owner import acting
from tests.cases_api.place import command
from tests.consent.scene import ROOM, answer, ask, consume, edit, later, now, react
from tests.flow.world import ACTOR, ASEN, EVERYONE, OLGA, message, work_off
from tests.flow.world import store as store_event

pytestmark = pytest.mark.part_of("R08", "R34")
#: What Olga says everywhere, and Asen.
HERS, HIS = "xylophone", "bassoon"
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"


@pytest.fixture
def said(desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Request]:
    """Both say it in messages, edits, a file, an answer that does not count, and one that does; gives the consent, used."""
    monkeypatch.setattr(bootstrap, "settings", replace(bootstrap.settings, files=tmp_path))
    for who, word, name in ((OLGA, HERS, "olga"), (ASEN, HIS, "asen")):
        first = f"$first-{name}"
        speak(first, who, f"The {word} is out of tune.")
        edit(first, f"The {word} is quite out of tune.", who)
        react(first, word, who)
        for event_id, content in ((f"$file-{name}", word.encode()), (f"$shared-{name}", b"the same of both")):
            speak(event_id, who, f"{word}.pdf", msgtype="m.file", url=f"mxc://x/{event_id[1:]}")
            keep(event_id, content)
    request = ask(case=Case.objects.get(root_event_id="$acme-open").ref, workspace="")
    answer(request, f"yes, the {HERS} {request.phrase}")
    answer(request, f"  {request.phrase}. ")
    consume(request)
    while finding.file_waiting():
        pass
    assert places(HERS) and places(HIS)
    yield now(request)


def speak(event_id: str, who: str, text: str, **content: Any) -> None:
    later(60)
    store_event(message(event_id, ROOM, who, text, **content))
    work_off()


def keep(event_id: str, content: bytes) -> None:
    """What the keeper does with a file."""
    file = File.objects.get(message_id=Message.objects.get(external_id=event_id).pk)
    place = store.partial(file.pk)
    place.write_bytes(content)
    digest, size, kind = store.measured(place)
    store.keep(place, digest)
    File.objects.filter(pk=file.pk).update(state="kept", sha256=digest, size=size, type=kind, next_at=None)


def places(word: str) -> set[str]:
    """Every table of which a row holds the word in any column."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [row[0] for row in cursor.fetchall()]
        found = set()
        for table in tables:
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT count(*) FROM {name} t WHERE t::text LIKE %s", [f"%{word}%"])
            found |= {table} if cursor.fetchone()[0] else set()
    return found


def forget(person: str | None, **more: Any) -> Erased:
    # What is on its way goes out first.
    OutboxRow.objects.filter(state="queued").update(state="sent")
    connection.close()
    with acting():
        done = forgetting.do_forget("acme", person, "request 7, Art. 17", actor=ACTOR, now=clock.now(), **more)
    work_off()
    return done


def kept_copies() -> set[bytes]:
    return {path.read_bytes() for path in store.folder().rglob("*") if path.is_file()}


def test_what_a_person_said_is_nowhere_any_more_and_what_others_said_is(said: Request, tmp_path: Path) -> None:
    elsewhere = places(HIS)
    links = list(Entry.objects.filter(scope="workspace:acme").order_by("seq").values_list("hash", flat=True))
    done = forget("olga")
    assert places(HERS) == set()
    assert places(HIS) == elsewhere
    assert kept_copies() == {HIS.encode(), b"the same of both"}
    assert (done.files, done.words, done.dry_run) == (2, 2, False) and done.messages >= 7 and done.entries >= 7
    grant = Grant.objects.get()
    assert (grant.person.slug, grant.role, grant.text, grant.raw, grant.session) == ("olga", "owner", "", "", "")
    verdict = verify("workspace:acme")
    assert (verdict.fault, verdict.erased) == (None, done.entries)
    after = list(Entry.objects.filter(scope="workspace:acme").order_by("seq").values_list("hash", flat=True))
    assert after[: len(links)] == links and len(after) == len(links) + 1, "not a link is another"
    (told,) = Content.objects.filter(entry_id__in=Entry.objects.filter(action=chain.ERASED).values("pk"))
    assert json.loads(told.data) == {"numbers": done.numbers, "of": {"person": "olga"}, "reason": "request 7, Art. 17"}
    folder = tmp_path / "export"
    exporting.write("workspace:acme", str(folder))
    assert offline.chain(folder / "chain.jsonl")[1] == done.entries


def test_it_is_taken_out_of_the_room_and_the_homeserver_gives_the_files_up(said: Request) -> None:
    forget("olga")
    rows = OutboxRow.objects.filter(once__startswith="erase:").order_by("pk")
    taken = {json.loads(row.payload)["event_id"] for row in rows}
    assert {"$first-olga", "$file-olga", "$shared-olga"} <= taken and not {one for one in taken if "asen" in one}
    assert {row.kind for row in rows} == {"redact"}
    removed = OutboxRow.objects.filter(kind="remove_file").values_list("payload", flat=True)
    assert {json.loads(payload)["url"] for payload in removed} == {"mxc://x/file-olga", "mxc://x/shared-olga"}


def test_search_and_pages_say_that_it_was_removed(said: Request) -> None:
    first = Message.objects.get(external_id="$first-olga")
    case = Case.objects.get(pk=first.case_id)
    assert HERS in case.title
    forget("olga")
    first.refresh_from_db()
    case.refresh_from_db()
    assert (first.body, first.edited_body, first.redacted_by, first.author_ref) == ("", "", "law", OLGA)
    assert case.title == "(erased)"
    while finding.file_waiting():
        pass
    assert not Findable.objects.filter(pk=first.pk).exists()
    assert File.objects.filter(problem="It was erased by law.").count() == 2


def test_a_dry_run_tells_the_same_and_removes_nothing(said: Request) -> None:
    before = places(HERS), kept_copies(), Entry.objects.count(), OutboxRow.objects.count()
    told = forget("olga", dry_run=True)
    assert (places(HERS), kept_copies(), Entry.objects.count(), OutboxRow.objects.count()) == before
    assert replace(told, dry_run=False) == forget("olga")


def test_a_second_time_finds_nothing_left(said: Request) -> None:
    forget("olga")
    again = forget("olga")
    assert (again.messages, again.files, again.cases, again.words, again.entries, again.numbers) == (0, 0, 0, 0, 0, [])
    assert verify("workspace:acme").fault is None


def test_of_a_whole_workspace_nothing_that_was_said_is_left(said: Request) -> None:
    done = forget(None)
    assert places(HERS) == places(HIS) == set()
    assert not Message.objects.filter(workspace__slug="acme").exclude(body="", content__in=["", "{}"]).exists()
    assert Message.objects.filter(workspace__slug="birch").exclude(body="").exists(), "another customer's stays"
    assert not Content.objects.filter(data__contains=said.phrase).exists()
    verdict = verify("workspace:acme")
    assert (verdict.fault, verdict.erased) == (None, done.entries) and done.entries == verdict.entries - 1
    assert hashlib.sha256(b"the same of both").hexdigest() not in str(list(store.folder().rglob("*")))


def test_whom_a_reset_was_for_is_erased_with_how_they_were_verified(said: Request) -> None:
    request = ask("two_factor_reset", person="mira", words="Reset 2FA of Mira")
    identifying.do_verify_identity(EVERYONE, request.ref, "call back", "The marimba of her aunt", actor=ACTOR, author="ivan", now=clock.now())  # fmt: skip
    assert places("marimba")
    with pytest.raises(DeskError, match=f"{request.ref} is open and would lose its words"):
        forget("mira")
    assert places("marimba") and now(request).words == "Reset 2FA of Mira"
    asking.do_withdraw(EVERYONE, request.ref, author="ivan", actor=ACTOR, now=clock.now())
    forget("mira")
    assert places("marimba") == set()
    assert (now(request).words, now(request).kind, now(request).subject) == ("(erased)", "two_factor_reset", "mira")


@pytest.mark.parametrize(
    ("slug", "person", "reason", "words"),
    [("nothing", "olga", "why", 'no workspace "nothing"'), ("acme", "oto", "why", "never a member"), ("acme", "olga", " ", "Say why")],
)  # fmt: skip
def test_what_cannot_be_erased_is_refused_with_a_sentence(
    said: Request, slug: str, person: str, reason: str, words: str
) -> None:
    before = places(HERS), Entry.objects.count()
    connection.close()
    with acting(), pytest.raises(DeskError, match=words):
        forgetting.do_forget(slug, person, reason, actor=ACTOR, now=clock.now())
    assert (places(HERS), Entry.objects.count()) == before


def test_what_is_not_on_record_yet_is_recorded_or_put_away_first(said: Request) -> None:
    store_event(message("$waiting", ROOM, OLGA, f"The {HERS} again."))
    before = places(HERS)
    with pytest.raises(DeskError, match="wait to be worked off"):
        forget("olga")
    waiting = InboxEvent.objects.filter(external_id="$waiting")
    waiting.update(state="set_aside", lane_id=said.workspace.lane_id)
    with pytest.raises(DeskError, match="set aside"):
        forget("olga")
    assert places(HERS) == before
    waiting.update(state="ignored")
    forget("olga")
    assert places(HERS) == set()


def test_the_running_service_can_erase_nothing(said: Request) -> None:
    before = places(HERS), kept_copies()
    with pytest.raises(ProgrammingError, match="permission denied"):
        forgetting.do_forget("acme", "olga", "why", actor=ACTOR, now=clock.now())
    connection.close()
    assert (places(HERS), kept_copies()) == before and verify("workspace:acme").fault is None


@pytest.mark.parametrize("words", [[], ["3", "--person", "olga"], ["--person", "olga", "--everything"]])
def test_the_command_line_wants_one_of_three(desk: str, words: list[str]) -> None:
    done = command("audit", "erase", "workspace:acme", *words, "--reason", "why")
    assert (done.exit_code, "Give NUMBERS, or --person, or --everything." in done.stderr) == (2, True)
