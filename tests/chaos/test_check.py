"""The order that the kills are judged by can be broken, and what was said at the same time cannot break it."""

from __future__ import annotations

from typing import Any

from tests.chaos.check import Spans, _in_order


def room(*events: str) -> list[dict[str, Any]]:
    return [
        {"event_id": event, "origin_server_ts": (number + 1) * 1000, "content": {"body": event}}
        for number, event in enumerate(events)
    ]


def wrong(record: list[str], events: list[dict[str, Any]], spans: Spans | None = None) -> list[str]:
    return list(_in_order([(event,) for event in record], events, spans or {}))


def test_the_rooms_order_is_right() -> None:
    assert wrong(["a", "b", "c"], room("a", "b", "c")) == []


def test_what_was_taken_earlier_may_not_stand_behind() -> None:
    assert wrong(["b", "a", "c"], room("a", "b", "c")) == [
        "'a' was taken 1.000 s before 'b' was said and stands behind it"
    ]
    assert len(wrong(["b", "c", "a"], room("a", "b", "c"), {"a": (1, 2.9), "b": (2, 3), "c": (3, 4)})) == 1


def test_what_was_said_at_the_same_time_has_no_order() -> None:
    assert wrong(["b", "a"], room("a", "b"), {"a": (1.0, 2.0), "b": (1.5, 1.8)}) == []


def test_what_only_one_of_both_holds_is_told() -> None:
    assert wrong(["a"], room("a", "b")) == ["the room holds b, the record does not"]
    assert wrong(["a", "b"], room("a")) == ["the record holds b, the room does not"]
