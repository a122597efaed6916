"""Answering from the console: as oneself, once, and without losing a text that could not be sent."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.test import Client

from roomdesk.cases.models import Case
from roomdesk.clocks.models import Clock
from roomdesk.record.models import Message
from roomdesk.rooms.models import Room
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.console.conftest import open_case

Browser = Callable[[str | None], Client]


def test_an_answer_is_recorded_as_the_person_and_meets_the_clock(browser: Browser) -> None:
    case, client = open_case(), browser("tiago")
    answer = client.post(f"/console/cases/{case.ref}", {"text": "  We are looking into it.  "})
    said = Message.objects.get(author__slug="tiago")
    assert (said.body, said.author_kind, said.channel) == ("We are looking into it.", "staff", "console")
    assert (answer.status_code, answer["Location"]) == (302, f"/console/cases/{case.ref}#m-{said.pk}")
    assert Clock.objects.get(case=case, kind="first_response").state == "met"
    page = client.get(f"/console/cases/{case.ref}").content.decode()
    assert "We are looking into it." in page and "met in under 1 min" in page


def test_a_form_that_is_sent_twice_says_it_once(browser: Browser) -> None:
    case, client = open_case(), browser("lea")
    page = client.get(f"/console/cases/{case.ref}").content.decode()
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    places = {
        client.post(f"/console/cases/{case.ref}", {"text": "Once", "key": found[1]})["Location"] for _ in range(3)
    }
    assert len(places) == 1
    assert Message.objects.filter(body="Once").count() == 1


def test_the_same_words_from_two_forms_are_two_answers(browser: Browser) -> None:
    case, client = open_case(), browser("lea")
    for key in ("one", "two"):
        client.post(f"/console/cases/{case.ref}", {"text": "Again", "key": key})
    assert Message.objects.filter(body="Again").count() == 2


def test_an_empty_answer_is_refused_in_a_sentence(browser: Browser) -> None:
    case, client = open_case(), browser("lea")
    for text in ("", "  \n ", "\0"):
        with nothing_changes():
            answer = client.post(f"/console/cases/{case.ref}", {"text": text, "key": "k"})
        assert answer.status_code == 422
        assert "The text is empty" in answer.content.decode() and "Nothing was sent." in answer.content.decode()


def test_a_text_that_could_not_be_sent_is_kept(browser: Browser) -> None:
    """The room is wanted but not made yet."""
    case, client = open_case("In a room", "acme", "olga"), browser("ivan")
    Room.objects.create(workspace=case.workspace, wanted_at=clock.now())
    with nothing_changes():
        answer = client.post(f"/console/cases/{case.ref}", {"text": "My long & <careful> answer", "key": "k"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "not made yet" in page and "your text is kept below" in page
    assert "My long &amp; &lt;careful&gt; answer</textarea>" in page


def test_nothing_is_said_in_a_case_that_was_closed_meanwhile(browser: Browser) -> None:
    case, client = open_case(), browser("lea")
    Case.objects.filter(pk=case.pk).update(state="closed")
    with nothing_changes():
        answer = client.post(f"/console/cases/{case.ref}", {"text": "Too late", "key": "k"})
    assert answer.status_code == 409
    assert "nothing more can be said" in answer.content.decode()


def test_staff_of_another_product_cannot_answer(browser: Browser) -> None:
    case, client = open_case(), browser("ivan")
    with nothing_changes():
        assert client.post(f"/console/cases/{case.ref}", {"text": "Hello"}).status_code == 404


def test_a_form_from_another_site_is_refused(browser: Browser) -> None:
    case = open_case()
    client = browser("lea")
    client.handler.enforce_csrf_checks = True
    with nothing_changes():
        assert client.post(f"/console/cases/{case.ref}", {"text": "Forged"}).status_code == 403
