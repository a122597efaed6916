"""The page Attention: questions are answered and notices marked as seen there, by whom they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roomdesk import pipeline, timers
from roomdesk.cases.models import Case, Question
from roomdesk.clocks.models import Clock, Notice, NoticeSeen
from roomdesk.queues.models import InboxEvent, Timer
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.console.conftest import open_case

Browser = Callable[[str | None], Client]


@pytest.fixture
def time(desk: None) -> Iterator[clock.Frozen]:
    # Timers leave a workspace alone whose events nobody has heard yet: what the desk told itself of its rooms.
    InboxEvent.objects.all().delete()
    with clock.frozen(clock.now()) as frozen:
        yield frozen


def _heard() -> None:
    """What a page tells the case's lane is worked off: until then nothing of that lane is told to have run late."""
    while pipeline.drain():
        pass


def passes(time: clock.Frozen, **length: float) -> None:
    """So much time, through each due instant."""
    until = time.at + timedelta(**length)
    while at := Timer.objects.filter(state="pending", next_at__lt=until).order_by("next_at").first():
        assert at.next_at
        time.at = max(time.at, at.next_at + timedelta(seconds=1))
        _heard()
        assert timers.fire()
    time.at = until


def asked(client: Client, *cases: Case, text: str = "It works again.") -> Question:
    """A question about something that staff wrote without saying about which of the cases."""
    client.post(f"/console/cases/{cases[0].ref}", {"text": text})
    message = Message.objects.latest("pk")
    Clock.objects.filter(case=cases[0], kind="first_response").update(stopped_at=None, stopped_by="", state="running")
    Clock.objects.filter(case=cases[0]).exclude(kind="first_response").delete()
    Message.objects.filter(pk=message.pk).update(case=None)
    return Question.objects.create(
        id=message.pk,
        workspace=cases[0].workspace,
        message_id=message.pk,
        author_ref="tiago",
        at=message.at,
        asked_at=message.at,
        choices=[case.ref for case in cases],
    )


def test_where_nothing_waits_the_page_says_what_will(browser: Browser, time: clock.Frozen) -> None:
    page = browser("lea").get("/console/attention").content.decode()
    assert "Nothing asks for attention." in page and "appear here by themselves" in page
    assert 'class="bubble"' not in page


def test_a_question_is_answered_with_one_button_and_counts_from_the_message(
    browser: Browser, time: clock.Frozen
) -> None:
    cases, client = [open_case("One"), open_case("Two")], browser("tiago")
    question = asked(client, *cases)
    time.tick(timedelta(minutes=9))
    page = client.get("/console/attention").content.decode()
    assert "It works again." in page and "9 min ago" in page
    for case in cases:
        assert f'name="answer" value="{question.pk}:{case.ref}"' in page
    assert 'class="bubble">1<' in client.get("/console/").content.decode()
    answer = client.post("/console/attention", {"answer": f"{question.pk}:{cases[1].ref}"})
    assert (answer.status_code, answer["Location"]) == (302, "/console/attention")
    question.refresh_from_db()
    assert (question.case, question.answered_by) == (cases[1], "tiago")
    stopped = Clock.objects.get(case=cases[1], kind="first_response")
    assert (stopped.state, stopped.stopped_at) == ("met", question.at)
    assert 'class="bubble"' not in client.get("/console/").content.decode()


def test_none_of_them_is_an_answer_too(browser: Browser, time: clock.Frozen) -> None:
    cases, client = [open_case("One"), open_case("Two")], browser("tiago")
    question = asked(client, *cases)
    assert client.post("/console/attention", {"answer": f"{question.pk}:none"}).status_code == 302
    question.refresh_from_db()
    assert (question.case, question.answered_by) == (None, "tiago")


def test_of_two_who_answer_the_second_is_told_what_the_first_said(browser: Browser, time: clock.Frozen) -> None:
    cases = [open_case("One"), open_case("Two")]
    question = asked(browser("tiago"), *cases)
    browser("tiago").post("/console/attention", {"answer": f"{question.pk}:{cases[1].ref}"})
    with nothing_changes():
        answer = browser("lea").post("/console/attention", {"answer": f"{question.pk}:none"})
    assert answer.status_code == 409
    assert "by tiago; it stays so. Nothing was changed." in answer.content.decode()


def test_questions_are_for_staff_of_the_product(browser: Browser, time: clock.Frozen) -> None:
    cases = [open_case("One"), open_case("Two")]
    question = asked(browser("tiago"), *cases, text="Only for us")
    assert "Only for us" not in browser("ivan").get("/console/attention").content.decode()
    for who, status in (("ivan", 404), ("oto", 404)):
        with nothing_changes():
            answer = browser(who).post("/console/attention", {"answer": f"{question.pk}:none"})
        assert answer.status_code == status
    assert browser("oto").get("/console/attention").status_code == 404
    assert browser(None).get("/console/attention").status_code == 302


@pytest.mark.parametrize("form", [{}, {"answer": ""}, {"answer": "x:y"}, {"seen": "²"}, {"seen": ""}])
def test_a_form_that_makes_no_sense_is_refused(browser: Browser, time: clock.Frozen, form: dict[str, str]) -> None:
    with nothing_changes():
        answer = browser("lea").post("/console/attention", form)
    assert answer.status_code == 422
    assert "load it again" in answer.content.decode()


def test_what_presses_is_told_to_whom_it_is_for_until_it_is_seen(browser: Browser, time: clock.Frozen) -> None:
    """Of a one-hour promise the half goes to the assignee, three quarters to the lead too, then everybody."""
    case = open_case("P0 All is down")
    Case.objects.filter(pk=case.pk).update(assignee=None)
    passes(time, minutes=50)
    lea, tiago = browser("lea"), browser("tiago")
    page = lea.get("/console/attention").content.decode()
    assert "First response: 75 % of the time is used" in page
    assert "75 %" not in tiago.get("/console/attention").content.decode()
    passes(time, minutes=20)
    page = tiago.get("/console/attention").content.decode()
    assert "First response: late (due" in page and "90 %" not in page, "the last overtakes the ones before"
    late, before = Notice.objects.get(clock__kind="first_response", step=100), Notice.objects.get(step=90)
    assert f'value="{late.pk},{before.pk}"' in page
    assert tiago.post("/console/attention", {"seen": f"{late.pk},{before.pk}"}).status_code == 302
    page = tiago.get("/console/attention").content.decode()
    assert "First response" not in page
    assert "First response: late" in lea.get("/console/attention").content.decode()
    assert NoticeSeen.objects.filter(notice=late).count() == 1


def test_after_a_downtime_there_is_one_block_marked_late(browser: Browser, time: clock.Frozen) -> None:
    for number in range(3):
        open_case(f"P0 Number {number}")
    time.tick(timedelta(hours=5))
    _heard()
    while timers.fire():
        _heard()
    client = browser("tiago")
    page = client.get("/console/attention").content.decode()
    notices = Notice.objects.filter(digest__isnull=False)
    assert notices.count() >= 1
    assert page.count('class="card digest"') == notices.values("digest").distinct().count()
    assert "told late" in page
    ids = page.split('name="seen" value="')[1:]
    every = next(one.split('"')[0] for one in ids if "," in one.split('"')[0])
    assert client.post("/console/attention", {"seen": every}).status_code == 302
    assert 'class="card digest"' not in client.get("/console/attention").content.decode()


def test_much_to_tell_costs_as_many_queries_as_little(browser: Browser, time: clock.Frozen) -> None:
    client = browser("lea")
    cases = [open_case("P0 One"), open_case("Two")]
    asked(client, *cases)
    passes(time, hours=2)
    few = _queries(client)
    for number in range(4):
        asked(client, open_case(f"P0 Another {number}"), cases[0], text=f"Which {number}")
    passes(time, hours=2)
    assert _queries(client) <= few <= 20


def _queries(client: Client) -> int:
    client.get("/console/attention")
    with CaptureQueriesContext(connection) as caught:
        assert client.get("/console/attention").status_code == 200
    return len(caught)
