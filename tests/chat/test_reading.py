"""What was said in the room as its page shows it: the newest last, threads together, edits and removals as they stand."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roomdesk.cases import room_talk
from roomdesk.cases.models import Case
from roomdesk.directory.models import Person
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.flow import world
from tests.flow.world import ASEN, BOT, IVAN, OLGA, START, event, message, room, store, work_off
from tests.harness.database import Databases
from tests.portal.scene import in_thread

pytestmark = pytest.mark.part_of("R10")
HERE = room("birch")


@pytest.fixture
def olga(databases: Databases) -> Iterator[Client]:
    with databases.copy_of(world.build), clock.frozen(START):
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(Person.objects.get(slug="olga"), "allauth.account.auth_backends.AuthenticationBackend")
        yield client


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/chat/birch{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def texts(shown: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r'<p class="text" lang="">([^<]*)</p>', shown)]


def says(*events: dict[str, object]) -> None:
    for one in events:
        store(one)
        work_off()


def test_the_newest_is_last_and_pages_hold_everything_once(olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    before = texts(page(olga))
    with clock.frozen(START) as time:
        for number in range(7):
            # Three at the same instant: the key of a page must tell them apart.
            time.tick(timedelta(seconds=1 if number > 3 else 0))
            says(message(f"$n-{number}", HERE, OLGA, f"Number {number}"))
        known = room_talk.access_talk.__kwdefaults__ or {}
        monkeypatch.setattr(room_talk.access_talk, "__kwdefaults__", {**known, "limit": 3})
        pages, query = [], ""
        while True:
            shown = page(olga, query)
            pages.append(texts(shown))
            older = re.search(r'href="(\?before=[^"]+)"', shown)
            if not older:
                break
            query = html.unescape(older[1])
    assert pages[0] == ["Number 4", "Number 5", "Number 6"]
    assert [text for some in reversed(pages) for text in some] == [*before, *(f"Number {n}" for n in range(7))]
    assert "Jump to the latest" in page(olga, query)


def test_a_run_of_one_thread_stands_together_under_what_it_is_about(olga: Client) -> None:
    says(
        message("$root", HERE, OLGA, "Orders cannot be saved."),
        in_thread("$a", "$root", IVAN, "Since when?", "birch"),
        in_thread("$b", "$root", OLGA, "Since Monday.", "birch"),
        message("$main", HERE, ASEN, "Good morning."),
        in_thread("$c", "$root", IVAN, "Thank you.", "birch"),
    )
    shown = page(olga)
    runs = re.findall(r'<section class="thread".*?</section>', shown, re.DOTALL)
    assert [texts(run) for run in runs[-2:]] == [["Since when?", "Since Monday."], ["Thank you."]]
    assert all("Orders cannot be saved." in run for run in runs[-2:])
    number = Message.objects.get(external_id="$root").pk
    thread = page(olga, f"?thread={number}")
    assert texts(thread) == ["Orders cannot be saved.", "Since when?", "Since Monday.", "Thank you."]


def test_edits_removals_replies_and_reactions_stand_with_their_message(olga: Client) -> None:
    relation = {"rel_type": "m.annotation", "event_id": "$one", "key": "👍"}
    new = {"m.new_content": {"msgtype": "m.text", "body": "The total is wrong."}}
    says(
        message("$one", HERE, OLGA, "The total is wrng."),
        message("$edit", HERE, OLGA, "* x", **new, **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$one"}}),
        message("$gone", HERE, OLGA, "My password is persimmon."),
        event("$removal", HERE, OLGA, "m.room.redaction", {"redacts": "$gone"}),
        message("$reply", HERE, IVAN, "Which one?", **{"m.relates_to": {"m.in_reply_to": {"event_id": "$one"}}}),
        event("$r1", HERE, ASEN, "m.reaction", {"m.relates_to": relation}),
        event("$r2", HERE, IVAN, "m.reaction", {"m.relates_to": relation}),
        event("$r3", HERE, OLGA, "m.reaction", {"m.relates_to": {**relation, "key": "❤"}}),
        event("$unliked", HERE, OLGA, "m.room.redaction", {"redacts": "$r3"}),
    )
    shown = page(olga)
    assert "The total is wrong." in shown and "wrng" not in shown and "edited" in shown
    assert "persimmon" not in shown and "removed" in shown
    one = Message.objects.get(external_id="$one").pk
    answered = f'<a href="?at={one}#m-{one}"><span class="quiet-text">Olga:</span> The total is wrong.</a>'
    assert f'<p class="answers">{answered}</p>' in shown
    assert '<span class="reaction">👍 2</span>' in shown and "❤" not in shown


def test_what_the_desk_took_back_is_gone(olga: Client) -> None:
    says(message("$asks", HERE, BOT, "Mira asks for access", msgtype="m.notice"))
    assert "Mira asks for access" in page(olga)
    says(event("$back", HERE, BOT, "m.room.redaction", {"redacts": "$asks"}))
    assert "Mira asks for access" not in page(olga)


def test_what_customers_write_is_only_text(olga: Client) -> None:
    says(message("$script", HERE, OLGA, "<script>alert(1)</script>", formatted_body="<b>bold</b>"))
    shown = page(olga)
    assert "<script>alert" not in shown and "<b>bold" not in shown and "&lt;script&gt;alert(1)" in shown


RICH = {
    "format": "org.matrix.custom.html",
    "formatted_body": "<p><strong>Done</strong>, see <code>log</code></p><script>1</script>",
}
DRAWN = '<div class="text rich" lang=""><p><strong>Done</strong>, see <code>log</code></p></div>'


def test_words_with_structure_are_drawn_as_a_room_draws_them(olga: Client) -> None:
    says(message("$rich", HERE, IVAN, "**Done**, see `log`", **RICH))
    shown = page(olga)
    assert shown.count(DRAWN) == 1 and "**Done**" not in shown
    says(event("$gone", HERE, IVAN, "m.room.redaction", {"redacts": "$rich"}))
    assert "Done" not in page(olga)


def test_what_is_restricted_is_not_drawn_either(olga: Client) -> None:
    says(message("$theirs", HERE, OLGA, "**Done**, see `log`", **RICH))
    assert DRAWN in page(olga)
    Case.objects.filter(pk=Message.objects.get(external_id="$theirs").case_id).update(is_restricted=True)
    assert "Done" not in page(olga)


def test_a_window_moves_both_ways_and_shares_half_with_the_one_before(
    olga: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.frozen(START) as time:
        for number in range(11):
            # Some at the same instant: the key of a window must tell them apart.
            time.tick(timedelta(seconds=number % 3))
            says(message(f"$w-{number}", HERE, OLGA, f"Word {number}"))
    monkeypatch.setattr(room_talk.access_talk, "__kwdefaults__", {"limit": 4})
    latest = page(olga)
    assert texts(latest) == [f"Word {n}" for n in (7, 8, 9, 10)]
    assert "data-down" not in latest and "Later messages" not in latest
    higher = page(olga, leads(latest, "up"))
    assert texts(higher) == [f"Word {n}" for n in (5, 6, 7, 8)]
    assert texts(page(olga, leads(higher, "down"))) == [f"Word {n}" for n in (8, 9, 10)]
    later = re.search(r'href="(\?after=[^"]+)" rel="next"', higher)
    assert later and texts(page(olga, html.unescape(later[1]))) == ["Word 9", "Word 10"]


def leads(shown: str, way: str) -> str:
    found = re.search(f'data-{way}="([^"]+)"', shown)
    assert found
    return html.unescape(found[1])


def test_every_message_has_an_address_with_what_stands_around_it(olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    says(*(message(f"$a-{number}", HERE, OLGA, f"Place {number}") for number in range(9)))
    monkeypatch.setattr(room_talk.access_talk, "__kwdefaults__", {"limit": 4})
    number = Message.objects.get(external_id="$a-3").pk
    shown = page(olga, f"?at={number}")
    assert texts(shown) == [f"Place {n}" for n in (1, 2, 3, 4, 5)]
    assert f'<a class="at" href="?at={number}#m-{number}">' in shown and f'id="m-{number}"' in shown


@pytest.mark.parametrize("at", ["999999", "1" * 18])
def test_an_address_of_no_message_is_not_found(olga: Client, at: str) -> None:
    foreign = Message.objects.exclude(workspace__slug="birch").values_list("pk", flat=True)[0]
    for number in (at, str(foreign)):
        answer = olga.get(f"/chat/birch?at={number}")
        assert answer.status_code == 404 and "There is no such message" in answer.content.decode()


def test_a_window_costs_as_many_queries_anywhere(olga: Client) -> None:
    counts = set()
    for some in (3, 40, 90):
        says(*(message(f"$q-{some}-{number}", HERE, OLGA, "Again") for number in range(some)))
        middle = Message.objects.filter(body="Again").order_by("pk")[1].pk
        for query in ("", f"?at={middle}"):
            with CaptureQueriesContext(connection) as asked:
                page(olga, query)
            counts.add(len(asked))
    assert max(counts) <= 32 and max(counts) - min(counts) <= 4


@pytest.mark.parametrize("key", ["x", "~", "2026~1", "2026-01-01T00:00:00.0Z~", "9" * 40, "%00", "²~²"])
def test_a_page_key_that_makes_no_sense_is_the_latest(olga: Client, key: str) -> None:
    for name in ("before", "after"):
        assert texts(page(olga, f"?{name}={key}")) == texts(page(olga))


@pytest.mark.parametrize("thread", ["999999", "1" * 30, "x", "-1", "²"])
def test_a_thread_that_is_none_is_no_error(olga: Client, thread: str) -> None:
    assert olga.get(f"/chat/birch?thread={thread}").status_code in (200, 404)
