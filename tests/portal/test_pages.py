"""What the people of a workspace find on their pages, and that it costs the same for much as for little."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roomdesk.cases import changing
from roomdesk.cases.changing import Change
from roomdesk.cases.models import Case
from roomdesk.directory import services
from roomdesk.directory.models import AccessRequest, Membership, Workspace
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import File, Message
from roomdesk.rooms import inside
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.flow.world import ACTOR, EVERYONE, IVAN, OLGA, message, room, store
from tests.portal import scene
from tests.portal.conftest import Browser
from tests.portal.scene import ANSWER, FILE, SAID
from tests.search.talk import work_off


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content
    return str(answer.content.decode())


def words(text: str) -> str:
    """The page as it reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.mark.part_of("R07")
def test_the_support_page_leads_into_the_room_in_a_new_tab(browser: Browser) -> None:
    text = page(browser("mira"), "/portal/acme/")
    link = re.search(
        r'<a class="button large" href="([^"]+)" target="_blank" rel="noopener">Open Matrix room</a>', text
    )
    assert link and link[1].endswith("/chat/acme")
    menu = re.search(r'<a href="([^"]+)" target="_blank" rel="noopener">Open Matrix room</a>', text)
    assert menu and menu[1] == "/chat/acme/open"
    assert browser("mira").get(menu[1])["Location"] == link[1]


def test_the_support_page_says_what_to_expect_of_ones_own_tier_only(browser: Browser) -> None:
    """Acme is starter; what is not public is told to nobody. Tuesday is a public holiday of the office."""
    text = words(page(browser("olga"), "/portal/acme/"))
    assert (
        "Critical production down for your team First answer: 1 business day ; asked now, until Wednesday 10:15" in text
    )
    assert "First answer: 5+ business days" in text
    assert "4 business hours" not in text and "Next update" not in text
    assert "Urgency: does this block your business, or is it minor?" in text
    assert "What happened: Screenshot: Urgency:" in text, "a template to copy"
    assert "DPA or contract" in text and "Security concern" in text
    assert "Number in your contract" not in text


def test_a_way_to_us_without_an_address_says_where_it_stands(browser: Browser) -> None:
    """Cedar is enterprise: it may call, and its contract says where."""
    text = page(browser("olga"), "/portal/cedar/")
    assert "<dt>Phone</dt><dd>Number in your contract</dd>" in text
    assert "<dd></dd>" not in text


def test_the_support_page_says_who_is_in_the_room(browser: Browser) -> None:
    text = words(page(browser("mira"), "/portal/acme/"))
    inside = text.partition("In the room now")[2].partition("What to expect")[0]
    assert inside.split() == [
        "I",
        "Ivan",
        "support",
        "engineer",
        "O",
        "Olga",
        "owner",
        "A",
        "Asen",
        "admin",
        "M",
        "Mira",
        "member",
    ]


def test_open_requests_say_whose_turn_it_is(browser: Browser) -> None:
    case = scene.case_of("$said")
    text = words(page(browser("mira"), "/portal/acme/"))
    assert f"{case.ref} {SAID} Seen by us Your turn Normal First answer: met in" in text
    Case.objects.filter(pk=case.pk).update(last_customer_at=clock.now())
    assert "Our turn" in words(page(browser("mira"), "/portal/acme/"))


def test_a_person_of_several_workspaces_chooses(browser: Browser) -> None:
    text = page(browser("olga"), "/portal/")
    assert all(f'href="/portal/{slug}/"' in text for slug in ("acme", "birch", "cedar"))
    assert browser("mira").get("/portal/")["Location"] == "/portal/acme/"
    assert "You belong to no workspace yet" in page(browser("nikola"), "/portal/")


def test_home_is_where_one_belongs(browser: Browser) -> None:
    assert browser("ivan").get("/")["Location"] == "/console/"
    assert browser("olga").get("/")["Location"] == "/portal/"
    assert browser(None).get("/")["Location"] == "/accounts/login/?next=/"


@pytest.mark.part_of("R03")
def test_who_has_no_access_asks_and_withdraws_on_the_page(browser: Browser) -> None:
    client = browser("boyan")
    assert "Ask for access" in page(client, "/portal/acme/")
    for _ in range(2):
        assert client.post("/portal/acme/access")["Location"] == "/portal/acme/#access"
    assert AccessRequest.objects.get().person.slug == "boyan"
    assert "You have asked for access" in page(client, "/portal/acme/")
    for _ in range(2):
        client.post("/portal/acme/access", {"withdraw": "yes"})
    assert AccessRequest.objects.get().outcome == "withdrawn"
    assert "Ask for access" in page(client, "/portal/acme/")


@pytest.mark.part_of("R03")
def test_the_team_page_decides_in_one_click(browser: Browser) -> None:
    browser("boyan").post("/portal/acme/access")
    request, client = AccessRequest.objects.get(), browser("asen")
    text = page(client, "/portal/acme/team")
    assert f'name="approve" value="{request.pk}"' in text and f'name="decline" value="{request.pk}"' in text
    for _ in range(2):
        assert client.post("/portal/acme/team", {"approve": request.pk})["Location"] == "/portal/acme/team#people"
    assert Membership.objects.get(person__slug="boyan", valid_to=None).support_room_access
    text = page(client, "/portal/acme/team")
    assert "Nobody asks for access just now." in text and "Boyan: let in, Asen" in words(text)
    with nothing_changes():
        answer = client.post("/portal/acme/team", {"decline": request.pk})
    assert answer.status_code == 409 and "was approved by asen meanwhile" in answer.content.decode()


@pytest.mark.part_of("R03")
def test_owner_and_admins_switch_access_and_members_see_why_they_cannot(browser: Browser) -> None:
    assert 'name="on" value="boyan"' in page(browser("olga"), "/portal/acme/team")
    browser("olga").post("/portal/acme/team", {"off": "mira"})
    assert not Membership.objects.get(person__slug="mira", valid_to=None).support_room_access
    text = page(browser("mira"), "/portal/acme/team")
    assert "Only the owner and admins switch support room access." in text and 'name="on"' not in text
    with nothing_changes():
        answer = browser("mira").post("/portal/acme/team", {"on": "mira"})
    assert answer.status_code == 403
    assert "Only the owner and admins of the workspace decide" in answer.content.decode()


def test_a_request_is_read_without_notes_and_answered_once(browser: Browser) -> None:
    ref, client = scene.case_of("$said").ref, browser("mira")
    text = page(client, f"/portal/acme/cases/{ref}")
    assert SAID in text and ANSWER in text and "Internal" not in text
    key = re.search(r'name="key" value="([^"]+)"', text)
    assert key
    for _ in range(3):
        answer = client.post(f"/portal/acme/cases/{ref}", {"text": "  It is still wrong. ", "key": key[1]})
    said = Message.objects.get(author__slug="mira")
    assert (said.body, said.author_kind, said.channel) == ("It is still wrong.", "customer", "portal")
    assert answer["Location"] == f"/portal/acme/cases/{ref}#m-{said.pk}"
    assert "sending" in page(client, f"/portal/acme/cases/{ref}")


def test_an_answer_with_structure_is_drawn_as_a_room_draws_it(browser: Browser) -> None:
    drawn = "<p><strong>Done</strong>, see <code>log</code></p>"
    rich = {"format": "org.matrix.custom.html", "formatted_body": f"{drawn}<img src=x onerror=y>"}
    store(scene.in_thread("$rich", "$said", IVAN, "**Done**, see `log`", **rich))
    work_off()
    text = page(browser("mira"), f"/portal/acme/cases/{scene.case_of('$said').ref}")
    assert f'<div class="text rich" lang="">{drawn}</div>' in text
    assert "**Done**" not in text and "onerror" not in text


def test_an_empty_or_impossible_answer_is_refused_and_kept(browser: Browser) -> None:
    ref, client = scene.case_of("$said").ref, browser("mira")
    with nothing_changes():
        answer = client.post(f"/portal/acme/cases/{ref}", {"text": " ", "key": "k"})
    assert answer.status_code == 422 and "The text is empty" in answer.content.decode()
    scene.RoomMember.objects.filter(user_id__startswith="@mira:").update(membership="leave")
    with nothing_changes():
        answer = client.post(f"/portal/acme/cases/{ref}", {"text": "My <long> answer", "key": "k"})
    assert answer.status_code == 409
    assert "My &lt;long&gt; answer</textarea>" in answer.content.decode()


@pytest.mark.part_of("R09")
def test_files_are_listed_and_lead_to_their_request(browser: Browser) -> None:
    text = page(browser("mira"), "/portal/acme/files")
    file = File.objects.get(name=FILE)
    assert f'<a href="/portal/acme/files/{file.pk}" download>{FILE}</a>' in text
    assert "Olga" in text
    said = Message.objects.get(pk=file.message_id)
    Message.objects.filter(pk=said.pk).update(redacted_at=clock.now())
    assert FILE not in page(browser("mira"), "/portal/acme/files")


def test_search_finds_in_the_own_room_only(browser: Browser) -> None:
    assert "looking into the <mark>zephyr</mark>" in page(browser("mira"), "/portal/acme/search?q=zephyr")
    assert "Nothing was found" in page(browser("mira"), "/portal/acme/search?q=quinces")
    assert "Nothing was found" in page(browser("olga"), "/portal/acme/search?q=quinces")
    assert "<mark>quinces</mark>" in page(browser("olga"), "/portal/birch/search?q=quinces")
    text = page(browser("mira"), "/portal/acme/search?q=x+workspace:birch", 404)
    assert "not yours to see" in text


def test_a_product_without_rooms_has_a_support_page_too(browser: Browser) -> None:
    services.do_put_workspace(slug="semquarto", product="power-omni", actor=ACTOR, now=clock.now())
    for who, role in (("tina", "owner"), ("rui", "member")):
        services.do_put_member(workspace="semquarto", id=who, role=role, actor=ACTOR, now=clock.now())
    text = page(browser("tina"), "/portal/semquarto/")
    assert "Open Matrix room</a></p>" not in text
    assert browser("tina").get("/chat/semquarto").status_code == 404
    assert page(browser("tina"), "/portal/semquarto/team")
    assert "seen by its owner and admins" in page(browser("rui"), "/portal/semquarto/")
    assert browser("rui").post("/portal/semquarto/access").status_code == 409


def test_pages_hold_every_request_and_file_once(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from roomdesk.cases import for_customers

    for name in ("cases_page", "access_files"):
        known = getattr(for_customers, name).__kwdefaults__
        monkeypatch.setattr(getattr(for_customers, name), "__kwdefaults__", {**known, "limit": 2})
    for number in range(5):
        store(
            message(
                f"$many-{number}", room("acme"), OLGA, f"many-{number}.pdf", msgtype="m.file", url=f"mxc://x/{number}"
            )
        )
    work_off()
    visible = Case.objects.filter(workspace__slug="acme", is_restricted=False).exclude(state="merged")
    seen = walked(browser("mira"), "/portal/acme/cases?view=all", r'<span class="ref">([^<]+)<')
    assert sorted(seen) == sorted(visible.values_list("ref", flat=True))
    names = walked(browser("mira"), "/portal/acme/files", r"(many-\d\.pdf|export-zephyr\.pdf)(?:<| <)")
    assert sorted(names) == [FILE, *(f"many-{number}.pdf" for number in range(5))]


def walked(client: Client, address: str, pattern: str) -> list[str]:
    seen: list[str] = []
    while address:
        text = page(client, address)
        seen += re.findall(pattern, text)
        following = re.search(r'href="([^"]+)" rel="next"', text)
        address = following[1].replace("&amp;", "&") if following else ""
    return seen


@pytest.mark.parametrize("path", ["cases", "files", "search?q=zephyr", "cases?view=all"])
@pytest.mark.parametrize("after", ["x", "~", "9" * 40, "%00", "²", "-1"])
def test_a_page_key_that_makes_no_sense_is_no_error(browser: Browser, path: str, after: str) -> None:
    sign = "&" if "?" in path else "?"
    assert browser("mira").get(f"/portal/acme/{path}{sign}after={after}").status_code in (200, 422)


#: The dearest page is the room: who may read it, what is said with all that belongs to it, what waits for a word of theirs, and the mark that it is followed by.
BOUND = 23
PAGES = ("", "team", "cases", "cases?view=all", "cases/{ref}", "files", "search?q=zephyr")


def queries_of(client: Client, address: str) -> list[str]:
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in caught if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_much_costs_as_many_queries_as_little(browser: Browser) -> None:
    client, ref = browser("olga"), scene.case_of("$said").ref
    addresses = [*(f"/portal/acme/{path.format(ref=ref)}" for path in PAGES), "/portal/", "/chat/", "/chat/acme"]
    few = {address: queries_of(client, address) for address in addresses}
    _live_a_lot()
    for address in addresses:
        many = queries_of(client, address)
        assert len(many) <= len(few[address]) <= BOUND, (address, len(many), few[address])


def _live_a_lot() -> None:
    for number in range(6):
        person = f"new-{number}"
        services.do_put_member(
            workspace="acme", id=person, support_room_access=number > 2, actor=ACTOR, now=clock.now()
        )
        scene.inside("acme", person)
        store(message(f"$new-{number}", room("acme"), OLGA, f"P0 Another zephyr {number}"))
        store(
            scene.in_thread(
                f"$in-{number}",
                f"$new-{number}",
                OLGA,
                f"zephyr more {number}.txt",
                msgtype="m.file",
                url=f"mxc://y/{number}",
            )
        )
    work_off()
    assert Workspace.objects.get(slug="acme").memberships.count() >= 10
    assert OutboxRow.objects.count() > 0


def test_pages_are_never_kept_by_the_browser(browser: Browser) -> None:
    for address in ("/portal/", "/portal/acme/", "/portal/acme/team", "/chat/", "/chat/acme"):
        assert "no-store" in browser("olga").get(address)["Cache-Control"]


def test_times_are_in_the_customers_zone_and_language(browser: Browser) -> None:
    services.do_put_workspace(slug="acme", time_zone="America/Sao_Paulo", locale="bg", actor=ACTOR, now=clock.now())
    text = words(page(browser("mira"), "/portal/acme/"))
    assert "сряда 05:15" in text and "1 работен ден" in text
    assert clock.now() - scene.NOW < timedelta(seconds=1)


@pytest.mark.part_of("R07")
def test_a_chat_elsewhere_is_gone_to_from_a_page(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect after the sign-in form to another origin would be stopped by the page's own policy."""
    monkeypatch.setattr(inside, "settings", replace(inside.settings, chat_url="https://chat.test"))
    address = "https://chat.test/#/room/%21acme?via=roomdesk.localhost"
    assert f'href="{address}" target="_blank" rel="noopener">Open Matrix room' in page(browser("mira"), "/portal/acme/")
    text = page(browser("mira"), "/chat/acme/open")
    assert f'<meta http-equiv="refresh" content="0; url={address}">' in text


def test_a_message_in_the_room_leads_to_its_request(browser: Browser) -> None:
    message = Message.objects.get(external_id="$said")
    ref = scene.case_of("$said").ref
    for who, address in (("mira", f"/portal/acme/cases/{ref}"), ("ivan", f"/console/cases/{ref}")):
        assert f'href="{address}#m-{message.pk}">{ref}</a>' in page(browser(who), "/chat/acme")
        assert f'id="m-{message.pk}"' in page(browser(who), address)


@pytest.mark.part_of("R07")
def test_only_in_production_the_products_own_chat_is_meant(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "/chat/acme" in page(browser("mira"), "/portal/acme/")
    monkeypatch.setattr(inside, "settings", replace(inside.settings, mode="production"))
    assert 'href="https://chat.planapulse.com/#/room/' in page(browser("mira"), "/portal/acme/")


def test_a_resolution_is_rated_with_one_button_and_staff_see_it(browser: Browser) -> None:
    ref, olga = scene.case_of("$said").ref, browser("olga")
    where = f"/portal/acme/cases/{ref}"
    assert "Were you helped?" not in olga.get(where).content.decode()
    fixed = Change(state="resolved", fix="Restarted it", root_cause="A full disk")
    changing.do_change(EVERYONE, ref, fixed, author="ivan", actor=ACTOR, now=clock.now())
    assert "Were you helped?" in olga.get(where).content.decode()
    with nothing_changes():
        assert olga.post(f"{where}/rate", {"score": "great"}).status_code == 422
    assert olga.post(f"{where}/rate", {"score": "bad"})["Location"] == f"{where}#rate"
    page = olga.get(where).content.decode()
    assert 'value="bad" aria-pressed="true"' in page and 'value="good" aria-pressed="false"' in page
    assert (
        "<dt>Customer says</dt><dd>👎 not helped</dd>" in browser("ivan").get(f"/console/cases/{ref}").content.decode()
    )
    olga.post(f"{where}/rate", {"score": "good"})
    page = olga.get(where).content.decode()
    assert "Closed" in page and 'id="composer"' in page, "their word opens it again, so there is where to write it"
    with clock.frozen(clock.now() + timedelta(days=60)):
        assert 'id="composer"' not in browser("olga").get(where).content.decode()
