"""A backlog before the P0: the page is made of the bare inbox row, once, and its case takes it over (D26)."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import connection, transaction

from roomdesk import pipeline
from roomdesk.cases import early_pages
from roomdesk.directory.models import Workspace
from roomdesk.oncall.models import Page
from roomdesk.queues import inbox, lanes
from roomdesk.queues.inbox import Arrival
from roomdesk.queues.models import InboxEvent
from roomdesk.queues.signals import URGENT
from roomdesk.runtime import clock
from roomdesk.worker import precedence, urgent
from roomdesk.worker.precedence import Precedence
from tests.flow.world import ASEN, IVAN, OLGA
from tests.paging.night import Night


def behind(night: Night) -> int:
    """The flow does nothing for two seconds; gives how many were paged for meanwhile."""
    InboxEvent.objects.filter(raw__contains="P0").update(is_urgent=True)
    night.time.tick(early_pages.PATIENCE * 2)
    return early_pages.page_waiting(clock.now())


def test_nobody_waits_for_the_backlog_and_nobody_is_called_twice(night: Night) -> None:
    for number in range(30):
        night.unheard("cedar", f"Something else, {number}")
    night.unheard("cedar", "P0 all is down")
    night.unheard("cedar", "P0 really", ASEN)
    assert behind(night) == 1
    assert behind(night) == 0
    while night._send():
        pass
    incident = night.pagerduty.page()
    assert "words" not in incident.event["payload"]["custom_details"], "nothing has been read of it yet"
    night.settle()
    page = night.page("cedar")
    assert Page.objects.count() == 1 and page.ref in night.told("cedar")[-1] + "".join(night.told("cedar"))
    assert page.ref == night.case("cedar").ref and "paged" in night.noted("cedar")
    assert incident.log[0] == "trigger" and len(night.pagerduty.incidents) == 1
    assert "all is down" in str(night.pagerduty.seen[1]["payload"]), "what it is about follows at the same incident"


def test_only_what_wakes_somebody_is_done_early(night: Night) -> None:
    for slug, sender, text in (("birch", OLGA, "P0 down"), ("acme", OLGA, "P0 down"), ("cedar", IVAN, "P0 down"), ("cedar", OLGA, "> P0 quoted")):  # fmt: skip
        night.unheard(slug, text, sender)
    assert behind(night) == 0
    assert not Page.objects.exists()


def test_an_answer_that_waits_behind_it_is_heard_first(night: Night) -> None:
    night.unheard("cedar", "P0 all is down")
    night.unheard("cedar", "On it", IVAN)
    assert behind(night) == 1
    night._send()
    assert night.pagerduty.incidents == [], "it may be the answer"
    night.settle()
    assert night.page("cedar").state == Page.State.ACKNOWLEDGED
    assert night.pagerduty.incidents == []


def test_two_workers_page_once(night: Night) -> None:
    night.unheard("cedar", "P0 all is down")
    InboxEvent.objects.filter(raw__contains="P0").update(is_urgent=True)
    now = night.time.tick(early_pages.PATIENCE * 2)
    found: list[int] = []
    both = threading.Barrier(2)

    def look() -> None:
        both.wait()
        found.append(early_pages.page_waiting(now))
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 1]
    night.settle()
    night.pagerduty.page()


def test_a_p0_is_worked_on_by_itself_while_what_others_say_waits(night: Night) -> None:
    for number in range(5):
        night.unheard("birch", f"Something else, {number}")
    night.unheard("cedar", "First the printer")
    night.unheard("cedar", "P0 all is down", ASEN)
    InboxEvent.objects.filter(raw__contains="P0").update(is_urgent=True)
    assert pipeline.drain_urgent() == 2, "its own room's, in their order"
    assert night.page("cedar").ref == night.case("cedar").ref
    assert InboxEvent.objects.filter(state="pending", raw__contains="Something else").count() == 5
    assert pipeline.drain_urgent() == 0
    night.settle()
    night.pagerduty.page()


def test_the_flow_takes_it_first_and_by_itself_and_the_others_where_it_is_in_other_hands(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precedence, "AT_MOST", 3600.0)
    night.unheard("birch", "Something else")
    night.unheard("cedar", "P0 all is down")
    InboxEvent.objects.filter(raw__contains="P0").update(is_urgent=True)
    lane = Workspace.objects.get(slug="cedar").lane_id
    lanes.assign_waiting()
    done, ended = threading.Event(), threading.Event()
    thread = threading.Thread(target=_hold, args=(lane, done, ended))
    thread.start()
    try:
        assert done.wait(60)
        first, calls = Precedence(), threading.Event()
        step = urgent.step_of(pipeline.drain_urgent, lambda: None, first, calls)
        assert step() < 0.1, "it is looked again at once"
        assert not first.take() and not calls.is_set(), "and nothing is begun beside it for a moment"
        assert pipeline.drain() == 1, "the others do not wait for it"
        assert InboxEvent.objects.filter(state="pending", raw__contains="P0").exists()
    finally:
        ended.set()
        thread.join(60)
    assert pipeline.drain() == 1
    assert step() == 1.0, "nothing is left to do"
    night.settle()
    night.pagerduty.page()


def _hold(lane_id: int, done: threading.Event, ended: threading.Event) -> None:
    """Another worker in the middle of its work."""
    try:
        with transaction.atomic():
            lanes.lock(lane_id)
            done.set()
            assert ended.wait(120)
    finally:
        connection.close()


def test_whoever_works_on_p0s_is_woken_by_them_and_by_nothing_else(night: Night, address: str) -> None:
    with psycopg.connect(address, autocommit=True) as listener:
        listener.execute(f"LISTEN {URGENT}")
        for number, is_urgent in enumerate((False, True)):
            inbox.store([Arrival("matrix", f"$new{number}", "!cedar", "{}", is_urgent)], clock.now())
        assert len(list(listener.notifies(timeout=5, stop_after=1))) == 1
        assert list(listener.notifies(timeout=0)) == []
    InboxEvent.objects.filter(external_id__startswith="$new").delete()
