"""Writing in the room through its page: as oneself, once, through the inbox like anything said there (R10, D47)."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from roomdesk.cases.models import Case
from roomdesk.channels.matrix.names import path
from roomdesk.directory import services
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.chat.conftest import Browser
from tests.rooms.place import ACTOR, Place
from tests.rooms.talking import hear, say, texts

pytestmark = pytest.mark.part_of("R10")


def key_of(client: Client, place: Place) -> str:
    found = re.search(r'name="key" value="([^"]+)"', client.get(f"/chat/{place.slug}").content.decode())
    assert found
    return found[1]


def write(client: Client, place: Place, text: str, status: int = 302, **more: str) -> str:
    answer = client.post(f"/chat/{place.slug}", {"text": text, "key": key_of(client, place), **more})
    assert answer.status_code == status, answer.content
    return str(answer.content.decode())


def page(client: Client, place: Place, query: str = "") -> str:
    answer = client.get(f"/chat/{place.slug}{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_customers_words_come_as_from_any_client_once(place: Place, browser: Browser) -> None:
    olga = browser("olga")
    key = key_of(olga, place)
    for _ in range(3):
        answer = olga.post(f"/chat/{place.slug}", {"text": "  Orders cannot be saved. ", "key": key})
        assert answer["Location"] == f"/chat/{place.slug}#composer"
    assert "sending" in page(olga, place) and not Message.objects.exists()
    place.settle()
    hear(place)
    assert texts(place, "olga") == ["Orders cannot be saved."]
    said = Message.objects.get(author_kind="customer")
    assert (said.author_ref, said.channel, said.body) == (place.user("olga"), "matrix", "Orders cannot be saved.")
    assert Case.objects.get().opened_by == said.author
    shown = page(olga, place)
    assert shown.count("Orders cannot be saved.") == 1 and "sending" not in shown
    assert [entry["key"] for entry in place.audited("room.said_for")] == [
        str(OutboxRow.objects.get(kind="send", payload__contains="Orders").key)
    ]


def test_the_same_words_from_two_forms_are_said_twice(place: Place, browser: Browser) -> None:
    for _ in range(2):
        write(browser("olga"), place, "Again")
    place.settle()
    hear(place)
    assert texts(place, "olga") == ["Again", "Again"]


def test_an_answer_of_staff_stops_the_clock_and_threads_are_threads(place: Place, browser: Browser) -> None:
    root = say(place, "olga", "The export stops at half.")
    hear(place)
    number = Message.objects.get(external_id=root).pk
    write(browser("ivan"), place, "We found the cause.", thread=str(number))
    place.settle()
    hear(place)
    answer = Message.objects.get(body="We found the cause.")
    assert (answer.thread_root, answer.author_kind) == (root, "staff")
    assert Case.objects.get().answered_at is not None
    thread = page(browser("olga"), place, f"?thread={number}")
    assert "We found the cause." in thread and "The export stops at half." in thread
    room = page(browser("olga"), place)
    assert f'href="?thread={number}#composer"' in room and '<section class="thread"' in room


@pytest.mark.parametrize("text", ["", "  \n", "\0"])
def test_an_empty_text_is_refused_in_a_sentence(place: Place, browser: Browser, text: str) -> None:
    with nothing_changes():
        assert "The text is empty" in write(browser("olga"), place, text, 422)


def test_staff_type_no_commands_where_customers_read(place: Place, browser: Browser) -> None:
    with nothing_changes():
        refused = write(browser("ivan"), place, "!desk ack", 422)
    assert "never typed in the customer" in refused and "!desk ack</textarea>" in refused


def test_who_is_not_in_the_room_reads_and_does_not_write(place: Place, browser: Browser) -> None:
    """A lead of the staff sees every room, and is in none."""
    services.do_put_staff(id=place.id("lea"), roles=["lead"], actor=ACTOR, now=clock.now())
    place.settle()
    lea = browser("lea")
    assert "You are not in this room" in page(lea, place)
    with nothing_changes():
        assert "You are not in this room" in write(lea, place, "Hello", 409)


def test_who_is_switched_off_reads_and_writes_nothing_any_more(place: Place, browser: Browser) -> None:
    mira = {"workspace": place.slug, "id": place.id("mira"), "actor": ACTOR}
    services.do_put_member(**mira, support_room_access=True, now=clock.now())
    place.settle()
    client = browser("mira")
    key = key_of(client, place)
    services.do_put_member(**mira, support_room_access=False, now=clock.now())
    with nothing_changes():
        assert client.post(f"/chat/{place.slug}", {"text": "Still here", "key": key}).status_code == 404


def test_the_desk_does_not_write_for_a_locked_account(place: Place, browser: Browser) -> None:
    """The homeserver itself would let it (D47)."""
    where = path("users", place.user("olga"), base="/_synapse/admin/v2")
    place.matrix.admin("PUT", where, {"locked": True})
    olga = browser("olga")
    write(olga, place, "Not by me")
    place.settle()
    place.matrix.admin("PUT", where, {"locked": False})
    hear(place)
    assert texts(place, "olga") == []
    row = OutboxRow.objects.get(payload__contains="Not by me")
    assert (row.state, row.last_error) == (
        "failed",
        f"The account {place.user('olga')} is locked or gone, so the desk does not write as it.",
    )
    shown = page(olga, place)
    assert "not delivered" in shown and "is locked or gone" in shown


def test_a_form_from_another_site_is_refused(place: Place, browser: Browser) -> None:
    client = browser("olga")
    client.handler.enforce_csrf_checks = True
    with nothing_changes():
        assert client.post(f"/chat/{place.slug}", {"text": "Forged"}).status_code == 403
