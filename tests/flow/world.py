"""Three customers with rooms, as the pipeline meets them, and raw events as the homeserver sends them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from roomdesk import pipeline
from roomdesk.audit.work import Actor
from roomdesk.bootstrap import settings
from roomdesk.cases import changing, joining
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case
from roomdesk.directory import services
from roomdesk.directory.queries import Viewer
from roomdesk.queues import inbox, outbox
from roomdesk.queues.inbox import Arrival
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.runtime import clock

ACTOR = Actor("cli", "tests")
EVERYONE = Viewer("token", "tests", sees_all=True)
#: A Monday, 10:00 in Sofia.
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SLUGS = ("acme", "birch", "cedar")
TIERS = ("starter", "pro", "enterprise")
SERVER = settings.matrix_server_name
BOT = f"@support:{SERVER}"
OLGA, ASEN, IVAN, OTO = (f"@{name}:{SERVER}" for name in ("olga", "asen", "ivan", "oto"))


def room(slug: str) -> str:
    return f"!{slug}"


def build() -> None:
    """Workspaces acme, birch and cedar (a tier each) with owner Olga and admin Asen, engineer Ivan; rooms made, cases in several states each."""
    with clock.frozen(START - timedelta(days=1)):
        services.do_put_staff(id="ivan", roles=["engineer"], actor=ACTOR, now=clock.now())
        for slug, tier in zip(SLUGS, TIERS, strict=True):
            services.do_put_workspace(
                slug=slug, product="plana-business-cloud", tier=tier, actor=ACTOR, now=clock.now()
            )
            for person, role in (("olga", "owner"), ("asen", "admin")):
                services.do_put_member(workspace=slug, id=person, role=role, actor=ACTOR, now=clock.now())
        work_off()
        for row in OutboxRow.objects.filter(kind="create_room"):
            slug = row.destination.rpartition(":")[2]
            made = {"room_id": room(slug)}
            outbox.note_sent(row, Sent(room(slug), made, {**made, "alias": None}), clock.now())
        work_off()
        for slug in SLUGS:
            _history(slug)
        # The control room hears of the last changes too.
        work_off()


def _history(slug: str) -> None:
    for name, sender in (("open", ASEN), ("closed", OLGA)):
        store(message(f"${slug}-{name}", room(slug), sender, "The printer prints nothing but stripes."))
    work_off()
    closed = Case.objects.get(root_event_id=f"${slug}-closed")
    # Closed so long ago that nothing reopens it.
    Case.objects.filter(pk=closed.pk).update(state=Case.State.CLOSED)
    _lived(slug)


def _lived(slug: str) -> None:
    """A resolved case in every room; in cedar's one that waits for the customer, snoozed; in acme's one that was merged."""
    store(message(f"${slug}-resolved", room(slug), OLGA, "The scanner beeps."))
    work_off()
    _change(slug, "resolved", Change(state="resolved", fix="Turned it off", root_cause_unknown=True))
    if slug == "cedar":
        store(message("$cedar-waiting", room(slug), OLGA, "The lamp flickers."))
        work_off()
        _change(slug, "waiting", Change(state="waiting_customer", snoozed_until=START + timedelta(days=3)))
    if slug == "acme":
        store(message("$acme-merged", room(slug), OLGA, "P0 stripes everywhere."))
        work_off()
        merged, into = (Case.objects.get(root_event_id=f"$acme-{name}") for name in ("merged", "open"))
        joining.do_merge(EVERYONE, merged.ref, into.ref, actor=ACTOR, now=clock.now())


def _change(slug: str, name: str, change: Change) -> None:
    case = Case.objects.get(root_event_id=f"${slug}-{name}")
    changing.do_change(EVERYONE, case.ref, change, actor=ACTOR, now=clock.now())


def known(slug: str) -> list[str]:
    """The customer's first messages of the cases that the room has from yesterday."""
    last = {"acme": ["merged"], "cedar": ["waiting"]}.get(slug, [])
    return [f"${slug}-{name}" for name in ("open", "closed", "resolved", *last)]


def work_off(batch: int = 400) -> int:
    """Drains until nothing moves any more; returns how many events were finished."""
    done = 0
    while moved := pipeline.drain(batch):
        done += moved
    return done


def store(*events: dict[str, Any]) -> None:
    """Puts events into the inbox as the endpoint does, received now."""
    arrivals = [Arrival("matrix", e["event_id"], e["room_id"], json.dumps(e)) for e in events]
    inbox.store(arrivals, clock.now())


def event(event_id: str, room_id: str, sender: str, kind: str, content: object, **more: Any) -> dict[str, Any]:
    sent = {"origin_server_ts": clock.to_ms(clock.now())}
    return {
        "event_id": event_id,
        "room_id": room_id,
        "sender": sender,
        "type": kind,
        "content": content,
        **sent,
        **more,
    }


def message(event_id: str, room_id: str, sender: str, text: str, **content: Any) -> dict[str, Any]:
    return event(event_id, room_id, sender, "m.room.message", {"msgtype": "m.text", "body": text, **content})


def inbox_states() -> dict[str, str]:
    """State of each Matrix event by its id."""
    return dict(InboxEvent.objects.filter(source="matrix").values_list("external_id", "state"))


@dataclass(frozen=True)
class Step:
    """One event to come, as drawn: everything is a choice, the event itself is made when it is stored."""

    slug: str
    sender: str
    kind: str
    text: str
    #: Which earlier event it speaks of: from the end of those stored, those of the history before them.
    about: int
    seconds: int
    late: int
    more: dict[str, Any] = field(default_factory=dict)
