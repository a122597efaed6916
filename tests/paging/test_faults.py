"""What may go wrong around a page: nobody is forgotten, nobody is called twice for the same (R37–R39)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client

from roomdesk.cases import changing, early_pages
from roomdesk.cases.changing import Change
from roomdesk.channels.pagerduty import enqueue
from roomdesk.directory.models import Workspace
from roomdesk.oncall.models import Attempt, Call, Page
from roomdesk.queues.models import InboxEvent
from roomdesk.runtime import clock
from tests.fakes.notified import Notified
from tests.fakes.pagerduty_hooks import Subscription
from tests.flow.world import ACTOR, ASEN, EVERYONE, IVAN, room
from tests.harness.database import Databases
from tests.paging import test_escalating
from tests.paging.night import SECRET, Night, with_pagerduty

pytestmark = pytest.mark.part_of("R37", "R38", "R39")
phones = test_escalating.phones
FIXED = Change(state="resolved", fix="Restarted the queue", root_cause="A full disk")


def resolve(night: Night) -> None:
    changing.do_change(EVERYONE, night.case("cedar").ref, FIXED, author="ivan", actor=ACTOR, now=clock.now())
    night.settle()


def post(body: bytes, headers: dict[str, str]) -> int:
    answer = Client().post(
        "/hooks/pagerduty", body, content_type="application/json", headers={"host": "127.0.0.1", **headers}
    )
    return answer.status_code


def test_pagerduty_takes_events_and_never_answers(
    night: Night, phones: Notified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enqueue, "TIMEOUT", 0.3)
    night.pagerduty.hangs = 4
    night.say("cedar", "P0 all is down")
    incident = night.pagerduty.page()
    assert "ReadTimeout" in Attempt.objects.latest("pk").problem
    night.later(seconds=11)
    assert phones.people() == ["ivan"], "nobody knows whether it was taken: the other ways do not wait"
    for _ in range(8):
        night.later(seconds=5)
    assert len(night.pagerduty.incidents) == 1 and set(incident.log) == {"trigger"}
    assert Attempt.objects.filter(action="trigger", status=202).count() == 1
    assert phones.people() == ["ivan"], "nobody is told twice"


def test_a_storm_of_429_is_met_with_patience_while_people_are_called_otherwise(night: Night, phones: Notified) -> None:
    night.pagerduty.answers, night.pagerduty.retry_after = [429] * 8, 45
    night.say("cedar", "P0 all is down")
    night.later(seconds=11)
    assert phones.people() == ["ivan"]
    while night.pagerduty.answers:
        night.later(seconds=15)
    night.later(minutes=4)
    night.pagerduty.page()
    at = list(
        Attempt.objects.filter(call__way="pagerduty", action="trigger").order_by("pk").values_list("at", flat=True)
    )
    waits = [later - earlier for earlier, later in pairwise(at)]
    assert min(waits) >= timedelta(seconds=45), "no sooner than it asks for"
    assert max(waits) <= timedelta(minutes=4)


def test_the_order_and_the_time_of_every_step_where_only_the_last_way_works(night: Night, phones: Notified) -> None:
    night.pagerduty.answers = [500] * 12
    phones.silent = {"ivan", "petya", "ana"}
    night.say("cedar", "P0 all is down")
    begun = night.page("cedar").opened_at
    # Just before a step is due, and just after.
    for seconds in (9, 11, 309, 311, 609, 611, 909, 911, 1209, 1211):
        night.time.tick(begun + timedelta(seconds=seconds) - clock.now())
        night.settle()
    assert sorted(phones.people()) == ["dora", "dora", "lena"], "by the only ways that work"
    for _ in range(10):
        night.later(minutes=1)
    night.pagerduty.page()
    calls = Call.objects.filter(page=night.page("cedar"), step__gt=0).order_by("pk")
    planned = [(one.step, one.to, round((one.at - begun).total_seconds())) for one in calls]
    assert planned[:4] == [(1, "ivan", 11), (2, "petya", 311), (3, "dora", 611), (4, "ana", 911)]
    everyone = [(step, to) for step, to, seconds in planned[4:] if seconds == 1211]
    assert sorted(everyone) == [(5, "dora"), (5, "ivan"), (5, "lena"), (5, "petya")]
    assert len(planned) == len(set(planned)), "nobody is told twice of the same step"


def test_who_has_no_cover_makes_nobody_be_called_by_any_way(night: Night, phones: Notified) -> None:
    for slug in ("birch", "acme"):
        night.say(slug, "P0 nothing works")
        assert "nobody is woken" in night.told(slug)[0]
    for _ in range(6):
        night.later(minutes=20)
    assert phones.told == [] and night.pagerduty.seen == []
    assert not Page.objects.exists() and not Call.objects.exists()


def test_what_is_resolved_before_it_could_be_sent_wakes_nobody_afterwards(night: Night, phones: Notified) -> None:
    night.pagerduty.answers = [503] * 3
    night.say("cedar", "P0 all is down")
    night.later(seconds=3)
    resolve(night)
    for _ in range(20):
        night.later(minutes=1)
    assert night.pagerduty.incidents == [] and phones.told == []
    assert Attempt.objects.filter(problem="Not sent: the page was resolved before.").count() == 1
    assert night.page("cedar").state == Page.State.RESOLVED


def test_a_trigger_whose_answer_was_lost_is_not_repeated_after_the_resolve(night: Night) -> None:
    """No incident is open any more: the same key would wake somebody anew (contracts §1)."""
    night.pagerduty.answers, night.pagerduty.taken_first = [500], True
    night.say("cedar", "P0 all is down")
    incident = night.pagerduty.page()
    resolve(night)
    for _ in range(5):
        night.later(minutes=1)
    assert incident.log == ["trigger", "resolve"] and len(night.pagerduty.incidents) == 1
    night.say("cedar", "P0 it is down once more")
    assert night.pagerduty.page().key != incident.key, "a new one is a page of its own"


@contextmanager
def database_away() -> Iterator[None]:
    """Nobody answers at the database's address."""
    known = dict(connection.settings_dict)
    Databases.disconnect()
    connection.settings_dict |= {"PORT": "1", "HOST": "127.0.0.1"}
    try:
        yield
    finally:
        Databases.disconnect()
        connection.settings_dict |= known


def test_a_webhook_while_the_database_is_away_comes_again_and_counts_once(night: Night) -> None:
    night.say("cedar", "P0 all is down")
    incident = night.pagerduty.page()
    subscription = Subscription(night.pagerduty, post, SECRET)
    subscription.put(incident, "incident.acknowledged", "Petya")
    subscription.put(incident, "incident.annotated")
    with database_away():
        subscription.deliver()
    assert subscription.answers == [503] and subscription.waiting == 2
    assert not InboxEvent.objects.filter(source="pagerduty").exists()
    subscription.deliver()
    night.settle()
    assert subscription.answers[1:] == [202, 202] and subscription.waiting == 0
    assert night.page("cedar").acknowledged_by == "Petya"
    assert len([told for told in night.told("cedar") if "is on it" in told]) == 1


def test_a_subscription_that_was_switched_off_is_made_up_for_by_asking(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong secret: three refusals, and PagerDuty is silent for a day."""
    pagerduty = night.pagerduty
    pagerduty.api_token = "a-read-only-key-of-the-api"
    with_pagerduty(monkeypatch, pagerduty.url, pagerduty_api_url=pagerduty.url, pagerduty_api_token=pagerduty.api_token)
    night.say("cedar", "P0 all is down")
    incident = pagerduty.page()
    subscription = Subscription(pagerduty, post, "another-secret")
    for kind in ("incident.triggered", "incident.annotated", "incident.acknowledged", "incident.resolved"):
        subscription.put(incident, kind)
    subscription.deliver()
    assert subscription.answers == [401, 401, 401] and subscription.disabled and subscription.waiting == 0
    assert night.page("cedar").state == Page.State.ACCEPTED
    incident.status, incident.by = "acknowledged", "Petya"
    night.later(seconds=61)
    assert night.page("cedar").acknowledged_by == "Petya"


def test_a_p0_that_was_answered_hours_ago_wakes_nobody_when_the_desk_comes_back(night: Night, phones: Notified) -> None:
    night.unheard("cedar", "P0 all is down")
    night.time.tick(timedelta(hours=1))
    night.unheard("cedar", "Restarted, it is up again", IVAN)
    night.time.tick(timedelta(hours=4))
    InboxEvent.objects.filter(raw__contains="P0").update(is_urgent=True)
    # The pager is faster than the flow, and must not be the one who wakes.
    early_pages.page_waiting(clock.now())
    while night._send():
        pass
    night.settle()
    night.later(hours=1)
    assert night.pagerduty.seen == [] and phones.told == []
    assert [page.state for page in Page.objects.all()] in ([], ["acknowledged"])


#: What waits before the P0, of all customers.
OTHERS = 100_000


def test_a_p0_behind_a_backlog_is_paged_for_while_the_backlog_stands(night: Night) -> None:
    backlog(OTHERS)
    night.unheard("cedar", "P0 all is down", ASEN)
    InboxEvent.objects.filter(raw__contains="P0").update(is_urgent=True)
    now = night.time.tick(early_pages.PATIENCE + timedelta(milliseconds=500))
    assert early_pages.page_waiting(now) == 1
    assert night._send() == 1
    night.pagerduty.page()
    assert InboxEvent.objects.filter(source="matrix", state="pending").count() == OTHERS + 1, (
        "nothing of it was worked off for that"
    )


def backlog(others: int) -> None:
    """So many messages of the three customers that nobody has worked on, as the endpoint stores them."""
    rooms = dict(Workspace.objects.order_by("slug").values_list("slug", "lane_id"))
    given = {"others": others, "at": clock.now(), "asen": ASEN, "rooms": [room(slug) for slug in rooms]}
    with connection.cursor() as cursor:
        cursor.execute(_BACKLOG, {**given, "lanes": list(rooms.values())})


_BACKLOG = """
INSERT INTO queues_inboxevent
  (source, external_id, address, raw, lane_id, state, received_at, is_urgent, is_replayed, attempts, reason, clock_offset_us)
SELECT 'matrix', '$backlog' || n, w.address, json_build_object(
    'event_id', '$backlog' || n, 'room_id', w.address, 'sender', %(asen)s::text, 'type', 'm.room.message',
    'origin_server_ts', 1, 'content', json_build_object('msgtype', 'm.text', 'body', 'Something else'))::text,
  w.lane_id, 'pending', %(at)s, false, false, 0, '', 0
FROM generate_series(1, %(others)s) AS n
JOIN unnest(%(rooms)s::text[], %(lanes)s::bigint[]) WITH ORDINALITY AS w(address, lane_id, place) ON w.place = 1 + n %% 3
"""
