"""Files that staff give on the case's page: on record at once, in the customer's room once, and never before they were looked over (R03, R08)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from roomdesk import bootstrap
from roomdesk.cases import handing, resending, worklist, writing
from roomdesk.cases.attaching import Upload
from roomdesk.cases.models import Case
from roomdesk.channels.matrix import media
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.channels.matrix.names import path
from roomdesk.channels.matrix.send import send
from roomdesk.clocks.models import Clock
from roomdesk.directory.models import Person
from roomdesk.directory.queries import viewer_of_person
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.record import store
from roomdesk.record.models import File, Message
from roomdesk.refusals import Conflict, Forbidden, Invalid
from roomdesk.runtime import clock
from roomdesk.worker import files as worker
from tests.cases_api.place import nothing_changes
from tests.fakes.clamd import VIRUS, clamd
from tests.files.desk import PAGE, PICTURE, Desk
from tests.flow.world import ACTOR, EVERYONE

Json = dict[str, Any]


def asked(desk: Desk) -> Case:
    """A case that Olga begins in the room; it joins none of the tests before."""
    Case.objects.update(state="closed")
    event = desk.send("m.room.message", {"msgtype": "m.text", "body": "How does the export look?"})
    case = Message.objects.get(external_id=event).case
    assert case is not None
    return case


def give(
    desk: Desk, case: Case, content: bytes = PICTURE, name: str = "export.png", *, is_note: bool = False
) -> Message:
    given = handing.Given(Upload(name, len(content), [content]), is_note)
    by = {"author": desk.place.id("ivan"), "channel": "console", "actor": ACTOR, "now": clock.now()}
    return handing.do_hand_over(EVERYONE, case.ref, given, **by)  # type: ignore[arg-type]


def said_by_ivan(desk: Desk, case: Case) -> list[Json]:
    """In the thread of the case, the newest first."""
    where, ivan = path("rooms", desk.place.room, "messages"), desk.place.user("ivan")
    page = desk.place.matrix.call("GET", where, params={"dir": "b", "limit": "200"})["chunk"]
    said = [event["content"] for event in page if event["sender"] == ivan and event["type"] == "m.room.message"]
    return [one for one in said if one.get("m.relates_to", {}).get("event_id") == case.root_event_id]


def test_it_comes_into_the_thread_of_its_case_and_is_an_answer(desk: Desk) -> None:
    case = asked(desk)
    message = give(desk, case)
    assert worklist.undelivered(case)[message.pk].state == "sending"
    desk.keep()
    desk.place.settle()
    (said,) = said_by_ivan(desk, case)
    assert (said["msgtype"], said["body"], said["info"]) == (
        "m.image",
        "export.png",
        {"mimetype": "image/png", "size": len(PICTURE)},
    )
    assert said["m.relates_to"]["event_id"] == case.root_event_id
    with media.download(desk.place.matrix, said["url"]) as answer:
        assert b"".join(answer.iter_bytes()) == PICTURE
        assert answer.headers["Content-Type"] == "application/octet-stream", "no browser runs what staff gave"
    assert Clock.objects.get(case=case, kind="first_response").stopped_at is None
    desk.hear()
    message.refresh_from_db()
    assert message.external_id and not worklist.undelivered(case)
    assert Clock.objects.get(case=case, kind="first_response").state == "met"
    assert Message.objects.filter(case=case, kind="file").count() == 1, "its echo is no second file"
    assert File.objects.get(message_id=message.pk).url == said["url"]


def test_each_call_may_be_repeated(desk: Desk) -> None:
    """A worker dies after each call and before it is noted; the file stands in the room once."""
    case = asked(desk)
    message = give(desk, case)
    desk.keep()
    for kind in (handing.MAKE, handing.PUT):
        (row,) = outbox.claim(1, 20, clock.now())
        assert row.kind == kind
        first = _call(desk, row)
        outbox.note_sent(row, first if kind == handing.MAKE else _call(desk, row), clock.now())
    # The address is filled, and fills no second time.
    url = json.loads(OutboxRow.objects.get(kind=handing.MAKE, message_id=message.pk).result)["url"]
    with pytest.raises(MatrixError) as refused:
        desk.place.matrix.upload(_where(url), _kept(message), user=desk.place.user("ivan"), name="other")
    assert refused.value.errcode == "M_CANNOT_OVERWRITE_MEDIA"
    desk.place.settle()
    desk.hear()
    assert len(said_by_ivan(desk, case)) == 1


def _call(desk: Desk, row: OutboxRow) -> outbox.Sent:
    return send(row, desk.place.matrix)


def _where(url: str) -> str:
    return path("upload", *url.removeprefix("mxc://").split("/"), base="/_matrix/media/v3")


def _kept(message: Message) -> Path:
    return store.place_of(File.objects.get(message_id=message.pk).sha256)


def test_a_second_report_of_the_same_file_plans_nothing(desk: Desk) -> None:
    """`once`: a file that was sent again while its first way ended well is said once."""
    case = asked(desk)
    message = give(desk, case)
    desk.keep()
    with transaction.atomic():
        conversation, work = writing.begin(case.workspace, desk.place.id("ivan"), ACTOR, clock.now(), case.pk)
        handing.plan_way(work, conversation, message, at=clock.now())
        writing.end(work, conversation)
    desk.place.settle()
    assert OutboxRow.objects.filter(kind=handing.PUT, message_id=message.pk, state="sent").count() == 2
    assert len(said_by_ivan(desk, case)) == 1


def test_what_the_scanner_refuses_reaches_no_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = asked(desk)
    with clamd() as address:
        monkeypatch.setattr(worker, "settings", replace(bootstrap.settings, clamav_url=address))
        message = give(desk, case, VIRUS, "invoice.exe")
        desk.keep()
    desk.place.settle()
    assert said_by_ivan(desk, case) == []
    told = worklist.undelivered(case)[message.pk]
    assert told.state == "failed" and "virus scanner found" in told.problem
    with nothing_changes(), pytest.raises(Conflict, match="nothing to send again"):
        resending.do_send_again(
            EVERYONE, case.ref, message.pk, author=desk.place.id("ivan"), actor=ACTOR, now=clock.now()
        )


def test_what_was_given_up_is_sent_again_once(desk: Desk) -> None:
    case = asked(desk)
    message = give(desk, case, PAGE, "page.html")
    OutboxRow.objects.filter(message_id=message.pk).update(state="failed", last_error="The homeserver was away.")
    desk.keep()
    again = {"author": desk.place.id("ivan"), "actor": ACTOR, "now": clock.now()}
    resending.do_send_again(EVERYONE, case.ref, message.pk, **again)  # type: ignore[arg-type]
    with nothing_changes(), pytest.raises(Conflict):
        resending.do_send_again(EVERYONE, case.ref, message.pk, **again)  # type: ignore[arg-type]
    desk.place.settle()
    desk.hear()
    (said,) = said_by_ivan(desk, case)
    assert (said["msgtype"], said["info"]["mimetype"]) == ("m.file", "application/octet-stream")
    assert worklist.undelivered(case) == {}


def test_a_notes_file_goes_nowhere(desk: Desk) -> None:
    case = asked(desk)
    message = give(desk, case, is_note=True)
    desk.keep()
    desk.place.settle()
    assert (message.kind, said_by_ivan(desk, case)) == ("note", [])
    assert not OutboxRow.objects.filter(message_id=message.pk).exists()
    assert File.objects.get(message_id=message.pk).state == "kept"


def test_what_is_refused_leaves_nothing(desk: Desk) -> None:
    case = asked(desk)
    before = File.objects.count()
    with nothing_changes(), pytest.raises(Invalid, match="is empty"):
        give(desk, case, b"")
    Case.objects.filter(pk=case.pk).update(state="closed")
    with nothing_changes(), pytest.raises(Conflict):
        give(desk, case)
    assert File.objects.count() == before


def test_customers_do_not_give_files_here(desk: Desk) -> None:
    case = asked(desk)
    olga = viewer_of_person(Person.objects.get(slug=desk.place.id("olga")), clock.now())
    given = handing.Given(Upload("x", 1, [b"x"]), is_note=False)
    by = {"author": desk.place.id("olga"), "channel": "console", "actor": ACTOR, "now": clock.now()}
    with nothing_changes(), pytest.raises(Forbidden):
        handing.do_hand_over(olga, case.ref, given, **by)  # type: ignore[arg-type]


def test_markdown_and_calls_reach_the_room(desk: Desk) -> None:
    case = asked(desk)
    olga = desk.place.id("olga")
    said = {"ref": case.ref, "author": desk.place.id("ivan"), "channel": "console", "actor": ACTOR, "now": clock.now()}
    writing.do_say(text=f"@{olga}: **done**, see `export`", is_markdown=True, **said)  # type: ignore[arg-type]
    writing.do_say(text="Plain *words* of a program", **said)  # type: ignore[arg-type]
    desk.place.settle()
    plain, called = said_by_ivan(desk, case)[:2]
    assert called["m.mentions"] == {"user_ids": [desk.place.user("olga")]}
    assert called["format"] == "org.matrix.custom.html"
    assert (
        "<strong>done</strong>" in called["formatted_body"]
        and f"#/{desk.place.user('olga')}" in called["formatted_body"]
    )
    assert (plain["m.mentions"], "formatted_body" in plain) == ({}, False)
    recorded = Message.objects.get(case=case, body__startswith="@olga")
    assert json.loads(recorded.content)["formatted_body"] == called["formatted_body"]
