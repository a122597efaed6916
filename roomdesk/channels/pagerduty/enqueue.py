"""One event to PagerDuty's Events API v2."""

from __future__ import annotations

from datetime import timedelta

import httpx

from roomdesk.channels.pagerduty.errors import Answered, Unreachable
from roomdesk.runtime import http

DEFAULT_URL = "https://events.pagerduty.com"
#: Seconds for each phase: whoever waits longer calls too late by this way.
TIMEOUT = 5.0
_EXCERPT = 300


def enqueue(url: str | None, body: bytes) -> int:
    """Hands the event over; gives the status of the success, 202. Raises `PagerDutyError`.

    Repeated with the same key it adds to the incident that is open, and opens none beside it.
    """
    headers = {"content-type": "application/json"}
    try:
        # The key in the body is the credential.
        with http.client(role="pagerduty", timeout=TIMEOUT, sensitive=True) as client:
            answer = client.post(f"{url or DEFAULT_URL}/v2/enqueue", content=body, headers=headers)
    except httpx.HTTPError as error:
        raise Unreachable(f"PagerDuty could not be reached ({type(error).__name__}).") from error
    if answer.status_code == 202:
        return answer.status_code
    raise Answered(answer.status_code, " ".join(answer.text.split())[:_EXCERPT], _asked(answer))


def _asked(answer: httpx.Response) -> timedelta:
    value = answer.headers.get("retry-after", "")
    return timedelta(seconds=min(int(value), 3600)) if value.isdigit() and len(value) < 10 else timedelta()
