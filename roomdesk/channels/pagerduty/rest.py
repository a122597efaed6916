"""Reading PagerDuty's REST API, with a read-only key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from roomdesk.channels.pagerduty.errors import Answered, Unreachable
from roomdesk.runtime import http

DEFAULT_URL = "https://api.pagerduty.com"
_TIMEOUT = 10.0


def get(url: str | None, token: str, path: str, params: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The answer's JSON. Raises `PagerDutyError`, also for an answer that is none."""
    headers = {"authorization": f"Token token={token}", "accept": "application/vnd.pagerduty+json;version=2"}
    try:
        with http.client(role="pagerduty", timeout=_TIMEOUT, sensitive=True, headers=headers) as client:
            answer = client.get(f"{url or DEFAULT_URL}{path}", params=list(params))
    except httpx.HTTPError as error:
        raise Unreachable(f"PagerDuty could not be reached ({type(error).__name__}).") from error
    if answer.status_code != 200:
        raise Answered(answer.status_code, " ".join(answer.text.split())[:300])
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unreachable("PagerDuty answered with something that is not of its REST API.")
    return found
