"""The header Idempotency-Key on POST: a repeat gets the answer of the first, and nothing is done twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from roomdesk.queues import requests
from roomdesk.refusals import Invalid
from roomdesk.web.api.auth import viewer_of

HEADER = "Idempotency-Key"
LONGEST = 200


def answer_once(request: HttpRequest, now: datetime, act: Callable[[], tuple[int, Any]]) -> HttpResponse:
    """Answers a POST with what `act` returns (status and JSON value), at most once for each key of a token.

    Without the header it is simply done. `act` must be the inner part of a service: the transaction is opened here.
    Conflict (409): the same key with another request. The header `Idempotent-Replayed: true` marks a repeat.
    """
    key = request.headers.get(HEADER)
    done = requests.once(viewer_of(request).name, check_key(key), _digest(request), now, lambda: _rendered(act()))
    response = HttpResponse(done.body, status=done.status, content_type="application/json; charset=utf-8")
    if done.is_repeat:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def check_key(key: str | None) -> str | None:
    """A key of visible ASCII characters, at most `LONGEST`, or none."""
    if key is not None and not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise Invalid(f"The header {HEADER} must hold 1 to {LONGEST} visible ASCII characters.", field=HEADER)
    return key


def _rendered(result: tuple[int, Any]) -> tuple[int, str]:
    status, value = result
    return status, orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()


def _digest(request: HttpRequest) -> str:
    """What makes a request the same: method, address and body."""
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + request.body).hexdigest()
