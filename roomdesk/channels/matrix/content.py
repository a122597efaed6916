"""The payload of an outbox row as it leaves: references to earlier rows filled in, nothing in it that Matrix refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from roomdesk.channels.matrix.errors import Refused
from roomdesk.queues.models import OutboxRow

#: `{"$after": "event_id"}` stands for a value of the row that this one waits for.
PLACEHOLDER = "$after"
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Parent:
    """What became of the row before: its values, none where it was given up."""

    values: dict[str, Any]

    @classmethod
    def of(cls, row: OutboxRow) -> Parent:
        after = row.after
        if after is None or after.state != OutboxRow.State.SENT:
            return cls({})
        # Confirmed by its echo alone, a row knows no more than its event id.
        known = {"event_id": after.external_id, "room_id": after.external_id} if after.external_id else {}
        return cls({**known, **(json.loads(after.result) if after.result else {})})


def resolve(payload: dict[str, Any], parent: Parent) -> dict[str, Any]:
    """The payload with references filled in.

    In an event's content a relation to a row that was given up is left out, so that the text goes alone (D27); an edit
    becomes the text that it would have made. Anywhere else a missing value is refused for good.
    """
    content = payload.get("content")
    rest = _required({name: value for name, value in payload.items() if name != "content"}, parent)
    return rest if content is None else {**rest, "content": _content(content, parent)}


def _content(content: dict[str, Any], parent: Parent) -> dict[str, Any]:
    filled = {name: _filled(value, parent) for name, value in content.items()}
    if filled.get("m.relates_to") is _MISSING and isinstance(filled.get("m.new_content"), dict):
        filled = dict(filled["m.new_content"])
    return {name: value for name, value in filled.items() if value is not _MISSING}


def _required(value: dict[str, Any], parent: Parent) -> dict[str, Any]:
    filled = {name: _filled(part, parent) for name, part in value.items()}
    if _MISSING in filled.values():
        raise Refused("What this call builds on was given up, so it cannot be made; look at the failed row before it.")
    return filled


def _filled(value: Any, parent: Parent) -> Any:
    """The value with references replaced, or `_MISSING` where one of them has none."""
    if isinstance(value, dict) and set(value) == {PLACEHOLDER}:
        return parent.values.get(value[PLACEHOLDER], _MISSING)
    if isinstance(value, dict):
        filled = {name: _filled(part, parent) for name, part in value.items()}
        return _MISSING if any(part is _MISSING for part in filled.values()) else filled
    if isinstance(value, list):
        items = [_filled(part, parent) for part in value]
        return _MISSING if any(part is _MISSING for part in items) else items
    return value


def check_numbers(value: Any) -> None:
    """Matrix knows whole numbers only; one other makes the homeserver refuse the event after it seemed fine here."""
    if isinstance(value, float):
        raise Refused(f"A number with a fraction ({value}) cannot be sent in Matrix; send it as text.")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        raise Refused(f"The number {value} is too large for Matrix; send it as text.")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        check_numbers(part)
