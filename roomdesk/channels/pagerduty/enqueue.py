"""One event to PagerDuty's Events API v2."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

from roomdesk.channels.pagerduty.errors import Answered, Unreachable
from roomdesk.runtime.short_calls import OUTAGES, Answer, ShortCalls

DEFAULT_URL = "https://events.pagerduty.com"
#: Seconds for each phase: whoever waits longer calls too late by this way.
TIMEOUT = 5.0
_EXCERPT = 300
_HEADERS = [("Content-Type", "application/json")]


def enqueue(url: str | None, body: bytes) -> int:
    """Hands the event over; gives the status of the success, 202. Raises `PagerDutyError`.

    Repeated with the same key it adds to the incident that is open, and opens none beside it.
    """
    # The key in the body is the credential. Every call has a connection of its own: one that was kept may be dead when it is needed.
    calls = ShortCalls(role="pagerduty", base_url=url or DEFAULT_URL, timeout=TIMEOUT, sensitive=True)
    try:
        with closing(calls):
            answer = calls.request("POST", "/v2/enqueue", headers=_HEADERS, content=body)
    except OUTAGES as error:
        raise Unreachable(f"PagerDuty could not be reached ({type(error).__name__}).") from error
    if answer.status == 202:
        return answer.status
    raise Answered(answer.status, " ".join(answer.text.split())[:_EXCERPT], _asked(answer))


def _asked(answer: Answer) -> timedelta:
    value = answer.headers.get("retry-after", "")
    return timedelta(seconds=min(int(value), 3600)) if value.isdigit() and len(value) < 10 else timedelta()
