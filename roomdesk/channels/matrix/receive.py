"""Reading an appservice transaction: identity and urgency of its events, nothing else (D26).

What is valid is kept whatever stands beside it; what cannot be worked on is kept too, set aside visibly.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from roomdesk.channels.matrix.split import split_events
from roomdesk.queues.inbox import Arrival
from roomdesk.rules.first_word import is_p0

SOURCE = "matrix"
#: Matrix ids have at most 255 bytes (spec, appendices "Common identifier format").
_ID = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}")


class BadTransaction(Exception):
    """The body is JSON but no transaction."""

    errcode = "M_BAD_JSON"


class NotJson(BadTransaction):
    """The body is not JSON."""

    errcode = "M_NOT_JSON"


class _Unkeepable(ValueError):
    """JSON that Python cannot hold, such as 1e400."""


def read_transaction(body: bytes, bot: str = "") -> list[Arrival]:
    """The events of a transaction in their order. Raises `NotJson` or `BadTransaction`, nothing else.

    `bot`: the user id whose messages are never urgent.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson("The body is not UTF-8 text.") from error
    return [_arrival(raw, event, problem, bot) for raw, event, problem in _events(text)]


def arrival(event: object, bot: str = "") -> Arrival:
    """One event that was fetched instead of pushed."""
    try:
        return _arrival(json.dumps(event, allow_nan=False), event, "", bot)
    except (RecursionError, ValueError) as error:
        return _arrival(json.dumps(repr(event)[:10_000]), None, f"This event cannot be read ({error}).", bot)


def _events(text: str) -> list[tuple[str, object, str]]:
    """(raw text, parsed, problem) of each event."""
    try:
        return [(json.dumps(event), event, "") for event in _list(_load(text))]
    except json.JSONDecodeError as error:
        raise NotJson(f"The body is not JSON ({error.msg}).") from error
    except (RecursionError, ValueError):
        return _one_by_one(text)


def _list(transaction: object) -> list[Any]:
    if not isinstance(transaction, dict):
        raise BadTransaction("The body is not a JSON object.")
    events = transaction.get("events")
    if not isinstance(events, list):
        raise BadTransaction('The body has no list "events".')
    return events


def _one_by_one(text: str) -> list[tuple[str, object, str]]:
    """One event nested without end, or with a number beyond all bounds, must not take the others with it."""
    parts = split_events(text)
    if parts is None:
        raise BadTransaction('The body has no list "events".')
    return [_single(part) for part in parts]


def _single(part: str) -> tuple[str, object, str]:
    try:
        event = _load(part)
        return json.dumps(event), event, ""
    except (RecursionError, ValueError) as error:
        return _ascii(part), None, f"This event cannot be read ({error})."


def _load(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)


def _refuse_constant(name: str) -> object:
    raise json.JSONDecodeError(f"{name} is no JSON number", name, 0)


def _finite(digits: str) -> float:
    number = float(digits)
    if number - number != 0:
        raise _Unkeepable("a number is too large")
    return number


def _ascii(text: str) -> str:
    """The same JSON with every other character escaped; NUL would not be stored."""
    return re.sub(r"[^\x01-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)


def _arrival(raw: str, event: object, problem: str, bot: str) -> Arrival:
    problem = problem or _problem(event)
    if problem or not isinstance(event, dict):
        digest = hashlib.sha256(raw.encode()).hexdigest()
        return Arrival(SOURCE, f"malformed:{digest}", "", raw, problem=problem)
    urgent, is_state = _is_urgent(event, bot), "state_key" in event
    return Arrival(SOURCE, event["event_id"], event["room_id"], raw, is_urgent=urgent, is_patient=is_state)


def _problem(event: object) -> str:
    if not isinstance(event, dict):
        return "This event is not a JSON object."
    wrong = [name for name in ("event_id", "room_id") if not _is_id(event.get(name))]
    return f"This event has no usable {' and no usable '.join(wrong)}." if wrong else ""


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _is_urgent(event: dict[str, Any], bot: str) -> bool:
    """Whether the first word makes it a P0. Whatever goes wrong here must not keep the event out: then it is not urgent."""
    try:
        return event.get("type") == "m.room.message" and event.get("sender") != bot and _says_p0(event["content"])
    except Exception:  # noqa: BLE001 - storing goes before looking
        return False


def _says_p0(content: dict[str, Any]) -> bool:
    if content.get("msgtype") == "m.notice":
        return False
    return is_p0(content["body"], content.get("formatted_body"))
