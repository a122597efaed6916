"""Events go out signed, once for each endpoint, again when they are not taken, and no further where nobody takes them."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from roomdesk import bootstrap
from roomdesk.audit.models import Entry
from roomdesk.cases.models import Case
from roomdesk.queues import outbox
from roomdesk.queues.models import OutboxRow
from roomdesk.rules.webhook import DELAYS
from roomdesk.runtime import clock
from roomdesk.runtime.settings import load
from roomdesk.webhooks.models import Attempt, Delivery
from tests.webhooks.conftest import Hooks


def test_an_event_tells_what_happened_and_nothing_that_staff_say_among_themselves(hooks: Hooks) -> None:
    hooks.put()
    ref = hooks.open("The invoices are gone")
    hooks.change(ref, severity="high", reason="A canary among ourselves", author="ivan")
    hooks.change(ref, assignee="ivan", author="ivan")
    assert hooks.send() == 3
    opened, severity, assigned = hooks.told()
    assert [one["type"] for one in hooks.told()] == ["case.opened", "case.changed", "case.changed"]
    case = Case.objects.get(ref=ref)
    assert opened["data"] == {
        "case": {
            "ref": ref, "workspace": "beta", "product": "power-omni", "kind": case.kind, "severity": "normal", "state": "new",
            "p0": False, "channel": "rest", "cycle": 1, "opened_at": opened["data"]["case"]["opened_at"], "assignee": None,
            "title": "The invoices are gone", "restricted": False,
        }
    }  # fmt: skip
    assert datetime.fromisoformat(opened["timestamp"]) == case.opened_at
    assert severity["data"]["change"] == {"what": "severity", "before": "normal", "after": "high", "by": "ivan"}
    assert severity["data"]["case"]["severity"] == "high"
    assert (assigned["data"]["change"]["after"], assigned["data"]["case"]["assignee"]) == ("ivan", "ivan")
    assert "canary" not in json.dumps(hooks.told()) and hooks.receiver.bad == 0


def test_a_critical_case_tells_of_its_page_too(hooks: Hooks) -> None:
    # In the night: while the office is open nobody has to be woken.
    night = (hooks.time.at + timedelta(days=1)).replace(hour=6, minute=0)
    hooks.time.tick(night - hooks.time.at)
    hooks.put()
    hooks.change(
        hooks.open("The invoices are gone"), severity="critical", reason="A canary among ourselves", author="ivan"
    )
    hooks.send()
    changes = [one["data"]["change"]["what"] for one in hooks.told() if one["type"] == "case.changed"]
    assert changes[0] == "severity" and "page" in changes
    assert "canary" not in json.dumps(hooks.told())


def test_without_an_endpoint_nothing_is_written_and_each_gets_what_it_asked_for(hooks: Hooks) -> None:
    ref = hooks.open()
    assert not Delivery.objects.exists() and hooks.waiting() == 0
    hooks.put("all")
    hooks.put("openings", events=["case.opened"])
    hooks.put("others", product="bos")
    hooks.change(ref, state="investigating", author="ivan")
    hooks.open("Another matter")
    told = {slug: [one["type"] for one in reversed(hooks.log(slug))] for slug in ("all", "openings", "others")}
    assert told == {"all": ["case.changed", "case.opened"], "openings": ["case.opened"], "others": []}
    ids = {slug: [one["id"] for one in hooks.log(slug)] for slug in ("all", "openings")}
    assert ids["openings"] == ids["all"][:1], "the same event has the same id everywhere"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_restricted_case_is_a_stub(hooks: Hooks, when: str) -> None:
    """Also what was planned before it became one."""
    hooks.put()
    ref = hooks.open("A canary was seen in our mail")
    if when == "before":
        hooks.send()
        hooks.receiver.taken.clear()
    hooks.change(ref, kind="security", author="ivan")
    hooks.change(ref, assignee="ivan", author="ivan")
    hooks.send()
    stub = {"ref": ref, "assignee": "ivan", "restricted": True}
    assert hooks.told()[-1]["data"] == {"case": stub}
    assert "canary" not in json.dumps(hooks.told()) and "security" not in json.dumps(hooks.told())
    assert {json.dumps(sorted(one["data"]["case"])) for one in hooks.told()} == {json.dumps(sorted(stub))}


def test_what_is_not_taken_comes_again_with_the_same_id_after_growing_waits(hooks: Hooks) -> None:
    hooks.put()
    hooks.receiver.answers = [(500, {}, "Out of order")] * 3
    hooks.open()
    waits = []
    for _ in range(3):
        assert hooks.send() == 1
        (row,) = OutboxRow.objects.filter(channel="webhook")
        waits.append(row.next_at - clock.now())
        assert hooks.send() == 0, "not before its time"
        hooks.time.tick(waits[-1])
    assert hooks.send() == 1
    assert all(0.75 * full <= wait <= full for wait, full in zip(waits, DELAYS, strict=False))
    assert waits == sorted(waits)
    assert len({headers["webhook-id"] for headers, _ in hooks.receiver.seen}) == 1
    assert len({body for _, body in hooks.receiver.seen}) == 1
    (told,) = hooks.log()
    assert (told["state"], told["attempts"], told["last_status"]) == ("sent", 4, 204)
    log = hooks.call("GET", f"webhooks/crm/deliveries/{told['number']}").json()["log"]
    assert [(one["status"], one["problem"]) for one in log] == [(500, "It answered 500: Out of order")] * 3 + [
        (204, None)
    ]


def test_one_that_is_refused_does_not_hold_up_the_others(hooks: Hooks) -> None:
    hooks.put()
    hooks.receiver.answers = [(422, {}, "I do not like this one")]
    first, second = hooks.open("One"), hooks.open("Two")
    assert hooks.send() == 2
    assert [one["data"]["case"]["ref"] for one in hooks.told()] == [second]
    hooks.passes(minutes=1)
    hooks.send()
    assert [one["data"]["case"]["ref"] for one in hooks.told()] == [second, first]


def test_while_nobody_answers_the_others_wait_behind_the_first_and_stay_in_order(hooks: Hooks) -> None:
    hooks.put()
    there = hooks.receiver.url
    hooks.call("PUT", "webhooks/crm", {"url": "http://127.0.0.1:9/"})
    refs = [hooks.open("One"), hooks.open("Two")]
    assert hooks.send() == 1, "the second is not even tried"
    assert hooks.endpoint()["state"] == "failing"
    hooks.call("PUT", "webhooks/crm", {"url": there})
    hooks.passes(minutes=1)
    assert hooks.send() == 2
    assert [one["data"]["case"]["ref"] for one in hooks.told()] == refs
    assert hooks.endpoint()["state"] == "on"


def test_a_receiver_may_ask_for_a_longer_wait(hooks: Hooks) -> None:
    hooks.put()
    hooks.receiver.answers = [(429, {"Retry-After": "600"}, "")]
    hooks.open()
    hooks.send()
    row = OutboxRow.objects.get(channel="webhook")
    assert row.next_at - clock.now() == timedelta(minutes=10)


def test_after_days_of_failing_it_is_switched_off_with_the_reason_and_comes_back_by_a_word(hooks: Hooks) -> None:
    hooks.put()
    hooks.receiver.answers = [(503, {}, "Down")] * 500
    hooks.open("One")
    for _ in range(40):
        hooks.send()
        hooks.passes(hours=6)
        if hooks.endpoint()["state"] == "off":
            break
        hooks.open("One more")
    found = hooks.endpoint()
    assert found["state"] == "off" and found["reason"].startswith(
        "It has taken nothing for 3 days; the last time: It answered 503"
    )
    assert hooks.waiting() == 0, "nothing is tried any more"
    assert Entry.objects.filter(action="webhook.disabled", subject="webhook:crm").count() == 1
    before = Delivery.objects.count()
    hooks.open("While it is off")
    assert Delivery.objects.count() == before
    assert hooks.call("POST", "webhooks/crm/switch", {"on": True}).json()["state"] == "on"
    hooks.receiver.answers = []
    (dropped, *_) = [one for one in hooks.log() if one["state"] in ("dropped", "failed")]
    assert hooks.call("POST", f"webhooks/crm/deliveries/{dropped['number']}/replay").status_code == 200
    hooks.send()
    assert list(hooks.receiver.taken) == [dropped["id"]]


def test_who_answers_410_wants_nothing_any_more(hooks: Hooks) -> None:
    hooks.put()
    hooks.receiver.answers = [(410, {}, "")]
    hooks.open()
    hooks.send()
    assert (hooks.endpoint()["state"], hooks.endpoint()["reason"]) == (
        "off",
        "It answered 410: it wants nothing any more.",
    )


def test_one_that_is_never_taken_is_given_up_visibly(hooks: Hooks) -> None:
    hooks.put()
    hooks.open("Never taken")
    hooks.receiver.answers = [(500, {}, "No")]
    hooks.send()
    for number in range(len(DELAYS)):
        hooks.receiver.answers = []
        hooks.open(f"Taken {number}")
        hooks.send()
        hooks.passes(hours=13)
        hooks.receiver.answers = [(500, {}, "No")]
        hooks.send(1)
    states = {one["state"] for one in hooks.log()}
    assert "failed" in states and hooks.endpoint()["state"] in ("on", "failing")
    assert Entry.objects.filter(action="webhook.given_up").exists()


def test_a_repeat_after_a_crash_has_the_same_id(hooks: Hooks) -> None:
    """The call was made, and whoever made it died before it was noted."""
    hooks.put()
    hooks.open()
    hooks.send()
    OutboxRow.objects.filter(channel="webhook").update(state="sending", claimed_by=-1)
    outbox.release_orphans([], clock.now())
    assert hooks.send() == 1
    assert len(hooks.receiver.seen) == 2 and len(hooks.receiver.taken) == 1
    assert Attempt.objects.count() == 2


def test_a_moved_clock_does_not_make_signatures_old(hooks: Hooks, tmp_path: Path) -> None:
    hooks.put()
    hooks.receiver.now = time.time
    clock.configure(load({"ROOMDESK_MODE": "test", "ROOMDESK_DATA": str(tmp_path)}))
    try:
        clock.advance(timedelta(days=9))
        hooks.passes(days=9)
        hooks.open()
        hooks.send()
    finally:
        clock.configure(bootstrap.settings)
    assert (hooks.receiver.bad, len(hooks.told())) == (0, 1)
    assert datetime.fromisoformat(hooks.told()[0]["timestamp"]).timestamp() > time.time() + 86_400 * 8
