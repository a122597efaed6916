"""Answers, mended words, reactions and files made on the room's page: as oneself on the real homeserver, each once (R10)."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from roomdesk.bootstrap import settings
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import File, Message
from roomdesk.worker.files import FileKeeper
from tests.cases_api.place import nothing_changes
from tests.chat.conftest import Browser
from tests.chat.test_saying import key_of, page, write
from tests.rooms.place import Place
from tests.rooms.talking import hear, say, texts

pytestmark = pytest.mark.part_of("R10")
PNG = b"\x89PNG\r\n\x1a\n" + b"what the screen showed"


def settled(place: Place) -> None:
    place.settle()
    hear(place)


def said(place: Place, name: str, text: str) -> Message:
    event = say(place, name, text)
    hear(place)
    return Message.objects.get(external_id=event)


def react(client: Client, place: Place, message: Message, key: str = "👍", status: int = 302) -> str:
    answer = client.post(f"/chat/{place.slug}", {"react": f"{message.pk}:{key}"})
    assert answer.status_code == status, answer.content
    return str(answer.content.decode())


def reactions(shown: str) -> list[tuple[str, str]]:
    return re.findall(r'aria-pressed="(true|false)">([^<]+)</button>', shown)


def test_an_answer_speaks_of_what_it_answers(place: Place, browser: Browser) -> None:
    question = said(place, "asen", "Which invoice is it?")
    olga = browser("olga")
    form = page(olga, place, f"?reply={question.pk}")
    assert f'name="reply" value="{question.pk}"' in form and "You answer" in form and "Which invoice is it?" in form
    write(olga, place, "The one of March.", reply=str(question.pk))
    settled(place)
    answer = Message.objects.get(body="The one of March.")
    assert (answer.reply_to, answer.thread_root) == (question.external_id, "")
    shown = page(browser("asen"), place)
    assert f'<a href="?at={question.pk}#m-{question.pk}"><span class="quiet-text">' in shown


def test_an_answer_within_a_thread_stays_there(place: Place, browser: Browser) -> None:
    root = said(place, "olga", "The export stops.")
    write(browser("ivan"), place, "Since when?", thread=str(root.pk))
    settled(place)
    question = Message.objects.get(body="Since when?")
    write(browser("olga"), place, "Since Monday.", thread=str(root.pk), reply=str(question.pk))
    settled(place)
    answer = Message.objects.get(body="Since Monday.")
    assert (answer.thread_root, answer.reply_to) == (root.external_id, question.external_id)


def test_ones_own_words_are_mended_in_the_room_and_on_record(place: Place, browser: Browser) -> None:
    first = said(place, "olga", "The total is wrng.")
    olga = browser("olga")
    assert "The total is wrng.</textarea>" in page(olga, place, f"?edit={first.pk}")
    key = key_of(olga, place)
    for _ in range(2):
        given = {"edit": str(first.pk), "text": "The total is wrong.", "key": key}
        answer = olga.post(f"/chat/{place.slug}", given)
        assert answer["Location"] == f"/chat/{place.slug}?at={first.pk}#m-{first.pk}"
    settled(place)
    first.refresh_from_db()
    assert (first.body, first.edited_body) == ("The total is wrng.", "The total is wrong.")
    assert Message.objects.filter(kind="edit").count() == 1
    assert texts(place, "olga")[-1] == "* The total is wrong."
    assert len(place.audited("room.said_for")) == 1
    shown = page(browser("asen"), place)
    assert "The total is wrong." in shown and "edited" in shown and "wrng" not in shown


def test_nobody_changes_what_another_said_or_what_was_removed(place: Place, browser: Browser) -> None:
    theirs = said(place, "asen", "It is broken.")
    gone = said(place, "olga", "My password is persimmon.")
    place.call("PUT", "redact", gone.external_id, "t1", user=place.user("olga"))
    hear(place)
    olga = browser("olga")
    assert "edit=" not in page(olga, place).partition('id="composer"')[0]
    for message in (theirs, gone):
        assert "persimmon" not in page(olga, place, f"?edit={message.pk}").partition("<textarea")[2]
        with nothing_changes():
            refused = write(olga, place, "It works.", 403, edit=str(message.pk))
        assert "Only your own words" in refused and "It works.</textarea>" in refused


def test_the_same_words_again_change_nothing(place: Place, browser: Browser) -> None:
    first = said(place, "olga", "It is broken.")
    write(browser("olga"), place, "It is broken.", edit=str(first.pk))
    assert not OutboxRow.objects.filter(once__startswith="chatedit:").exists()


def test_a_reaction_is_made_and_taken_back_as_the_person(place: Place, browser: Browser) -> None:
    answer = said(place, "ivan", "It is mended.")
    olga, asen = browser("olga"), browser("asen")
    react(olga, place, answer)
    react(asen, place, answer)
    settled(place)
    made = Message.objects.filter(kind="reaction", target=answer.external_id).order_by("pk")
    assert [(one.author_ref, one.body) for one in made] == [(place.user("olga"), "👍"), (place.user("asen"), "👍")]
    assert reactions(page(olga, place)) == [("true", "👍 2")] and reactions(page(browser("ivan"), place)) == [
        ("false", "👍 2")
    ]
    react(olga, place, answer)
    settled(place)
    assert reactions(page(olga, place)) == [("false", "👍")]
    assert Message.objects.get(pk=made[0].pk).redacted_by == place.user("olga")
    react(olga, place, answer)
    settled(place)
    assert reactions(page(olga, place)) == [("true", "👍 2")]


def test_pressed_twice_a_reaction_is_made_once(place: Place, browser: Browser) -> None:
    answer = said(place, "ivan", "It is mended.")
    for _ in range(3):
        react(browser("olga"), place, answer)
    settled(place)
    assert Message.objects.filter(kind="reaction").count() == 1


def test_what_the_homeserver_refused_may_be_tried_again(place: Place, browser: Browser) -> None:
    answer = said(place, "ivan", "It is mended.")
    react(browser("olga"), place, answer)
    OutboxRow.objects.filter(once__startswith="chatreact:").update(state="failed", last_error="The account is locked.")
    react(browser("olga"), place, answer)
    settled(place)
    assert Message.objects.filter(kind="reaction").count() == 1


@pytest.mark.parametrize("key", ["", "x", "<b>", "👍👍"])
def test_only_offered_reactions_are_made(place: Place, browser: Browser, key: str) -> None:
    answer = said(place, "ivan", "It is mended.")
    with nothing_changes():
        assert "not offered here" in react(browser("olga"), place, answer, key, 422)


def kept(place: Place) -> None:
    """The worker has looked over what was given."""
    keeper = FileKeeper(lambda: place.matrix)
    while not keeper.step():
        pass


def give(
    client: Client, place: Place, *files: tuple[str, bytes], text: str = "", status: int = 302, key: str = ""
) -> str:
    def opened(name: str, content: bytes) -> Any:
        file = BytesIO(content)
        file.name = name
        return file

    form = {"text": text, "key": key or key_of(client, place), "files": [opened(*one) for one in files]}
    answer = client.post(f"/chat/{place.slug}", form)
    assert answer.status_code == status, answer.content
    return str(answer.content.decode())


def test_a_file_is_sent_as_the_person_kept_and_shown(place: Place, browser: Browser) -> None:
    olga = browser("olga")
    key = key_of(olga, place)
    for _ in range(2):
        give(olga, place, ("screen.png", PNG), ("notes.txt", b"line one"), text="See these.", key=key)
    assert "screen.png" in page(olga, place) and "sending" in page(olga, place)
    kept(place)
    settled(place)
    assert texts(place, "olga") == ["See these.", "screen.png", "notes.txt"]
    assert "sending" not in page(olga, place)
    kept(place)
    files = {file.name: file for file in File.objects.all()}
    assert {(one.name, one.state, one.size) for one in files.values()} == {
        ("screen.png", "kept", len(PNG)),
        ("notes.txt", "kept", 8),
    }
    shown = page(browser("asen"), place)
    assert f'<img class="picture" loading="lazy" src="/portal/{place.slug}/files/{files["screen.png"].pk}"' in shown
    assert shown.count("<img") == 1 and "notes.txt" in shown
    assert (
        b"".join(browser("asen").get(f"/portal/{place.slug}/files/{files['screen.png'].pk}").streaming_content) == PNG
    )  # type: ignore[arg-type]
    assert {one.message_id for one in files.values()} == {
        message.pk for message in Message.objects.filter(kind="file", author__slug=place.id("olga"))
    }


def test_a_file_that_is_too_large_or_empty_is_refused_and_nothing_is_said(place: Place, browser: Browser) -> None:
    for name, content, words in (
        ("empty.txt", b"", "is empty"),
        ("big.bin", b"0" * (settings.file_megabytes * 1_000_000 + 1), "is larger than"),
    ):
        with nothing_changes():
            assert words in give(browser("olga"), place, (name, content), text="With words", status=422)
