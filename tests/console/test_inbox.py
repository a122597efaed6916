"""The inbox: views with their counts, what narrows them, kept views, several cases at once with a way back, and who else is there."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from roomdesk.audit.models import Entry
from roomdesk.cases.models import Case, Presence, SavedView
from roomdesk.clocks.models import Clock
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.console.conftest import open_case
from tests.console.test_pages import queries_of, refs

Browser = Callable[[str | None], Client]


def shown(client: Client, address: str) -> list[str]:
    return refs(client.get(address).content.decode())


def counted(page: str) -> dict[str, str]:
    """The menu of views: words and count."""
    menu = page.split('id="views"')[1].split("</nav>")[0]
    found = re.findall(r'<a href="[^"]*"[^>]*>([^<]+?) <span class="count">([^<]*)</span>', menu)
    return dict(found)


def test_each_view_shows_its_cases_and_counts_them(browser: Browser) -> None:
    now = clock.now()
    mine, urgent, late, soon, waiting = (open_case(text) for text in ("Mine", "P0 Down", "Late", "Soon", "Waits"))
    Case.objects.filter(pk=mine.pk).update(assignee=browser("lea") and open_case_owner())
    Case.objects.filter(pk=waiting.pk).update(state="waiting_customer")
    Clock.objects.filter(case=late).update(due_at=now - timedelta(minutes=5))
    Clock.objects.filter(case=soon).update(told=75)
    Clock.objects.filter(case=waiting).update(due_at=now - timedelta(hours=1), paused_at=now)
    Case.objects.filter(pk=open_case("Closed").pk).update(state="closed")
    client = browser("lea")
    wanted = {
        "mine": [mine.ref],
        "unassigned": sorted([urgent.ref, late.ref, soon.ref, waiting.ref]),
        "soon": [soon.ref],
        "late": [late.ref],
        "p0": [urgent.ref],
        "waiting": [waiting.ref],
        "open": sorted([mine.ref, urgent.ref, late.ref, soon.ref, waiting.ref]),
    }
    assert {view: sorted(shown(client, f"/console/?view={view}")) for view in wanted} == wanted
    page = client.get("/console/").content.decode()
    assert counted(page) == {
        "Open": "5",
        "My cases": "1",
        "Unassigned": "4",
        "Due soon": "1",
        "Breached": "1",
        "P0": "1",
        "Waiting": "1",
        "All": "",
    }


def open_case_owner() -> object:
    from roomdesk.directory.models import Person

    return Person.objects.get(slug="lea")


def test_what_narrows_a_view_stands_in_the_address_and_goes_one_by_one(browser: Browser) -> None:
    here, there = open_case("P0 Here"), open_case("There", "acme", "olga")
    client = browser("lea")
    assert shown(client, "/console/?product=bos") == [there.ref]
    assert shown(client, f"/console/?severity={here.severity}&workspace=beta") == [here.ref]
    assert shown(client, "/console/?assignee=ivan") == []
    page = client.get(f"/console/?view=all&workspace=beta&severity={here.severity}").content.decode()
    chips = page.split('class="chips"')[1].split("</ul>")[0]
    assert re.findall(r'href="([^"]+)"', html.unescape(chips)) == [
        f"/console/?view=all&severity={here.severity}",
        "/console/?view=all&workspace=beta",
    ]
    # Opened from there, a case leads back to there.
    assert f'href="/console/cases/{here.ref}?view=all&amp;workspace=beta' in page
    case = client.get(f"/console/cases/{here.ref}?view=all&workspace=beta").content.decode()
    assert 'href="/console/?view=all&amp;workspace=beta" data-key="u">← All cases' in case


def test_counts_and_views_are_of_what_is_the_readers_to_see(browser: Browser) -> None:
    open_case("P0 Elsewhere", "acme", "olga")
    page = browser("tiago").get("/console/?view=p0").content.decode()
    assert refs(page) == [] and counted(page)["P0"] == counted(page)["Open"] == "0"
    assert "There is no P0." in page


def test_the_inbox_costs_as_many_queries_for_many_cases_as_for_few(browser: Browser) -> None:
    client = browser("lea")
    open_case()
    few = {view: len(queries_of(client, f"/console/?view={view}")) for view in ("open", "mine", "late", "all")}
    for number in range(6):
        open_case(f"Another {number}")
    for view, count in few.items():
        assert len(queries_of(client, f"/console/?view={view}")) <= count <= 26, view


def bulk(client: Client, act: str, *cases: Case, **given: str) -> str:
    """Presses a button for these cases and gives the page that follows."""
    answer = client.post("/console/bulk", {"act": act, "refs": [case.ref for case in cases], **given}, follow=True)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def assignees(*cases: Case) -> list[str | None]:
    return [Case.objects.get(pk=case.pk).assignee and Case.objects.get(pk=case.pk).assignee.slug for case in cases]  # type: ignore[union-attr]


def test_several_cases_are_taken_at_once_and_given_back(browser: Browser) -> None:
    one, two, theirs = open_case("One"), open_case("Two"), open_case("Three")
    client = browser("tiago")
    client.post("/console/bulk", {"act": "assign", "refs": [two.ref], "assignee": "lea"})
    page = bulk(client, "take", one, two)
    assert assignees(one, two, theirs) == ["tiago", "tiago", None]
    assert "2 cases were assigned to you." in page and "Take it back" in page
    page = html.unescape(client.post("/console/undo", {"back": "/console/?view=mine"}, follow=True).content.decode())
    assert assignees(one, two, theirs) == [None, "lea", None]
    assert "2 cases were taken back" in page and "Take it back" not in page
    with nothing_changes():
        assert "nothing to take back" in client.post("/console/undo", follow=True).content.decode()


def test_what_somebody_changed_since_is_not_taken_back(browser: Browser) -> None:
    one, two = open_case("One"), open_case("Two")
    client = browser("tiago")
    bulk(client, "take", one, two)
    browser("lea").post("/console/bulk", {"act": "take", "refs": [two.ref]})
    page = html.unescape(client.post("/console/undo", follow=True).content.decode())
    assert assignees(one, two) == [None, "lea"]
    assert f"{two.ref} was changed by somebody since; it stays as it is." in page


def test_what_one_case_refuses_keeps_none_of_the_others(browser: Browser) -> None:
    here, elsewhere = open_case("P0 One"), open_case("Another product", "acme", "olga")
    client = browser("tiago")
    page = bulk(client, "snooze", here, elsewhere, hours="4")
    assert Case.objects.get(pk=here.pk).snoozed_until is not None
    assert Case.objects.get(pk=elsewhere.pk).snoozed_until is None
    assert f'There is no case "{elsewhere.ref}"' in page and f"{here.ref} was snoozed for 4 hours." in page


@pytest.mark.parametrize(
    ("act", "given", "sentence"),
    [
        ("nothing", {}, "This page has no such button"),
        ("snooze", {"hours": "999"}, "Choose for how long."),
        ("severity", {"severity": ""}, "Choose a severity."),
    ],
)
def test_what_is_no_act_changes_nothing(browser: Browser, act: str, given: dict[str, str], sentence: str) -> None:
    case = open_case()
    client = browser("tiago")
    with nothing_changes():
        assert sentence in bulk(client, act, case, **given)
        assert "Choose one to 100 cases." in bulk(client, "take")


def test_the_way_back_leads_to_our_pages_only(browser: Browser) -> None:
    for back in ("https://elsewhere.example/", "//elsewhere.example/console/", "/accounts/logout/", ""):
        answer = browser("tiago").post("/console/bulk", {"act": "take", "back": back})
        assert answer["Location"] == "/console/", back


def test_one_cases_act_is_taken_back_from_its_page(browser: Browser) -> None:
    case, client = open_case("P0 One"), browser("tiago")
    client.post(f"/console/cases/{case.ref}/act", {"act": "take", "key": "k1"})
    assert "Take it back" in client.get(f"/console/cases/{case.ref}").content.decode()
    client.post("/console/undo", {"back": f"/console/cases/{case.ref}"})
    assert assignees(case) == [None]


def test_a_view_is_kept_under_a_name_shared_and_removed(browser: Browser) -> None:
    tiago, lea = browser("tiago"), browser("lea")
    tiago.post("/console/views", {"name": "  Late  Pro ", "view": "late", "severity": "high"})
    tiago.post("/console/views", {"name": "Ours", "view": "waiting", "shared": "yes"})
    page = tiago.get("/console/").content.decode()
    assert 'href="/console/?view=late&amp;severity=high">Late Pro' in page and ">Ours" in page
    page = lea.get("/console/").content.decode()
    assert "Late Pro" not in page and ">Ours" in page
    with nothing_changes():
        for given in ({"name": " "}, {"name": "Ours", "view": "late"}, {"name": "x" * 61}):
            tiago.post("/console/views", given)
        lea.post("/console/views", {"remove": str(SavedView.objects.get(name="Ours").pk)})
    assert {"view.saved"} == set(Entry.objects.filter(subject__startswith="view:").values_list("action", flat=True))
    tiago.post("/console/views", {"remove": str(SavedView.objects.get(name="Ours").pk)})
    assert [one.name for one in SavedView.objects.all()] == ["Late Pro"]


def test_a_case_is_found_by_its_reference_or_title_within_what_is_the_readers(browser: Browser) -> None:
    case, secret = open_case("The tangerines are gone"), open_case("Tangerines were stolen")
    Case.objects.filter(pk=secret.pk).update(is_restricted=True)
    number = case.ref.split("-")[1]
    for asked in ("tangerine", case.ref.lower(), number):
        assert case.ref in browser("lea").get("/console/find", {"q": asked}).content.decode()
    assert secret.ref not in browser("lea").get("/console/find", {"q": "tangerine"}).content.decode()
    assert case.ref not in browser("ivan").get("/console/find", {"q": "tangerine"}).content.decode()
    assert browser("lea").get("/console/find", {"q": "t"}).content.decode().strip() == ""


def test_who_writes_is_told_to_others_and_asked_before_they_send(browser: Browser) -> None:
    case, tiago, lea = open_case(), browser("tiago"), browser("lea")
    page = f"/console/cases/{case.ref}"
    tiago.post(f"{page}/presence", {"is": "here"})
    assert "Tiago is looking at this case" in lea.get(page).content.decode().replace("tiago", "Tiago")
    tiago.post(f"{page}/presence", {"is": "writing"})
    told = lea.get(page).content.decode().replace("tiago", "Tiago")
    assert "Tiago is writing an answer just now" in told
    assert "is writing an answer" not in tiago.get(page).content.decode()
    with nothing_changes():
        answer = lea.post(page, {"text": "Mine", "key": "one"})
    assert answer.status_code == 409
    drawn = answer.content.decode()
    assert "Send mine anyway" in drawn and ">\nMine</textarea>" in drawn
    assert lea.post(page, {"text": "Mine", "key": "one", "anyway": "yes"}).status_code == 302
    assert Message.objects.filter(body="Mine").count() == 1
    # A note goes to nobody else, and is asked about by nobody.
    assert lea.post(f"{page}/act", {"act": "note", "text": "Inside", "key": "n"}).status_code == 302
    tiago.post(f"{page}/presence", {"is": "gone"})
    assert lea.post(page, {"text": "Again", "key": "two"}).status_code == 302


def test_presence_is_believed_for_a_while_only(browser: Browser) -> None:
    case, lea = open_case(), browser("lea")
    browser("tiago").post(f"/console/cases/{case.ref}/presence", {"is": "writing"})
    Presence.objects.update(writes_until=clock.now() - timedelta(seconds=1))
    assert lea.post(f"/console/cases/{case.ref}", {"text": "Mine", "key": "k"}).status_code == 302
    Presence.objects.update(here_until=clock.now() - timedelta(seconds=1))
    assert "looking at this case" not in lea.get(f"/console/cases/{case.ref}").content.decode()


def test_no_customer_hears_of_notes_or_presence(browser: Browser) -> None:
    case = open_case()
    browser("tiago").post(f"/console/cases/{case.ref}/presence", {"is": "writing"})
    page = browser("oto").get(f"/portal/beta/cases/{case.ref}").content.decode()
    assert "writing an answer" not in page and "looking at" not in page
