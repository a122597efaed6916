"""What was said and who may read it: three workspaces with rooms (`flow.world`), and around acme everybody whom a page can meet."""

from __future__ import annotations

import json
from datetime import timedelta

from roomdesk.bootstrap import settings
from roomdesk.cases.models import Case
from roomdesk.consent import asking
from roomdesk.consent.models import Request
from roomdesk.directory import services
from roomdesk.queues import inbox
from roomdesk.queues.inbox import Arrival
from roomdesk.queues.models import InboxEvent, Lane
from roomdesk.record.models import File, Message
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.runtime import clock
from tests.flow.world import ACTOR, ASEN, BOT, EVERYONE, IVAN, OLGA, START, message, room, store
from tests.search.talk import work_off

NOW = START + timedelta(minutes=15)
#: Role → id. `outsider` belongs to no workspace, `other` owns another one.
PEOPLE = {
    "owner": "olga",
    "admin": "asen",
    "access": "mira",
    "member": "boyan",
    "other": "oto",
    "outsider": "nikola",
    "staff": "ivan",
    "nobody": None,
}
#: Texts that only some may read.
SAID, ANSWER, NOTE, SECRET, THEIRS = (
    "The invoices of March show a wrong amount.",
    "We are looking into the zephyr.",
    "Their database is the old one, internally.",
    "P0 Somebody stole the tamarind.",
    "Birch has quinces only.",
)
FILE = "export-zephyr.pdf"
ASKED = "Restore the zephyr of Sunday over the current data."


def build() -> None:
    """Mira (access) and Boyan (none) join acme, Oto owns dune; acme's room has speech, a thread, a file, a note, and a restricted case."""
    with clock.frozen(START - timedelta(hours=1)):
        for who, role, more in (("mira", "member", {"support_room_access": True}), ("boyan", "member", {})):
            services.do_put_member(workspace="acme", id=who, role=role, actor=ACTOR, now=clock.now(), **more)
        services.do_put_workspace(slug="dune", product="plana-business-cloud", actor=ACTOR, now=clock.now())
        services.do_put_member(workspace="dune", id="oto", role="owner", actor=ACTOR, now=clock.now())
        services.do_put_person(id="nikola", actor=ACTOR, now=clock.now())
        work_off()
    with clock.frozen(START) as time:
        for event_id, slug, sender, text in (
            ("$said", "acme", OLGA, SAID),
            ("$secret", "acme", ASEN, SECRET),
            ("$theirs", "birch", OLGA, THEIRS),
        ):
            time.tick(timedelta(minutes=1))
            store(message(event_id, room(slug), sender, text))
            work_off()
        time.tick(timedelta(minutes=1))
        _around()
    inside("acme", "olga", "asen", "mira", "ivan")


def _around() -> None:
    store(in_thread("$answer", "$said", IVAN, ANSWER))
    store(message("$file", room("acme"), OLGA, FILE, msgtype="m.file", url="mxc://x/y"))
    store(in_thread("$notice", "$said", BOT, "Your request is recorded.", msgtype="m.notice"))
    work_off()
    Case.objects.filter(pk=Message.objects.get(external_id="$secret").case_id).update(is_restricted=True)
    File.objects.update(state=File.State.KEPT, size=7, sha256="0" * 64, type="application/pdf", next_at=None)
    note()
    for slug, words in (("acme", ASKED), ("birch", THEIRS)):
        wish = asking.Wish("restore", words, {"do": "restore"}, workspace=slug, target="current")
        asking.do_ask(EVERYONE, wish, actor=ACTOR, now=clock.now())
    work_off()


def consent_of(slug: str) -> Request:
    return Request.objects.get(workspace__slug=slug)


def in_thread(
    event_id: str, root: str, sender: str, text: str, slug: str = "acme", **more: object
) -> dict[str, object]:
    relation = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": root}}
    return message(event_id, room(slug), sender, text, **{"m.relates_to": relation}, **more)


def note() -> None:
    """Ivan writes in the case's thread of the control room."""
    case = case_of("$said")
    said = message("$note", "!control", IVAN, NOTE)
    raw = json.dumps({"event": said, "case": case.pk})
    inbox.store([Arrival("control", "$note", "!control", raw)], clock.now())
    InboxEvent.objects.filter(external_id="$note").update(lane=Lane.objects.get(key="workspace:acme"))


def case_of(event_id: str) -> Case:
    found = Message.objects.select_related("case").get(external_id=event_id).case
    assert found is not None
    return found


def inside(slug: str, *people: str) -> None:
    """As the homeserver tells it."""
    row = Room.objects.get(workspace__slug=slug)
    for who in people:
        user = f"@{who}:{settings.matrix_server_name}"
        RoomMember.objects.update_or_create(
            room=row, user_id=user, defaults={"membership": "join", "since": clock.now()}
        )
