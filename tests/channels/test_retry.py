"""When a call is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from roomdesk.channels.matrix.errors import (
    AliasTaken,
    Forbidden,
    MatrixError,
    RateLimited,
    Refused,
    Unreachable,
    from_answer,
)
from roomdesk.channels.matrix.retry import LONGEST, OWN_FAULTS, retry_delay


@pytest.mark.parametrize(
    ("status", "body", "again"),
    [
        (400, {"errcode": "M_BAD_JSON", "error": "x"}, False),
        (403, {"errcode": "M_FORBIDDEN"}, False),
        (404, {"errcode": "M_NOT_FOUND"}, False),
        (413, {"errcode": "M_TOO_LARGE"}, False),
        (408, {"errcode": "M_UNKNOWN"}, True),
        (425, {"errcode": "M_UNKNOWN"}, True),
        (429, {"errcode": "M_LIMIT_EXCEEDED"}, True),
        (401, {"errcode": "M_UNKNOWN_TOKEN"}, True),
        (404, None, True),
        (404, "a proxy's page", True),
        (403, {"error": "no errcode: not Matrix"}, True),
        (200, None, True),
        (500, {"errcode": "M_UNKNOWN"}, True),
        (502, None, True),
        (503, {"errcode": "M_UNKNOWN"}, True),
    ],
)
def test_which_answers_are_final(status: int, body: object, again: bool) -> None:
    assert (retry_delay(from_answer(status, body), 1, "key") is not None) is again


def test_errors_have_their_class_and_a_sentence() -> None:
    assert type(from_answer(403, {"errcode": "M_FORBIDDEN", "error": "No."})) is Forbidden
    assert type(from_answer(400, {"errcode": "M_ROOM_IN_USE"})) is AliasTaken
    assert type(from_answer(500, [])) is MatrixError
    assert (
        str(from_answer(403, {"errcode": "M_FORBIDDEN", "error": "No."}))
        == "The homeserver answered 403 M_FORBIDDEN: No."
    )


@pytest.mark.parametrize(
    ("body", "header", "wanted"),
    [
        ({"retry_after_ms": 90_000}, "", 90.0),
        ({}, "7", 7.0),
        ({"retry_after_ms": "x"}, "", 0.0),
        ({"retry_after_ms": -1}, "", 0.0),
        ({"retry_after_ms": True}, "", 0.0),
        ({"retry_after_ms": 10**12}, "", 0.0),
        ({}, "Fri, 1 Jan", 0.0),
    ],
)
def test_a_rate_limit_says_how_long(body: dict[str, object], header: str, wanted: float) -> None:
    error = from_answer(429, body, header)
    assert isinstance(error, RateLimited) and error.retry_after == timedelta(seconds=wanted)
    delay = retry_delay(error, 1, "key")
    assert delay is not None and delay >= error.retry_after


def test_outages_are_waited_for_without_end_up_to_a_minute_each() -> None:
    delays = [retry_delay(Unreachable("ConnectError"), attempt, "key") for attempt in (*range(1, 12), 1000, 10**9)]
    seconds = [delay.total_seconds() for delay in delays if delay is not None]
    assert len(seconds) == 13 and 0.3 < seconds[0] <= 0.5 and seconds[1] > seconds[0]
    assert all(LONGEST.total_seconds() * 0.75 <= value <= LONGEST.total_seconds() for value in seconds[7:])


def test_the_same_row_waits_the_same_time_and_others_another() -> None:
    delays = {retry_delay(Unreachable("x"), 5, f"key-{number % 40}") for number in range(80)}
    assert 20 < len(delays) <= 40


def test_our_own_refusal_is_final_and_an_unknown_fault_soon() -> None:
    assert retry_delay(Refused("No."), 1, "key") is None
    assert retry_delay(KeyError("x"), 1, "key") is not None
    assert retry_delay(KeyError("x"), OWN_FAULTS, "key") is None
