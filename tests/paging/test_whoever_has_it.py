"""Acknowledged here, acknowledged everywhere: in the room, in the console, in PagerDuty; resolved with the case (R38)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from roomdesk.cases import changing
from roomdesk.cases.changing import Change
from roomdesk.oncall.models import Attempt, Page
from roomdesk.queues.models import InboxEvent, OutboxRow
from roomdesk.runtime import clock
from tests.fakes.pagerduty import Incident
from tests.flow.world import ACTOR, EVERYONE, IVAN
from tests.paging.night import SECRET, Night, with_pagerduty

FIXED = Change(state="resolved", fix="Restarted the queue", root_cause="A full disk")


def paged(night: Night) -> Incident:
    night.say("cedar", "P0 all is down")
    return night.pagerduty.page()


def deliver(night: Night, incident: Incident | None, kind: str, *, webhook_id: str = "W1", secret: str = SECRET, **more: Any) -> int:  # fmt: skip
    body, headers = night.pagerduty.webhook(incident, kind, secret=secret, webhook_id=webhook_id, **more)
    answer = Client().post("/hooks/pagerduty", body, content_type="application/json", headers={"host": "127.0.0.1", **headers})  # fmt: skip
    night.settle()
    return answer.status_code


def change(night: Night, given: Change) -> None:
    changing.do_change(EVERYONE, night.case("cedar").ref, given, author="ivan", actor=ACTOR, now=clock.now())
    night.settle()


def on_it(night: Night) -> list[str]:
    return [told for told in night.told("cedar") if "is on it" in told]


def test_an_answer_in_the_room_acknowledges_in_pagerduty_and_says_nothing_more(night: Night) -> None:
    incident = paged(night)
    night.later(minutes=2)
    night.say("cedar", "I look into it", IVAN)
    page = night.page("cedar")
    assert (page.state, page.acknowledged_by, page.acknowledged_via) == ("acknowledged", "ivan", "room")
    assert incident.status == "acknowledged"
    assert on_it(night) == [], "Ivan has just said so himself"
    assert night.noted("cedar")[-1] == "acknowledged"


def test_taking_the_case_acknowledges_and_the_room_hears_who_is_on_it(night: Night) -> None:
    incident = paged(night)
    change(night, Change(state="acknowledged", assignee="ivan"))
    assert incident.status == "acknowledged"
    assert len(on_it(night)) == 1 and "Ivan" in on_it(night)[0]
    night.say("cedar", "Here I am", IVAN)
    assert incident.log == ["trigger", "acknowledge"], "once"


def test_a_human_in_pagerduty_shows_in_the_room_once(night: Night) -> None:
    incident = paged(night)
    assert deliver(night, incident, "incident.acknowledged", agent="Petya") == 202
    assert deliver(night, incident, "incident.acknowledged", agent="Petya") == 202
    assert deliver(night, incident, "incident.acknowledged", agent="Petya", webhook_id="W2") == 202
    page = night.page("cedar")
    assert (page.state, page.acknowledged_by, page.acknowledged_via) == ("acknowledged", "Petya", "pagerduty")
    assert len(on_it(night)) == 1 and "Petya" in on_it(night)[0]
    assert incident.log == ["trigger"], "it knows already"


def test_a_webhook_that_is_earlier_than_the_answer_to_our_own_call(night: Night) -> None:
    night.pagerduty.answers, night.pagerduty.taken_first = [500], True
    incident = paged(night)
    assert deliver(night, incident, "incident.acknowledged") == 202
    night.later(minutes=2)
    assert night.page("cedar").state == Page.State.ACKNOWLEDGED
    assert incident.log == ["trigger"], "nothing is sent again to somebody who has it"


def test_automation_acknowledges_nothing_and_who_resolves_has_had_it(night: Night) -> None:
    incident = paged(night)
    deliver(night, incident, "incident.acknowledged", agent=None)
    deliver(night, incident, "incident.resolved", agent=None, webhook_id="W2")
    assert night.page("cedar").state == Page.State.ACCEPTED
    deliver(night, incident, "incident.resolved", agent="Petya", webhook_id="W3")
    page = night.page("cedar")
    assert (page.state, page.acknowledged_by) == ("resolved", "Petya")
    assert len(on_it(night)) == 1


def test_what_waited_too_long_in_somebodys_hands_is_nobodys_again(night: Night) -> None:
    incident = paged(night)
    deliver(night, incident, "incident.acknowledged", agent="Petya")
    deliver(night, incident, "incident.unacknowledged", agent=None, webhook_id="W2")
    assert night.page("cedar").state == Page.State.ACCEPTED
    assert night.noted("cedar")[-1] == "unacknowledged"


def test_an_incident_without_our_key_is_known_by_its_number(night: Night) -> None:
    incident = paged(night)
    deliver(night, incident, "incident.triggered")
    deliver(night, incident, "incident.acknowledged", webhook_id="W2", incident_key="")
    assert night.page("cedar").state == Page.State.ACKNOWLEDGED


def test_only_what_is_signed_is_taken_and_whatever_is_signed_is(night: Night) -> None:
    incident = paged(night)
    assert deliver(night, incident, "incident.acknowledged", secret="another-secret") == 401
    assert not InboxEvent.objects.filter(source="pagerduty").exists()
    assert night.page("cedar").state == Page.State.ACCEPTED
    assert deliver(night, incident, "incident.acknowledged", secret=f"another-secret {SECRET}") == 202, (
        "while it is changed"
    )
    assert deliver(night, None, "pagey.ping", webhook_id="W2", data={"message": "Hello"}) == 202
    assert deliver(night, None, "incident.acknowledged", webhook_id="W3") == 202
    kept = InboxEvent.objects.filter(source="pagerduty", external_id__in=["W2", "W3"])
    assert set(kept.values_list("state", flat=True)) == {"ignored"}, "kept, with why nothing follows"


def test_a_signature_is_over_the_bytes_as_they_came(night: Night) -> None:
    incident = paged(night)
    body, headers = night.pagerduty.webhook(incident, "incident.acknowledged", secret=SECRET, webhook_id="W1")
    changed = body.replace(b'": ', b'":  ', 1)
    answer = Client().post("/hooks/pagerduty", changed, content_type="application/json", headers={"host": "127.0.0.1", **headers})  # fmt: skip
    assert answer.status_code == 401
    assert not InboxEvent.objects.filter(source="pagerduty").exists()


def test_a_page_is_resolved_with_its_case(night: Night) -> None:
    incident = paged(night)
    change(night, FIXED)
    assert incident.log == ["trigger", "resolve"]
    assert night.page("cedar").state == Page.State.RESOLVED


def test_what_was_answered_before_it_left_wakes_nobody(night: Night) -> None:
    night.unheard("cedar", "P0 all is down")
    night.later(hours=0)
    incident = night.pagerduty.page()
    assert incident.status == "triggered"
    change(night, FIXED)
    night.later(minutes=40)
    # Five hours ago, and answered since; both are heard now.
    night.unheard("cedar", "P0 again")
    night.unheard("cedar", "I am on it", IVAN)
    night.settle()
    assert night.page("cedar").state == Page.State.ACKNOWLEDGED
    assert len(night.pagerduty.incidents) == 1
    assert Attempt.objects.filter(problem__startswith="Not sent").exists()


def test_an_outage_delays_the_page_and_does_not_double_it(night: Night) -> None:
    """The answers are lost, the events are not: 500, 429 and 503 in turn."""
    night.pagerduty.answers, night.pagerduty.taken_first = [503, 429, 500], True
    night.say("cedar", "P0 all is down")
    for _ in range(10):
        night.later(seconds=40)
    night.pagerduty.page()
    assert len(night.pagerduty.incidents) == 1
    assert Attempt.objects.filter(action="trigger", status=202).count() == 1


def test_an_hour_of_errors_ends_in_one_page(night: Night) -> None:
    night.pagerduty.answers = [500] * 70
    night.say("cedar", "P0 all is down")
    tries = 0
    while night.pagerduty.answers:
        night.later(seconds=60)
        tries += 1
    assert tries >= 55, "growing waits, about a minute in the end"
    night.later(seconds=61)
    night.pagerduty.page()


def test_a_refusal_is_not_repeated_and_staff_are_called_at_once(night: Night) -> None:
    night.pagerduty.answers = [400]
    night.say("cedar", "P0 all is down")
    for _ in range(3):
        night.later(seconds=30)
    assert night.pagerduty.incidents == []
    assert "unreached" in night.noted("cedar")
    assert Attempt.objects.count() == 1


def test_a_lost_webhook_is_made_up_by_asking(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.pagerduty.api_token = "a-read-only-key-of-the-api"
    with_pagerduty(monkeypatch, night.pagerduty.url, pagerduty_api_url=night.pagerduty.url, pagerduty_api_token=night.pagerduty.api_token)  # fmt: skip
    incident = paged(night)
    night.later(seconds=61)
    assert night.page("cedar").state == Page.State.ACCEPTED, "nobody has it there either"
    incident.status, incident.by = "acknowledged", "Petya"
    night.later(seconds=61)
    page = night.page("cedar")
    assert (page.state, page.acknowledged_by) == ("acknowledged", "Petya")
    assert len(on_it(night)) == 1
    asked = OutboxRow.objects.filter(kind="ask").count()
    night.later(minutes=10)
    assert OutboxRow.objects.filter(kind="ask").count() == asked, "asked no more"
