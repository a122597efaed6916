"""PagerDuty's contract, seen from the desk: what an event holds at most, whom it goes to, and when it is tried again (R37, contracts §1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from roomdesk.channels.pagerduty.errors import Answered, Awaited, NotConfigured, Unreachable
from roomdesk.channels.pagerduty.event import BYTES, SUMMARY, Trigger, follow_up, trigger
from roomdesk.channels.pagerduty.retry import retry_delay
from roomdesk.channels.pagerduty.routing import key_of, keys_of, route_for
from tests.fakes.pagerduty import KEY, _problems

pytestmark = pytest.mark.part_of("R37")
AT = datetime(2026, 3, 8, 1, 0, tzinfo=UTC)


def told(**changed: object) -> Trigger:
    given = {"summary": "P0 · BC-1042", "source": "desk.example", "severity": "critical", "at": AT, **changed}
    return Trigger(**given)  # type: ignore[arg-type]


def event(one: Trigger, key: str = "roomdesk:page:1") -> dict[str, object]:
    """As it goes out, and as PagerDuty would take it."""
    body = trigger(one, routing_key=KEY, key=key)
    found: dict[str, object] = json.loads(body)
    assert list(_problems(found, body)) == []
    return found


def test_a_summary_is_cut_within_the_limit_and_says_so() -> None:
    payload = event(told(summary="ж" * 5000))["payload"]
    assert isinstance(payload, dict)
    assert len(payload["summary"]) == SUMMARY and payload["summary"].endswith("ж…")


def test_details_that_are_too_long_give_way_and_the_event_goes_out() -> None:
    payload = event(told(details={"words": "ж" * BYTES}))["payload"]
    assert isinstance(payload, dict)
    assert list(payload["custom_details"]) == ["error"] and payload["severity"] == "critical"


def test_a_time_has_its_zone_and_what_is_empty_is_left_out() -> None:
    payload = event(told())["payload"]
    assert payload == {
        "summary": "P0 · BC-1042", "source": "desk.example", "severity": "critical", "timestamp": "2026-03-08T01:00:00.000+00:00"
    }  # fmt: skip
    assert json.loads(follow_up("resolve", routing_key=KEY, key="k")) == {
        "routing_key": KEY, "event_action": "resolve", "dedup_key": "k"
    }  # fmt: skip


@pytest.mark.parametrize(("severity", "key"), [("fatal", "k"), ("critical", ""), ("critical", "k" * 256)])
def test_what_pagerduty_would_refuse_is_not_written(severity: str, key: str) -> None:
    with pytest.raises(ValueError, match="no severity of PagerDuty"):
        trigger(told(severity=severity), routing_key=KEY, key=key)


def test_product_and_severity_choose_the_routing_and_then_the_product_and_then_the_one_for_all() -> None:
    one, two, three = ("A" * 32, "B" * 32, "C" * 32)
    routing = f"bos/critical={one} bos={two} {three}"
    assert route_for(routing, "bos", "critical") == "bos/critical"
    assert route_for(routing, "bos", "warning") == "bos"
    assert route_for(routing, "power-omni", "critical") == "*"
    assert route_for(f"bos={two}", "power-omni", "critical") == "" == route_for(None, "bos", "critical")
    assert [key_of(routing, name) for name in ("bos/critical", "bos", "*", "gone")] == [one, two, three, ""]
    assert keys_of(routing) == [one, two, three]


def test_outages_and_time_outs_are_tried_again_with_growing_waits_that_differ() -> None:
    for error in (Unreachable("ReadTimeout"), Answered(500, ""), Answered(503, ""), Answered(408, "")):
        waits = [retry_delay(error, attempt, "row") for attempt in range(1, 12)]
        assert all(wait is not None for wait in waits)
        seconds = [wait.total_seconds() for wait in waits if wait is not None]
        assert 0.75 <= seconds[0] <= 1 and all(later > earlier for earlier, later in pairwise(seconds[:7]))
        assert all(45 <= one <= 60 for one in seconds[7:])
    assert retry_delay(Answered(500, ""), 5, "row") != retry_delay(Answered(500, ""), 5, "another")


def test_a_429_waits_longer_and_as_long_as_it_asks_for() -> None:
    first, asked = retry_delay(Answered(429, ""), 1, "row"), Answered(429, "", timedelta(seconds=170))
    assert first is not None and first >= timedelta(seconds=15)
    assert retry_delay(asked, 1, "row") == timedelta(seconds=170)


def test_a_refusal_is_not_repeated_and_an_answer_of_staff_is_waited_for() -> None:
    for status in (400, 401, 403, 404, 413):
        assert retry_delay(Answered(status, ""), 1, "row") is None
    assert retry_delay(NotConfigured("none"), 1, "row") is None
    assert retry_delay(Awaited("An answer waits."), 50, "row") == timedelta(seconds=1)
    assert retry_delay(ValueError("a fault of our own"), 8, "row") is None
