"""Agreeing on the page: the exact words, by who may, after a fresh sign-in; and its evidence (R34, D42)."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from roomdesk.consent.models import Grant, Request
from roomdesk.directory.models import Person
from roomdesk.queues.models import OutboxRow
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.portal import scene
from tests.portal.conftest import Browser

pytestmark = pytest.mark.part_of("R30", "R31", "R32", "R34")
PHRASE = "yes, replace prod"
PASSWORD = "a long word of hers"


def page() -> str:
    return f"/portal/acme/consents/{scene.consent_of('acme').ref}"


def fresh(client: Client, seconds: float = 0) -> Client:
    """As after a sign-in so long ago."""
    session = client.session
    at = clock.to_outside(clock.now()).timestamp() - seconds
    # The library holds records to be of one person only.
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session["account_authentication_methods"] = [{"method": "password", "at": at}]
    session.save()
    return client


def agree(client: Client, text: str = PHRASE) -> Any:
    return client.post(page(), {"text": text})


def state() -> str:
    return str(scene.consent_of("acme").state)


def test_the_exact_words_after_a_fresh_sign_in_are_a_grant_with_the_evidence_of_the_session(browser: Browser) -> None:
    answer = agree(fresh(browser("olga"), 299), " Yes, replace prod. ")
    assert (answer.status_code, answer["Location"]) == (302, page())
    grant = Grant.objects.get()
    assert (grant.person.slug, grant.role, grant.channel, grant.step_up) == ("olga", "owner", "portal", True)
    assert grant.text == " Yes, replace prod. " and json.loads(grant.session).keys() == {"method", "signed_in_at", "session_sha256", "address", "agent"}  # fmt: skip
    assert state() == "granted", "a fresh sign-in is the second proof that high risk needs"
    said = OutboxRow.objects.filter(once__startswith="consent:").order_by("pk").last()
    assert said is not None and f"Olga agreed to {scene.consent_of('acme').ref}" in said.payload
    text = browser("asen").get(page()).content.decode()
    assert "Who agreed" in text and "Yes, replace prod." in text and 'name="text"' not in text


@pytest.mark.parametrize("seconds", [300, 86_400, -5])
def test_an_older_sign_in_leads_to_a_new_one_and_agrees_to_nothing(browser: Browser, seconds: int) -> None:
    client = fresh(browser("olga"), seconds)
    with nothing_changes():
        answer = agree(client)
    assert answer["Location"].startswith("/accounts/reauthenticate/?next=%2Fportal%2Facme%2Fconsents%2F")
    assert not Grant.objects.exists() and "Sign in again" in client.get(page()).content.decode()


def test_a_real_sign_in_again_makes_the_page_take_the_words(browser: Browser) -> None:
    olga = Person.objects.get(slug="olga")
    olga.set_password(PASSWORD)
    olga.save()
    client = browser("olga")
    wrong = client.post("/accounts/reauthenticate/", {"password": "no", "next": page()})
    assert wrong.status_code == 200 and 'name="text"' not in client.get(page()).content.decode()
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": page()})["Location"] == page()
    at = client.session["account_authentication_methods"][-1]["at"]
    assert abs(at - time.time()) < 60
    # The library has the machine's clock, the desk of this test stands at a Monday.
    fresh(client)
    assert 'name="text"' in client.get(page()).content.decode()
    assert agree(client).status_code == 302 and state() == "granted"


@pytest.mark.parametrize("text", ["yes", "yes, replace рrod", "yes, replace prod please", "> yes, replace prod", "yes,\u200b replace prod", "yes, replace prod\x00"])  # fmt: skip
def test_other_words_are_refused_with_what_counts(browser: Browser, text: str) -> None:
    client = fresh(browser("olga"))
    with nothing_changes():
        answer = agree(client, text)
    assert answer.status_code == 422 and f"Only the exact words count: {PHRASE}" in answer.content.decode()
    assert not Grant.objects.exists() and state() == "open"


def test_who_may_not_agree_reads_it_only(browser: Browser) -> None:
    client = fresh(browser("mira"))
    with nothing_changes():
        assert agree(client).status_code == 403
        assert client.post(page(), {"no": "1"}).status_code == 403
    assert "What it means" in client.get(page()).content.decode() and not Grant.objects.exists()


def test_no_ends_it_also_after_a_yes(browser: Browser) -> None:
    agree(fresh(browser("olga")))
    assert browser("asen").post(page(), {"no": "1"}).status_code == 302
    assert state() == "refused" and scene.consent_of("acme").closed_by == "asen"
    with nothing_changes():
        assert agree(fresh(browser("asen"))).status_code == 409


def test_what_has_expired_takes_no_words(browser: Browser) -> None:
    client = fresh(browser("olga"))
    Request.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    with nothing_changes():
        assert agree(client).status_code == 409
    assert 'name="text"' not in client.get(page()).content.decode()


def test_the_support_page_says_that_something_waits_and_to_readers_only(browser: Browser) -> None:
    ref = scene.consent_of("acme").ref
    assert [ref in browser(who).get("/portal/acme/").content.decode() for who in ("olga", "mira", "boyan")] == [
        True,
        True,
        False,
    ]
    browser("olga").post(page(), {"no": "1"})
    assert ref not in browser("olga").get("/portal/acme/").content.decode()


def test_pressing_twice_is_one_word(browser: Browser) -> None:
    client = fresh(browser("olga"))
    assert [agree(client).status_code for _ in range(2)] == [302, 302]
    assert Grant.objects.count() == 1


def test_the_page_of_a_request_tells_what_was_asked_about_it(browser: Browser) -> None:
    case, ref = scene.case_of("$said"), scene.consent_of("acme").ref
    place = f"/portal/acme/cases/{case.ref}"
    assert 'id="consents"' not in browser("olga").get(place).content.decode()
    Request.objects.filter(ref=ref).update(case=case)
    text = browser("olga").get(place).content.decode()
    assert f"/portal/acme/consents/{ref}" in text and "Waits for an answer" in text
    browser("olga").post(page(), {"no": "1"})
    assert "Refused" in browser("olga").get(place).content.decode()
