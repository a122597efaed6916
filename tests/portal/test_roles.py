"""Every page of the portal and the chat against everybody who can ask for it; an address without a row fails here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import URLPattern

from roomdesk.directory import services
from roomdesk.record.models import File
from roomdesk.web.chat import urls as chat
from roomdesk.web.portal import urls as portal
from tests.cases_api.place import nothing_changes
from tests.flow.world import ACTOR
from tests.portal import scene
from tests.portal.conftest import Browser
from tests.portal.scene import ANSWER, ASKED, FILE, NOTE, PEOPLE, SAID, SECRET, THEIRS

pytestmark = pytest.mark.part_of("R08", "R09", "R10")
ROLES = tuple(PEOPLE)


@dataclass(frozen=True)
class Page:
    """Statuses by role, in the order of `ROLES`: owner, admin, access, member, other, outsider, staff, nobody."""

    address: str
    statuses: tuple[int, ...]
    form: dict[str, str] | None = None


_ALL = (200, 200, 200, 200, 404, 404, 404, 302)
_READERS = (200, 200, 200, 404, 404, 404, 404, 302)
TABLE: dict[str, list[Page]] = {
    "portal:index": [Page("/portal/", (200, 200, 302, 302, 302, 200, 200, 302))],
    "portal:support": [Page("/portal/acme/", _ALL)],
    "portal:access": [Page("/portal/acme/access", (409, 409, 409, 302, 404, 404, 404, 302), {"ask": "yes"})],
    "portal:team": [
        Page("/portal/acme/team", _ALL),
        Page("/portal/acme/team", (302, 302, 403, 403, 404, 404, 404, 302), {"on": "boyan"}),
        Page("/portal/acme/team", (302, 302, 403, 403, 404, 404, 404, 302), {"off": "mira"}),
        Page("/portal/acme/team", (422, 422, 422, 422, 404, 404, 404, 302), {"nothing": "known"}),
    ],
    "portal:cases": [Page("/portal/acme/cases", _ALL), Page("/portal/acme/cases?view=all", _ALL)],
    "portal:new_request": [
        Page("/portal/acme/new", _READERS),
        Page("/portal/acme/new", (422, 422, 422, 404, 404, 404, 404, 302), {"summary": ""}),
    ],
    "portal:case": [
        Page("/portal/acme/cases/{ref}", _READERS),
        Page("/portal/acme/cases/{ref}", (302, 302, 302, 404, 404, 404, 404, 302), {"text": "More of it", "key": "k"}),
        Page("/portal/acme/cases/{secret}", (404, 404, 404, 404, 404, 404, 404, 302)),
        Page("/portal/acme/cases/{theirs}", (404, 404, 404, 404, 404, 404, 404, 302)),
    ],
    "portal:rate": [
        Page("/portal/acme/cases/{ref}/rate", (409, 409, 409, 404, 404, 404, 404, 302), {"score": "good"}),
        Page("/portal/acme/cases/{secret}/rate", (404, 404, 404, 404, 404, 404, 404, 302), {"score": "good"}),
    ],
    "portal:p0": [
        Page("/portal/acme/p0", _READERS),
        Page("/portal/acme/p0", (404, 404, 403, 404, 404, 404, 404, 302), {"number": "1", "text": "It was one"}),
    ],
    "portal:consents": [Page("/portal/acme/consents", _READERS)],
    "portal:consent": [
        Page("/portal/acme/consents/{consent}", _READERS),
        # Without a fresh sign-in everybody who may read it is led to one, and nothing is agreed to.
        Page(
            "/portal/acme/consents/{consent}", (302, 302, 302, 404, 404, 404, 404, 302), {"text": "yes, replace prod"}
        ),
        Page("/portal/acme/consents/{foreign}", (404, 404, 404, 404, 404, 404, 404, 302)),
    ],
    "portal:search": [Page("/portal/acme/search", _ALL), Page("/portal/acme/search?q=zephyr", _ALL)],
    "portal:files": [Page("/portal/acme/files", _ALL)],
    "portal:file": [Page("/portal/acme/files/{file}", (409, 409, 409, 404, 404, 404, 404, 302))],
    "chat:index": [Page("/chat/", (200, 200, 302, 200, 302, 200, 200, 302))],
    "chat:room": [
        Page("/chat/acme", (200, 200, 200, 404, 404, 404, 200, 302)),
        Page("/chat/acme?thread={said}", (200, 200, 200, 404, 404, 404, 200, 302)),
        Page("/chat/acme?thread=999999", (404, 404, 404, 404, 404, 404, 404, 302)),
        Page("/chat/acme?at={said}", (200, 200, 200, 404, 404, 404, 200, 302)),
        Page("/chat/acme?at={foreign_message}", (404, 404, 404, 404, 404, 404, 404, 302)),
        Page("/chat/acme?reply={foreign_message}", (404, 404, 404, 404, 404, 404, 404, 302)),
        Page("/chat/acme", (302, 302, 302, 404, 404, 404, 302, 302), {"text": "Hello", "key": "k"}),
        Page("/chat/acme", (302, 302, 302, 404, 404, 404, 302, 302), {"react": "{said}:👍"}),
        Page("/chat/acme", (404, 404, 404, 404, 404, 404, 404, 302), {"react": "{foreign_message}:👍"}),
        Page("/chat/acme", (404, 404, 404, 404, 404, 404, 404, 302), {"edit": "{foreign_message}", "text": "Mine"}),
        # Olga's words are hers alone.
        Page("/chat/acme", (302, 403, 403, 404, 404, 404, 403, 302), {"edit": "{said}", "text": "Mended", "key": "e"}),
    ],
    "chat:search": [
        Page("/chat/acme/search", (200, 200, 200, 404, 404, 404, 200, 302)),
        Page("/chat/acme/search?q=zephyr", (200, 200, 200, 404, 404, 404, 200, 302)),
    ],
    "chat:signs": [
        Page("/chat/acme/signs", (204, 204, 204, 404, 404, 404, 204, 302), {"read": "{said}", "is": "writing"}),
        Page("/chat/acme/signs", (404, 404, 404, 404, 404, 404, 404, 302), {"read": "{foreign_message}"}),
    ],
    "chat:open": [Page("/chat/acme/open", (302, 302, 302, 404, 404, 404, 302, 302))],
}


def filled(address: str) -> str:
    return address.format(
        ref=scene.case_of("$said").ref,
        secret=scene.case_of("$secret").ref,
        theirs=scene.case_of("$theirs").ref,
        file=File.objects.get(name=FILE).pk,
        consent=scene.consent_of("acme").ref,
        foreign=scene.consent_of("birch").ref,
        said=scene.Message.objects.get(external_id="$said").pk,
        foreign_message=scene.Message.objects.get(external_id="$theirs").pk,
    )


def ask(browser: Browser, role: str, page: Page) -> Any:
    client, address = browser(PEOPLE[role]), filled(page.address)
    if page.form is None:
        return client.get(address)
    return client.post(address, {name: filled(value) for name, value in page.form.items()})


def test_every_address_has_a_row() -> None:
    patterns = [
        f"{module.app_name}:{p.name}"
        for module in (portal, chat)
        for p in module.urlpatterns
        if isinstance(p, URLPattern)
    ]
    assert sorted(patterns) == sorted(TABLE)
    assert all(len(page.statuses) == len(ROLES) for pages in TABLE.values() for page in pages)


@pytest.mark.parametrize("name", TABLE)
def test_each_page_opens_for_those_of_the_table_and_nobody_else(browser: Browser, name: str) -> None:
    for page in TABLE[name]:
        if name == "portal:file":
            File.objects.update(state=File.State.WAITING)
        for role, status in zip(ROLES, page.statuses, strict=True):
            answer = ask(browser, role, page)
            assert answer.status_code == status, (name, page, role, answer.status_code)
            if role == "nobody":
                assert answer["Location"].startswith("/accounts/login/?next=/"), (name, role)
            if status == 404 or (status == 403 and role in ("member", "other", "outsider")):
                text = answer.content.decode()
                assert not any(words in text for words in (SAID, ANSWER, NOTE, SECRET, THEIRS, FILE))


@pytest.mark.parametrize("name", TABLE)
def test_a_workspace_that_is_not_there_and_one_that_is_not_theirs_get_the_same_answer(
    browser: Browser, name: str
) -> None:
    for page in TABLE[name]:
        if "acme" not in page.address:
            continue
        for role in ("other", "outsider"):
            there = ask(browser, role, page)
            gone = browser(PEOPLE[role])
            address = filled(page.address).replace("acme", "nothing")
            form = {name: filled(value) for name, value in (page.form or {}).items()}
            answer = gone.get(address) if page.form is None else gone.post(address, form)
            assert (answer.status_code, _plain(answer)) == (there.status_code, _plain(there)), (name, role)


def _plain(answer: Any) -> str:
    import re

    return re.sub(r'csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())


@pytest.mark.parametrize("name", TABLE)
def test_a_refused_form_changes_nothing(browser: Browser, name: str) -> None:
    for page in TABLE[name]:
        for role, status in zip(ROLES, page.statuses, strict=True):
            if page.form is not None and (status >= 400 or role == "nobody"):
                with nothing_changes():
                    ask(browser, role, page)


def test_who_has_no_access_reads_nothing_of_the_room_anywhere(browser: Browser) -> None:
    for pages in TABLE.values():
        for page in pages:
            if page.form is None:
                text = ask(browser, "member", page).content.decode()
                assert not any(words in text for words in (SAID, ANSWER, NOTE, SECRET, THEIRS, FILE, ASKED)), page


def test_nobody_of_the_workspace_reads_notes_restricted_cases_or_other_workspaces(browser: Browser) -> None:
    for role in ("owner", "admin", "access"):
        for pages in TABLE.values():
            for page in pages:
                if page.form is None and page.statuses[ROLES.index(role)] == 200:
                    text = ask(browser, role, page).content.decode()
                    assert not any(words in text for words in (NOTE, SECRET, THEIRS)), (role, page)


def test_staff_read_restricted_messages_in_the_security_role_only(browser: Browser) -> None:
    """What belongs to a restricted case is told as such, without its text (D22)."""
    services.do_put_staff(id="sevda", roles=["engineer", "security"], actor=ACTOR, now=scene.START)
    for who, reads in (("ivan", False), ("sevda", True)):
        text = browser(who).get("/chat/acme").content.decode()
        assert (SECRET in text, "not shown here" in text) == (reads, not reads)
