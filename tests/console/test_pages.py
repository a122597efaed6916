"""What staff see in the console, who else sees it, and that it costs the same for many cases."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roomdesk.cases import worklist, writing
from roomdesk.cases.models import Case
from roomdesk.clocks.models import Clock
from roomdesk.directory import services
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from roomdesk.web.console import present
from tests.cases_api.place import nothing_changes
from tests.console.conftest import ACTOR, open_case

Browser = Callable[[str | None], Client]


def refs(page: str) -> list[str]:
    """References in the order of the list."""
    return [part.split("<")[0] for part in page.split('<span class="ref">')[1:]]


def test_somebody_unknown_is_asked_to_sign_in(browser: Browser) -> None:
    for address in ("/console/", f"/console/cases/{open_case().ref}"):
        answer = browser(None).get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address}")
    assert browser(None).get("/")["Location"] == "/accounts/login/?next=/"


def test_for_a_customer_the_console_does_not_exist(browser: Browser) -> None:
    case, client = open_case("My own case"), browser("oto")
    for address in ("/console/", f"/console/cases/{case.ref}"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "My own case" not in answer.content.decode()
    with nothing_changes():
        assert client.post(f"/console/cases/{case.ref}", {"text": "I am staff"}).status_code == 404


def test_staff_of_one_product_do_not_see_another_ones_cases(browser: Browser) -> None:
    case = open_case("Only for the other product")
    with clock.frozen(clock.now()):
        _is_hidden(browser, case)


def _is_hidden(browser: Browser, case: Case) -> None:
    page = browser("ivan").get("/console/?view=all").content.decode()
    assert "Nothing" not in page and "Only for the other product" not in page
    answer = browser("ivan").get(f"/console/cases/{case.ref}")
    assert answer.status_code == 404
    assert "or it is not yours to see" in answer.content.decode()
    assert answer.content == browser("ivan").get("/console/cases/XX-9").content.replace(b"XX-9", case.ref.encode())


def test_open_cases_come_by_urgency_and_all_cases_by_age(browser: Browser) -> None:
    calm, urgent, answered = open_case("One"), open_case("P0 Two"), open_case("Three")
    Clock.objects.filter(case=answered).update(stopped_at=clock.now(), state="met")
    Case.objects.filter(pk=answered.pk).update(last_staff_at=clock.now())
    client = browser("lea")
    assert refs(client.get("/console/").content.decode()) == [urgent.ref, calm.ref, answered.ref]
    assert refs(client.get("/console/?view=all").content.decode()) == [answered.ref, urgent.ref, calm.ref]


def test_a_rows_place_is_told_with_its_reason(browser: Browser) -> None:
    calm, urgent, waiting = open_case("One"), open_case("P0 Two"), open_case("Three")
    Case.objects.filter(pk=waiting.pk).update(state="waiting_customer")
    page = browser("lea").get("/console/").content.decode()
    for case, words in (
        (urgent, "1st of Power Omni. It is a P0"),
        (calm, "2nd of Power Omni. It has a due time"),
        (waiting, "3rd of Power Omni. It waits for the customer"),
    ):
        tip = page.split(f'id="why-{case.ref}">')[1].split("</span>")[0]
        assert tip.startswith(words)
        assert f'aria-describedby="why-{case.ref}"' in page
    assert "2nd of Power Omni" in browser("lea").get(f"/console/cases/{calm.ref}").content.decode()
    assert "in the queue" not in browser("lea").get("/console/?view=all").content.decode()


def test_a_restricted_case_is_a_stub_outside_the_security_role(browser: Browser) -> None:
    """D22: reference, assignee and clock; not its title, nor what was said."""
    case, other = open_case("P0 A stolen password"), open_case("Another matter")
    Case.objects.filter(pk=case.pk).update(is_restricted=True)
    lea = browser("lea")
    for address in ("/console/", "/console/?view=all", "/console/attention", f"/console/cases/{other.ref}"):
        page = lea.get(address).content.decode()
        assert "stolen password" not in page
        assert case.ref in page
    page = lea.get(f"/console/cases/{case.ref}").content.decode()
    assert "stolen password" not in page and "due in" in page and "security role" in page
    with nothing_changes():
        for path, form in (("", {"text": "Hello"}), ("/act", {"act": "take"})):
            answer = lea.post(f"/console/cases/{case.ref}{path}", form)
            assert answer.status_code == 403
            assert "stolen password" not in answer.content.decode()
    services.do_put_staff(id="lea", roles=["lead", "security"], actor=ACTOR, now=clock.now())
    assert "stolen password" in lea.get("/console/").content.decode()
    assert "stolen password" in lea.get(f"/console/cases/{case.ref}").content.decode()


def test_a_closed_case_is_only_among_all(browser: Browser) -> None:
    case = open_case()
    Case.objects.filter(pk=case.pk).update(state="closed")
    client = browser("lea")
    assert "Nothing is open" in client.get("/console/").content.decode()
    assert refs(client.get("/console/?view=all").content.decode()) == [case.ref]
    assert "nothing more can be said" in client.get(f"/console/cases/{case.ref}").content.decode()


def test_the_address_narrows_to_a_workspace(browser: Browser) -> None:
    here, there = open_case(), open_case("Elsewhere", "acme", "olga")
    client = browser("lea")
    assert refs(client.get("/console/?workspace=acme").content.decode()) == [there.ref]
    assert refs(client.get("/console/?view=all&workspace=beta").content.decode()) == [here.ref]
    assert "no open cases of “nobody”" in client.get("/console/?workspace=nobody").content.decode()


def test_pages_hold_every_case_once(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from roomdesk.cases import worklist

    made = [open_case(f"Number {number}").ref for number in range(7)]
    # Three share one due time, two have none: the key of a page must tell them apart.
    Clock.objects.filter(case__ref__in=made[:3]).update(due_at=clock.now() + timedelta(hours=1))
    Clock.objects.filter(case__ref__in=made[3:5]).update(due_at=None)
    monkeypatch.setattr(worklist.worklist, "__kwdefaults__", {**(worklist.worklist.__kwdefaults__ or {}), "limit": 2})
    client = browser("lea")
    for view in ("open", "all"):
        assert sorted(walked(client, f"/console/?view={view}")) == sorted(made)


def walked(client: Client, address: str) -> list[str]:
    """References on this page and all that follow it."""
    seen: list[str] = []
    while address:
        page = client.get(address).content.decode()
        seen += refs(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = html.unescape(following[1]) if following else ""
    return seen


def test_a_page_key_that_makes_no_sense_is_no_error(browser: Browser) -> None:
    client = browser("lea")
    for after in ("x", "~", "~x", "2026~1", "2026-01-01T00:00:00~5", "9" * 40, "\0", "²"):
        for view in ("open", "all", "other"):
            assert client.get("/console/", {"after": after, "view": view, "workspace": "\0"}).status_code == 200


def test_many_cases_and_messages_cost_as_many_queries_as_few(browser: Browser) -> None:
    case, client = open_case(), browser("lea")
    addresses = (
        "/console/",
        "/console/?view=all",
        f"/console/cases/{case.ref}",
        "/console/attention",
        "/console/reports?months=12",
        "/console/reports/responses",
        "/console/reports/backlog",
        "/console/reports/workload",
        "/console/reports/cases?report=backlog&figure=all",
        "/console/workspaces",
        "/console/workspaces/beta",
        "/console/products",
        "/console/products/power-omni",
        "/console/health",
    )
    few = {address: queries_of(client, address) for address in addresses}
    for number in range(5):
        open_case(f"P0 Another {number}")
        client.post(f"/console/cases/{case.ref}", {"text": f"Answer {number}"})
    for address in addresses:
        assert len(queries_of(client, address)) <= len(few[address]) <= BOUND, few[address]


#: The dearest page is a case with all its forms.
BOUND = 37


def queries_of(client: Client, address: str, **headers: str) -> list[str]:
    client.get(address, headers=headers)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address, headers=headers).status_code == 200
    return [query["sql"] for query in caught if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_a_page_that_was_told_it_is_behind_gets_what_follows_the_case_and_no_more(browser: Browser) -> None:
    case, client = open_case("The export stops at half. We tried to restart it."), browser("lea")
    address = f"/console/cases/{case.ref}"
    open_case("P0 Another one")
    with clock.frozen(clock.now()):
        whole = client.get(address)
        talk, rest = (client.get(address, headers={"desk-again": part}) for part in ("talk", "rest"))
        many, few = (len(queries_of(client, address, **more)) for more in ({}, {"desk-again": "talk"}))
    assert [one.headers.get("desk-part") for one in (whole, talk, rest)] == [None, "talk", "rest"]
    _same_parts(talk.content.decode(), whole.content.decode(), "timeline", "presence")
    ids = ("now", "urgent", "attention-count", "clocks", "report", "facts")
    _same_parts(rest.content.decode(), whole.content.decode(), *ids)
    assert few <= 13 and few <= many - 20, (few, many)


def _same_parts(part: str, whole: str, *ids: str) -> None:
    """These live parts and no others, as the whole page has them; nothing to write or to choose."""
    assert re.findall(r'id="([a-z-]+)"[^>]* data-live', part) == list(ids)
    starts = [part.rindex("<", 0, part.index(f'id="{one}"')) for one in ids]
    cut = [part[begin:end].strip() for begin, end in zip(starts, [*starts[1:], len(part)], strict=True)]
    assert [one for one in cut if one not in whole] == []
    assert "<form" not in part and len(part) < len(whole) / 3


def test_of_a_long_conversation_it_gets_the_end_and_what_was_changed_lately(browser: Browser) -> None:
    case, client, now = open_case("The first one"), browser("lea"), clock.now()
    for number in range(30):
        writing.do_say(ref=case.ref, author="oto", text=f"Word {number}", channel="form", actor=ACTOR, now=now)
    Message.objects.update(recorded_at=now - timedelta(minutes=11))
    edited, removed, late = Message.objects.order_by("pk")[1:4]
    Message.objects.filter(pk=edited.pk).update(edited_at=now, edited_body="Other words")
    Message.objects.filter(pk=removed.pk).update(redacted_at=now, redacted_by="oto")
    Message.objects.filter(pk=late.pk).update(recorded_at=now)
    with clock.frozen(now):
        again = client.get(f"/console/cases/{case.ref}", headers={"desk-again": "talk"}).content.decode()
    entries = list(Message.objects.order_by("pk"))
    expected = [edited, removed, late, *entries[-worklist.TAIL :]]
    assert re.findall(r'class="entry [a-z]+" id="m-(\d+)"', again) == [str(one.pk) for one in expected]
    assert 'data-grows="31"' in again and "Other words" in again and "Word 1<" not in again


def test_who_says_how_the_page_stood_gets_what_was_written_since(browser: Browser) -> None:
    case, client, now = open_case("The first one"), browser("lea"), clock.now()
    for number in range(30):
        writing.do_say(ref=case.ref, author="oto", text=f"Word {number}", channel="form", actor=ACTOR, now=now)
    Message.objects.update(recorded_at=now - timedelta(minutes=2))
    edited = Message.objects.order_by("pk")[1]
    Message.objects.filter(pk=edited.pk).update(edited_at=now, edited_body="Other words")
    address, ago = f"/console/cases/{case.ref}", now - timedelta(minutes=1)
    with clock.frozen(now):
        first = client.get(address, headers={"desk-again": "talk"})
        since = client.get(address, headers={"desk-again": "talk", "desk-stood": ago.isoformat()})
        wrong = [
            client.get(address, headers={"desk-again": "talk", "desk-stood": said})
            for said in ("yesterday", "2026-01-01")
        ]
    assert first["Desk-Stood"] == since["Desk-Stood"] == now.isoformat()
    last = list(Message.objects.order_by("pk"))[-worklist.TAIL_SINCE :]
    assert _told(since) == [str(one.pk) for one in (edited, *last)]
    assert len(_told(first)) == 31 and [_told(one) for one in wrong] == [_told(first)] * 2


def _told(answer: HttpResponse) -> list[str]:
    return re.findall(r'class="entry [a-z]+" id="m-(\d+)"', answer.content.decode())


def test_a_case_tells_its_head_its_clock_and_why(browser: Browser) -> None:
    case = open_case("P0 Nothing works\nreally nothing")
    page = browser("lea").get(f"/console/cases/{case.ref}").content.decode()
    for words in (
        "P0 Nothing works",
        "really nothing",
        "Oto",
        "owner",
        "Enterprise",
        "Critical",
        "First response",
        "due in",
        "why?",
        "New",
    ):
        assert words in page, words
    assert "by version 1 of power-omni" in page


def test_what_customers_write_is_only_text(browser: Browser) -> None:
    case = open_case("<script>alert(1)</script><b>bold</b>")
    for path in ("/console/", f"/console/cases/{case.ref}"):
        page = browser("lea").get(path).content.decode()
        assert "<script>alert" not in page and "<b>bold" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_a_message_that_was_removed_or_edited_says_so(browser: Browser) -> None:
    case = open_case("Secret words")
    client, address, now = browser("lea"), f"/console/cases/{case.ref}", clock.now()
    Message.objects.update(edited_at=now, edited_body="Better words")
    page = client.get(address).content.decode()
    assert "Better words" in page and "edited" in page
    Message.objects.update(redacted_at=now, redacted_by="somebody")
    page = client.get(address).content.decode()
    assert "Better words" not in page and "removed" in page


def test_a_p0_that_nobody_answered_stands_above_every_page(browser: Browser) -> None:
    quiet, urgent = open_case("A question"), open_case("P0 All is down")
    client = browser("lea")
    for path in ("/console/", f"/console/cases/{quiet.ref}"):
        assert "nobody has answered yet" in client.get(path).content.decode()
    client.post(f"/console/cases/{urgent.ref}", {"text": "I am on it."})
    assert "nobody has answered yet" not in client.get("/console/").content.decode()


def test_pages_are_never_kept_by_the_browser(browser: Browser) -> None:
    assert "no-store" in browser("lea").get("/console/")["Cache-Control"]


def test_what_people_are_in_a_room_is_told_in_words() -> None:
    words = {"account_manager_here": "account manager", "engineer": "engineer", "owner": "owner", "admin": "admin"}
    assert {role: present.role_words(role) for role in words} == words
