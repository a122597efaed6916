"""Erasure by law of copies: what others quoted, stored answers, reports, what came back from those who were paged, files on their way, a profile."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roomdesk.audit.models import Entry
from roomdesk.audit.verify import verify
from roomdesk.cases.models import Case
from roomdesk.directory import services
from roomdesk.directory.models import Person, Workspace
from roomdesk.oncall.models import Incident, Misuse, Page
from roomdesk.queues import outbox
from roomdesk.queues.models import IdempotentRequest, InboxEvent, OutboxRow
from roomdesk.record import store
from roomdesk.record.files import PUT, media_lane
from roomdesk.record.models import File, Message
from roomdesk.record.unquoting import MARK
from roomdesk.runtime import clock
from tests.consent.scene import later
from tests.consent.test_forgetting import HERS, HIS, forget, places, said, speak
from tests.flow.world import ACTOR, ASEN, OLGA, SERVER, work_off

__all__ = ["said"]

pytestmark = [pytest.mark.part_of("R08", "R34"), pytest.mark.usefixtures("said")]
LINE = f"The {HERS} is out of tune."


def acme() -> Workspace:
    return Workspace.objects.get(slug="acme")


def hers() -> Message:
    return Message.objects.get(external_id="$first-olga")


def record(event: str) -> Message:
    return Message.objects.get(external_id=event)


def test_what_others_quoted_of_it_goes_and_their_own_words_stay() -> None:
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": "$first-olga"}}}
    shown = f"<mx-reply><blockquote>{LINE}</blockquote></mx-reply>So is my <b>{HIS}</b>."
    html = {"format": "org.matrix.custom.html", "formatted_body": shown}
    speak("$reply", ASEN, f"> <{OLGA}> {LINE}\n\nSo is my {HIS}.", **reply, **html)
    speak("$typed", ASEN, f"> {LINE}\nWhose {HIS} is it?")
    speak("$other", ASEN, f"> The {HIS} is out of tune.\nMine.")
    forget("olga")
    assert places(HERS) == set()
    assert record("$reply").body == f"So is my {HIS}."
    kept = json.loads(record("$reply").content)
    assert (kept["body"], kept["formatted_body"], kept[MARK]) == (f"So is my {HIS}.", f"So is my <b>{HIS}</b>.", True)
    assert record("$typed").body == f"> (erased)\nWhose {HIS} is it?"
    assert record("$other").body == f"> The {HIS} is out of tune.\nMine." and MARK not in record("$other").content
    raw = json.loads(InboxEvent.objects.get(external_id="$typed").raw)
    assert (raw["sender"], raw["content"]["body"]) == (ASEN, f"> (erased)\nWhose {HIS} is it?")
    assert verify("workspace:acme").fault is None


def answer(key: str, body: dict[str, Any]) -> None:
    IdempotentRequest.objects.create(
        owner="crm", key=key, digest="0" * 64, status=201, body=json.dumps(body), created_at=clock.now()
    )


def test_stored_answers_of_programs_are_kept_without_what_was_said() -> None:
    answer("said", {"id": hers().pk, "text": LINE, "author": "olga"})
    answer("opened", {"ref": "BC-1", "workspace": "acme", "title": LINE})
    answer("elsewhere", {"ref": "BC-2", "workspace": "birch", "title": "Quinces"})
    forget("olga")
    found = {row.key: json.loads(row.body) for row in IdempotentRequest.objects.all()}
    assert found == {
        "said": {"id": hers().pk, "erased": True},
        "opened": {"ref": "BC-1", "workspace": "acme", "erased": True},
        "elsewhere": {"ref": "BC-2", "workspace": "birch", "title": "Quinces"},
    }
    assert places(HERS) == set()


def test_reports_of_calls_and_what_those_who_were_paged_sent_back_go() -> None:
    payload = {"room_id": "!acme", "type": "m.room.message", "content": {"body": LINE}, "as": OLGA}
    row = OutboxRow.objects.create(
        channel="matrix", kind="send", destination="matrix:room:acme", payload=json.dumps(payload), lane=acme().lane,
        next_at=clock.now(), created_at=clock.now(), message_id=hers().pk,
    )  # fmt: skip
    outbox.note_failed(row, "The homeserver refused it.", clock.now())
    case = Case.objects.get(pk=hers().case_id)
    page = Page.objects.create(
        id=1, key="page-1", workspace=acme(), lane=acme().lane, product=case.product, case_id=case.pk, ref=case.ref, cause="p0",
        severity="critical", opened_at=clock.now(),
    )  # fmt: skip
    Incident.objects.create(incident_id="Q0INCIDENT", page=page, at=clock.now())
    InboxEvent.objects.create(
        source="pagerduty", external_id="hook-1", received_at=clock.now(), state="done",
        raw=json.dumps({"event": {"data": {"id": "Q0INCIDENT", "title": LINE}}}),
    )  # fmt: skip
    Misuse.objects.create(
        workspace=acme(), case_id=case.pk, ref=case.ref, at=clock.now(), by="ivan", reason="A question", appeal=LINE, appealed_by="olga"
    )  # fmt: skip
    work_off()
    assert {"queues_inboxevent", "oncall_misuse"} <= places(HERS)
    forget("olga")
    assert places(HERS) == set()
    assert Misuse.objects.get().reason == "A question"


def test_a_file_that_was_never_said_goes_too() -> None:
    content = store.place_of("ab" * 32)
    content.parent.mkdir(parents=True, exist_ok=True)
    content.write_bytes(HERS.encode())
    for number, sender in ((10**9, OLGA), (10**9 + 1, ASEN)):
        File.objects.create(
            message_id=number, workspace=acme(), name=f"{HERS if sender == OLGA else HIS}.txt", state="kept", sha256="ab" * 32 if sender == OLGA else "cd" * 32,
            unsaid_since=clock.now(), url="",
        )  # fmt: skip
        OutboxRow.objects.create(
            channel="matrix", kind=PUT, destination=media_lane(number), payload=json.dumps({"as": sender}), lane=acme().lane, message_id=number,
            next_at=clock.now(), created_at=clock.now(), state="failed",
        )  # fmt: skip
    forget("olga")
    assert places(HERS) == set() and not content.exists()
    assert File.objects.filter(unsaid_since__isnull=False).count() == 1


def test_who_belongs_nowhere_any_more_loses_their_profile_and_who_does_keeps_it() -> None:
    nora = {"workspace": "acme", "id": "nora", "actor": ACTOR}
    services.do_put_member(**nora, name="Nora Quincewood", email="nora@quincewood.test", role="member", support_room_access=True, now=clock.now())  # fmt: skip
    work_off()
    later(60)
    speak("$nora", f"@nora:{SERVER}", "The kettle is cold.")
    assert not forget("nora", dry_run=True).profile and Person.objects.get(slug="nora").name == "Nora Quincewood"
    services.do_remove_member(**nora, now=clock.now())
    work_off()
    later(60)
    assert "directory_person" in places("uincewood")
    done = forget("nora")
    assert done.profile and places("uincewood") == places("kettle") == set()
    person = Person.objects.get(slug="nora")
    assert (person.name, person.email, person.localpart) == ("(erased)", "", "nora")
    assert not forget("nora").profile, "once is enough"
    for scope in ("vendor", "workspace:acme"):
        assert verify(scope).fault is None
    assert Entry.objects.filter(scope="vendor", action="audit.erased").count() == 1
    renamed = OutboxRow.objects.filter(kind="provision", payload__contains="@nora:").latest("pk")
    assert json.loads(renamed.payload)["display_name"] == "(erased)"
    assert Person.objects.get(slug="olga").name == "Olga"
