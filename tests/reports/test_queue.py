"""The queue as staff ask for it: in the rule's order, from real rows, at a fixed cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roomdesk.cases.models import Case
from roomdesk.cases.narrowing import Narrow
from roomdesk.cases.queue import place_of, queue
from roomdesk.directory.errors import NotFound
from roomdesk.runtime.clock import Frozen
from tests.cases_api.place import Rest, command, nothing_changes, token, told
from tests.reports.made_up import ALL, NOW, case, many, viewer


def ago(minutes: float) -> dict[str, object]:
    return {"begun": NOW - timedelta(minutes=minutes)}


def due(minutes: float, **more: object) -> dict[str, object]:
    return {"due_at": NOW + timedelta(minutes=minutes), **more}


ENDLESS = {"target_kind": "none", "target_amount": "", "due_at": None}


def refs(found: object) -> list[str]:
    return [one.ref for one in found.cases]  # type: ignore[attr-defined]


def test_basic_by_arrival_enterprise_by_due_time_p0_first(desk: Frozen) -> None:
    """S3: Basic has no promise, only its place in the queue (R23)."""
    basic = [case("core", ENDLESS, **ago(age)) for age in (50, 40, 30)]
    late = case("beta", due(-3), **ago(5))
    soon = case("beta", due(20), due(4, kind="resolution"), **ago(20))
    aimed = case("beta", due(-500, is_soft=True), **ago(5))
    urgent = case("core", ENDLESS, p0_at=NOW, **ago(1))
    found = queue(ALL, NOW, product="power-omni")
    assert refs(found) == [one.ref for one in (urgent, late, aimed, soon, *basic)]
    codes = [place.why.code for place in found.places.values()]
    assert codes == ["p0", "late", "due", "due", "arrival", "arrival", "arrival"]
    assert [place_of(one, NOW).position for one in basic] == [5, 6, 7]  # type: ignore[union-attr]


def test_what_runs_no_more_presses_no_more(desk: Frozen) -> None:
    """Met, paused and cancelled clocks give no place; the others of the case do."""
    ended = [due(-9, state="met", stopped_at=NOW), due(-8, kind="update", state="cancelled")]
    met = case("acme", *ended, last_staff_at=NOW, **ago(99))
    paused = case("acme", due(-7, state="breached", paused_at=NOW), **ago(98))
    running = case("acme", *ended, due(60, kind="resolution"), **ago(1))
    assert refs(queue(ALL, NOW)) == [running.ref, paused.ref, met.ref]
    assert [place.why.code for place in queue(ALL, NOW).places.values()] == ["due", "arrival", "answered"]


def test_what_waits_for_others_and_what_is_snoozed_comes_behind(desk: Frozen) -> None:
    snoozed = case("acme", due(-60), snoozed_until=NOW + timedelta(hours=1))
    waiting = case("acme", due(-50), state="waiting_customer")
    third = case("acme", due(50), state="waiting_third_party")
    assert refs(queue(ALL, NOW)) == [third.ref, waiting.ref, snoozed.ref]
    assert refs(queue(ALL, NOW + timedelta(hours=2)))[0] == snoozed.ref, "a snooze ends by itself"


def test_a_reopened_case_arrives_when_it_was_reopened(desk: Frozen) -> None:
    first = case("core", ENDLESS, **ago(30))
    reopened = case("core", ENDLESS, cycle=2, opened_at=NOW - timedelta(days=9), **ago(10))
    assert refs(queue(ALL, NOW)) == [first.ref, reopened.ref]


def test_only_open_cases_wait(desk: Frozen) -> None:
    for state in ("resolved", "closed", "merged", "deflected"):
        closed = case("acme", due(5), state=state)
    assert refs(queue(ALL, NOW)) == []
    assert place_of(closed, NOW) is None


def test_positions_count_cases_that_somebody_else_sees(desk: Frozen) -> None:
    secret, known = case("acme", due(5), is_restricted=True), case("acme", due(6))
    other = case("beta", due(1))
    found = queue(viewer("ivan"), NOW)
    assert refs(found) == [known.ref]
    assert [place.position for place in found.places.values()] == [2]
    assert refs(queue(viewer("lea"), NOW)) == [other.ref, secret.ref, known.ref]
    assert refs(queue(viewer("lea"), NOW, narrow=Narrow(workspace="beta"))) == [other.ref]
    assert refs(queue(viewer("olga-beta"), NOW)) == [other.ref]


def test_pages_meet_though_the_queue_moves(desk: Frozen) -> None:
    made = [case("acme", due(minutes)).ref for minutes in range(5)]
    first = queue(ALL, NOW, limit=2)
    Case.objects.filter(ref__in=made[:2]).update(state="closed")
    second = queue(ALL, NOW, limit=2, after=first.next)
    third = queue(ALL, NOW, limit=2, after=second.next)
    assert refs(first) + refs(second) + refs(third) == made
    assert (third.next, third.total) == ("", 3)


@pytest.mark.parametrize("after", ["x", "~" * 5, "1~2~3", "²~0~0~0~0~0", "-~0~0~0~0~0", "--1~0~0~0~0~0", "9" * 200])
def test_a_key_that_is_none_begins_at_the_front(desk: Frozen, after: str) -> None:
    made = case("acme", due(5))
    assert refs(queue(ALL, NOW, after=after)) == [made.ref]


def test_rest_and_command_tell_the_same(desk: Frozen) -> None:
    one, other = case("core", ENDLESS, **ago(5)), case("acme", due(9))
    rest = Rest(token("reader", "cases:read"))
    found = rest.get("queue").json()
    assert told("case", "queue") == found
    assert [(item["case"]["ref"], item["position"]) for item in found["items"]] == [(other.ref, 1), (one.ref, 1)]
    assert found["items"][1]["why"]["code"] == "arrival"
    assert [item["case"]["ref"] for item in rest.get("queue?product=power-omni").json()["items"]] == [one.ref]
    page = rest.get("queue?limit=1").json()
    assert [item["case"]["ref"] for item in rest.get(f"queue?after={page['next']}").json()["items"]] == [one.ref]
    words = command("case", "queue", "--product", "power-omni").stdout
    assert one.ref in words and "such cases come by arrival" in words


def test_refusals(desk: Frozen) -> None:
    rest, limited = Rest(token("reader", "cases:read")), Rest(token("acme", "cases:read", workspace="acme"))
    with nothing_changes():
        answers = [rest.get(f"queue?{asked}") for asked in ("product=x", "after=x", "limit=0", "tier=x")]
        assert limited.get("queue").status_code == 403
        done = command("case", "queue", "--product", "nothing")
    assert [answer.status_code for answer in answers] == [404, 422, 422, 422]
    assert (done.exit_code, done.stdout) == (1, "")
    with pytest.raises(NotFound):
        queue(ALL, NOW, product="a\0b")


def test_ten_thousand_open_cases_cost_as_many_queries_as_few(desk: Frozen) -> None:
    case("acme", due(5))
    case("beta", due(5))
    viewers = (ALL, viewer("tiago"))
    few = [_queries(one) for one in viewers]
    for slug in ("acme", "beta"):
        many(case(slug, due(5), due(9, kind="resolution")), 5_000)
    assert queue(ALL, NOW).total == 10_004
    assert [_queries(one) for one in viewers] == few
    assert max(few) <= 4


def _queries(viewer: object) -> int:
    with CaptureQueriesContext(connection) as caught:
        queue(viewer, NOW)  # type: ignore[arg-type]
    return len(caught)
