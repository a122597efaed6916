"""Open pages are told that they are behind: by whom, of what, and of nothing else (D22, D36, decision 0041)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from roomdesk.cases import noting, writing
from roomdesk.cases.models import Case
from roomdesk.directory import services
from roomdesk.directory.models import Person
from roomdesk.directory.queries import viewer_of_person
from roomdesk.queues import lanes
from roomdesk.runtime import clock
from roomdesk.web.live import hub
from tests.console.conftest import ACTOR, open_case
from tests.console.streams import Web

Browser = Callable[[str | None], Client]


@pytest.fixture
def web(desk: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setattr(hub, "PACE_OF_ALL", 0.05)
    monkeypatch.setattr(hub, "AGAIN", 0.1)
    running = Web(desk)
    yield running
    if not running.loop.is_closed():
        running.kill()


def session(browser: Browser, who: str) -> str:
    return str(browser(who).cookies["sessionid"].value)


def say(case: Case, text: str, author: str = "oto") -> None:
    writing.do_say(ref=case.ref, author=author, text=text, channel="form", actor=ACTOR, now=clock.now())


def note(case: Case, text: str = "Only for us", author: str = "tiago") -> None:
    viewer = viewer_of_person(Person.objects.get(slug=author), clock.now())
    noting.do_note(viewer, case.ref, text, channel="console", author=author, actor=ACTOR, now=clock.now())


def test_pages_that_show_a_message_are_told_and_no_others(browser: Browser, web: Web) -> None:
    case, other = open_case(), open_case("Elsewhere", "acme", "olga")
    theirs = {
        "inbox": web.open("/live/inbox", session(browser, "lea")),
        "case": web.open(f"/live/case/{case.ref}", session(browser, "tiago")),
        "request": web.open(f"/live/request/beta/{case.ref}", session(browser, "oto")),
        "workspace": web.open("/live/workspace/beta", session(browser, "oto")),
    }
    others = {
        "inbox": web.open("/live/inbox", session(browser, "ivan")),
        "case": web.open(f"/live/case/{other.ref}", session(browser, "ivan")),
        "request": web.open(f"/live/request/acme/{other.ref}", session(browser, "olga")),
    }
    for stream in (*theirs.values(), *others.values()):
        assert stream.next()[0] == "here"
    say(case, "One more thing.")
    assert {name: stream.next()[0] for name, stream in theirs.items()} == dict.fromkeys(theirs, "changed")
    say(other, "And here.", "olga")
    assert {name: stream.next()[0] for name, stream in others.items()} == dict.fromkeys(others, "changed")
    assert [stream.others() for stream in others.values()] == [[]] * len(others)


def test_notes_wake_no_customer_and_restricted_cases_nobody_outside_the_security_role(
    browser: Browser, web: Web
) -> None:
    plain, secret = open_case(), open_case("A stolen password")
    Case.objects.filter(pk=secret.pk).update(is_restricted=True)
    services.do_put_staff(
        id="sevda", roles=["engineer", "security"], product="power-omni", actor=ACTOR, now=clock.now()
    )
    told = {
        "staff": web.open("/live/inbox", session(browser, "tiago")),
        "customer": web.open(f"/live/request/beta/{plain.ref}", session(browser, "oto")),
        "workspace": web.open("/live/workspace/beta", session(browser, "oto")),
    }
    security = web.open(f"/live/case/{secret.ref}", session(browser, "sevda"))
    for stream in (*told.values(), security):
        assert stream.next()[0] == "here"
    say(secret, "It was our administrator's.")
    assert security.next()[0] == "changed"
    note(secret, author="sevda")
    assert security.next()[0] == "changed"
    note(plain)
    say(plain, "Only this is theirs.")
    for name, stream in told.items():
        assert stream.next()[0] == "changed", name
        # The inbox of staff may count the note and the message apart; to customers there was one thing.
        assert name == "staff" or stream.others() == [], name
    assert web.open(f"/live/case/{secret.ref}", session(browser, "tiago")).status == 404
    assert web.open(f"/live/request/beta/{secret.ref}", session(browser, "oto")).status == 404


def test_what_came_while_a_page_had_no_stream_is_told_by_its_last_number(browser: Browser, web: Web, desk: str) -> None:
    """A killed web process costs a reconnect and no message."""
    case, who = open_case(), session(browser, "lea")
    first = web.open(f"/live/case/{case.ref}", who)
    number = first.next()[1]
    web.kill()
    say(case, "Said while nobody told it.")
    again = Web(desk)
    try:
        behind = again.open(f"/live/case/{case.ref}", who, last=number).next()
        assert behind[0] == "changed" and behind[1] != number
        assert again.open(f"/live/case/{case.ref}", who, last=behind[1]).next() == ("here", behind[1])
        # A page that was just drawn has its number in its address, and the browser's own word goes before it.
        assert again.open(f"/live/case/{case.ref}", who, query=f"from={number}").next() == behind
        assert again.open(f"/live/case/{case.ref}", who, last=behind[1], query=f"from={number}").next()[0] == "here"
    finally:
        again.kill()


def test_a_page_is_drawn_with_the_number_that_its_stream_begins_with(browser: Browser, web: Web) -> None:
    case = open_case()
    for who, page, path in (
        ("lea", "/console/", "/live/inbox"),
        ("lea", f"/console/cases/{case.ref}", f"/live/case/{case.ref}"),
        ("oto", "/portal/beta/", "/live/workspace/beta"),
        ("oto", f"/portal/beta/cases/{case.ref}", f"/live/request/beta/{case.ref}"),
    ):
        client = browser(who)
        drawn = client.get(page).content.decode()
        assert f'data-stream="{path}"' in drawn
        number = drawn.split('data-number="')[1].split('"')[0]
        stream = web.open(path, str(client.cookies["sessionid"].value), query=f"from={number}")
        assert stream.next() == ("here", number), page


def test_whoever_may_not_see_it_any_more_is_let_go(browser: Browser, web: Web) -> None:
    case = open_case()
    staff = web.open(f"/live/case/{case.ref}", session(browser, "tiago"))
    client = browser("oto")
    customer = web.open(f"/live/request/beta/{case.ref}", str(client.cookies["sessionid"].value))
    for stream in (staff, customer):
        assert stream.next()[0] == "here"
    services.do_remove_staff(id="tiago", actor=ACTOR, now=clock.now() - timedelta(seconds=1))
    client.logout()
    say(case, "Who hears this?")
    for stream in (staff, customer):
        assert [stream.next()[0], stream.next()[0]] == ["gone", "end"]


def test_access_that_ends_in_silence_ends_the_stream_too(
    browser: Browser, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SWEEP", 0.1)
    client = browser("lea")
    stream = web.open("/live/inbox", str(client.cookies["sessionid"].value))
    assert stream.next()[0] == "here"
    client.logout()
    assert [stream.next()[0], stream.next()[0]] == ["gone", "end"]


def test_who_takes_nothing_has_one_word_waiting(browser: Browser, web: Web) -> None:
    case, who = open_case(), session(browser, "lea")
    slow, quick = (web.open(f"/live/case/{case.ref}", who) for _ in range(2))
    assert slow.next()[0] == quick.next()[0] == "here"
    slow.takes.clear()
    for number in range(5):
        say(case, f"Number {number}")
        newest = quick.next()
    slow.takes.set()
    found = [slow.next()]
    if found[-1] != newest:
        found.append(slow.next())
    assert found[-1] == newest
    assert slow.others() == []


def test_after_a_break_of_the_listener_everybody_is_looked_at(browser: Browser, web: Web) -> None:
    case = open_case()
    stream = web.open(f"/live/case/{case.ref}", session(browser, "lea"))
    assert stream.next()[0] == "here"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'")
    say(case, "Said in the break.")
    assert stream.next()[0] == "changed"


def test_the_rooms_of_open_pages_are_known_as_long_as_they_are_open(browser: Browser, web: Web) -> None:
    case, who = open_case(), session(browser, "lea")
    lanes.route("matrix", "!beta", case.workspace.lane, clock.now())
    assert not web.live.watches("!beta")
    one, other = (web.open(f"/live/case/{case.ref}", who) for _ in range(2))
    inbox = web.open("/live/inbox", who)
    assert [stream.next()[0] for stream in (one, other, inbox)] == ["here"] * 3
    assert web.live.watches("!beta") and not web.live.watches("!acme")
    one.leave()
    assert one.next()[0] == "end" and web.live.watches("!beta")
    other.leave()
    assert other.next()[0] == "end" and not web.live.watches("!beta")


def test_nobody_and_nothing_is_followed(browser: Browser, web: Web) -> None:
    case, who = open_case(), session(browser, "lea")
    customer = session(browser, "oto")
    for path, given in (
        (f"/live/case/{case.ref}", ""),
        (f"/live/case/{case.ref}", "made-up"),
        (f"/live/case/{case.ref}", customer),
        ("/live/inbox", customer),
        ("/live/case/XX-1", who),
        ("/live/case/%00", who),
        ("/live/workspace/acme", customer),
        ("/live/room/beta", customer),
        ("/live/nothing", who),
        ("/live/", who),
    ):
        assert web.open(path, given).status == 404, path
    assert web.open("/live/inbox", who, method="POST").status == 404
