"""What is said in the rooms of acme, birch and cedar, as the homeserver tells it, and filed by a worker; and searching in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from roomdesk.cases.models import Case
from roomdesk.record import finding
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.cases_api.place import Rest
from tests.flow.world import ASEN, BOT, IVAN, OLGA, START, event, message, room, store
from tests.flow.world import work_off as recorded

#: Event, workspace, sender, text.
SAID = (
    ("$en1", "acme", OLGA, "The invoices of March show a wrong amount."),
    ("$en2", "acme", ASEN, "I was invoiced twice, see order 4711."),
    ("$bg1", "birch", OLGA, "Фактурите от март са грешни."),
    ("$pt1", "cedar", OLGA, "As faturas de março não foram enviadas pela integração."),
    ("$phrase", "birch", ASEN, "It cannot be saved. Saved it be cannot."),
    ("$scramble", "cedar", ASEN, "Be saved it cannot."),
    ("$answer", "acme", IVAN, "We are looking into the zephyr."),
)


def say_everything() -> None:
    """Says all of it, a minute after each other from `START` on; some is edited, removed, a file, or filed as restricted."""
    with clock.frozen(START) as time:
        for event_id, slug, sender, text in SAID:
            time.tick(timedelta(minutes=1))
            store(message(event_id, room(slug), sender, text))
            work_off()
        time.tick(timedelta(minutes=1))
        says("$file", "acme", OLGA, "export-zephyr.pdf", msgtype="m.file", url="mxc://x/y")
        says("$edited", "acme", OLGA, "The kumquat is late.")
        edits("$edited", "The mandarin is late.", OLGA)
        edits("$answer", "A kumquat by another hand.", OLGA)
        says("$removed", "acme", OLGA, "My password is persimmon.")
        store(removal("$removed", OLGA))
        work_off()
        says("$secret", "birch", OLGA, "P0 Somebody stole the tamarind.")
        Case.objects.filter(pk=Message.objects.get(external_id="$secret").case_id).update(is_restricted=True)
        says("$notice", "acme", BOT, "The desk says quince.", msgtype="m.notice")


def work_off() -> None:
    """What the worker does in the course of a second: records what came in, then files it."""
    recorded()
    filed()


def filed() -> None:
    while finding.file_waiting():
        pass


def says(event_id: str, slug: str, sender: str, text: str, **content: Any) -> None:
    store(message(event_id, room(slug), sender, text, **content))
    work_off()


def edit(event_id: str, text: str, sender: str, slug: str = "acme") -> dict[str, Any]:
    new = {"m.new_content": {"msgtype": "m.text", "body": text}}
    relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": event_id}}
    return message(f"{event_id}-edit-{text}", room(slug), sender, f"* {text}", **new, **relation)


def edits(event_id: str, text: str, sender: str) -> None:
    store(edit(event_id, text, sender))
    work_off()


def removal(event_id: str, sender: str, slug: str = "acme") -> dict[str, Any]:
    return event(f"{event_id}-removal", room(slug), sender, "m.room.redaction", {"redacts": event_id})


def found(rest: Rest, q: str, **more: Any) -> list[str]:
    """Events that REST finds, in its order."""
    return [item["event_id"] for item in page(rest, q, **more)["items"]]


def page(rest: Rest, q: str, **more: Any) -> Any:
    answer = rest.get(f"search?{urlencode({'q': q, **more})}")
    assert answer.status_code == 200, answer.content
    return answer.json()
