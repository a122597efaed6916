"""What a day has come to, told by names instead of numbers: two days that went alike are told alike."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

from tests.day.story import SOFIA, Day, script

_CASES = """
SELECT c.id, c.ref, w.slug, c.kind, c.severity, c.state, p.slug, c.p0_at IS NOT NULL, c.is_restricted, c.cycle,
       m.ref, c.snoozed_until IS NOT NULL
FROM cases_case c JOIN directory_workspace w ON w.id = c.workspace_id
LEFT JOIN directory_person p ON p.id = c.assignee_id LEFT JOIN cases_case m ON m.id = c.merged_into_id
WHERE w.slug LIKE %s ORDER BY c.id
"""
_MESSAGES = """
SELECT m.external_id, c.ref, m.why_code, m.author_kind, m.redacted_at IS NOT NULL FROM record_message m
LEFT JOIN cases_case c ON c.id = m.case_id WHERE m.external_id = ANY(%s) AND m.kind <> 'reaction' ORDER BY m.at, m.id
"""
_CLOCKS = """
SELECT k.kind, y.number, k.state, k.severity, k.due_at, k.paused_at IS NOT NULL, k.caused_by FROM clocks_clock k
JOIN cases_casecycle y ON y.id = k.cycle_id WHERE k.case_id = %s ORDER BY y.number, k.kind, k.id
"""
_NOTICES = """
SELECT once, external_id FROM queues_outboxrow
WHERE destination LIKE 'matrix:room:%%-' || %s AND kind = 'send' AND once IS NOT NULL AND case_id = %s ORDER BY id
"""


def outcome(day: Day) -> dict[str, Any]:
    """Cases, where each message went, clocks, notices, answers to staff."""
    rows = day.installation.rows
    names = {event: name for name, event in day.events.items()}
    messages = rows(_MESSAGES, list(names))
    first: dict[str, str] = {}
    for event, ref, _, kind, _ in messages:
        if ref and kind == "customer":
            first.setdefault(ref, names[event])
    found = rows(_CASES, f"%-{day.name}")
    refs = {ref: first.get(ref, "?") for _, ref, *_ in found}
    # A merged case has no message of its own any more to be called by; its opening has.
    refs |= {ref: names[root] for ref, root in _roots(day, list(refs)) if root in names}
    return {
        "cases": {refs[row[1]]: _case(day, row, refs) for row in found},
        "messages": {
            names[event]: f"{refs[ref] if ref else '-'} {code}{' removed' if gone else ''}"
            for event, ref, code, _, gone in messages
        },
        # Whether somebody has a room for direct messages already is of the installation, not of the day.
        "answers": {
            step["id"]: _answers(day, step, refs)
            for step in script()
            if "order" in step and step["order"] != "!desk direct"
        },
        "polite": _polite(day),
    }


def _roots(day: Day, refs: list[str]) -> list[tuple[str, str]]:
    return day.installation.rows("SELECT ref, root_event_id FROM cases_case WHERE ref = ANY(%s)", refs)  # type: ignore[return-value]


def _case(day: Day, row: tuple[Any, ...], refs: dict[str, str]) -> dict[str, Any]:
    pk, _, slug, kind, severity, state, assignee, p0, restricted, cycle, merged, snoozed = row
    marks = [name for name, is_so in (("p0", p0), ("restricted", restricted), ("snoozed", snoozed)) if is_so]
    return {
        "workspace": slug.removesuffix(f"-{day.name}"),
        "is": f"{kind} {severity} {state}",
        "assignee": assignee,
        "marks": " ".join(marks),
        "cycle": cycle,
        "merged_into": refs[merged] if merged else None,
        "clocks": [_clock(day, one) for one in day.installation.rows(_CLOCKS, pk)],
        "notices": _notices([_bare(once) for once, _ in day.installation.rows(_NOTICES, day.name, pk)]),
    }


def _clock(day: Day, row: tuple[Any, ...]) -> str:
    kind, cycle, state, severity, due, paused, caused = row
    words = [f"{kind} {cycle}", state, severity, _quarter(day, due)]
    return " ".join([*words, *(["paused"] if paused else []), *([f"by {caused}"] if caused else [])])


def _quarter(day: Day, at: datetime | None) -> str:
    """Days from this one and the quarter of an hour on the office's clock: as exact as a day that is played can be."""
    if at is None:
        return "never"
    local = at.astimezone(SOFIA)
    local -= timedelta(minutes=local.minute % 15)
    return f"+{(local.date() - day.date).days} {local:%H:%M}"


def _notices(said: list[str]) -> list[str]:
    """The checklist once, however often it was edited: what has not left yet is changed where it waits."""
    lists = {"checklist" for one in said if one.startswith("checklist")}
    return sorted([*lists, *(one for one in said if not one.startswith("checklist"))])


def _bare(once: str) -> str:
    """`opened` of `case:12:1:opened`."""
    return re.sub(r"^case:\d+:(\d+:)?", "", once)


def _answers(day: Day, step: dict[str, Any], refs: dict[str, str]) -> list[str]:
    """What the desk answered to a command, as its author reads it: a sign, or the first line."""
    event = day.events[step["id"]]
    rows = day.installation.rows(
        "SELECT payload FROM queues_outboxrow WHERE once = %s AND state = 'sent'", f"control:answer:{event}"
    )
    found = [json.loads(payload)["content"] for (payload,) in rows]
    said = [content.get("body") or content["m.relates_to"]["key"] for content in found]
    return [_named(text.splitlines()[0], refs) for text in said]


def _named(text: str, refs: dict[str, str]) -> str:
    text = re.sub(r"^\d+ · \w+ \d\d:\d\d", "number · time", text)
    return re.sub(r"\b[A-Z]{2,4}-\d+\b", lambda found: f"<{refs.get(found[0], '?')}>", text)


def _polite(day: Day) -> dict[str, int]:
    """How often a customer was told whom commands are for."""
    sql = "SELECT destination FROM queues_outboxrow WHERE once LIKE 'customer_command:%%' AND destination LIKE '%%-' || %s"
    found: dict[str, int] = {}
    for (where,) in day.installation.rows(sql, day.name):
        slug = where.rpartition(":")[2].removesuffix(f"-{day.name}")
        found[slug] = found.get(slug, 0) + 1
    return found


def delivered_twice(day: Day) -> list[str]:
    """Notices of the desk that a customer's client has more than once."""
    found = []
    for client in day.clients.values():
        ours = [e for e in client.delivered if e["type"] == "m.room.message" and e["sender"].startswith("@support:")]
        markers = [
            e["content"]["solutions.roomdesk.id"] for e in {e["event_id"]: e for e in ours}.values() if e["content"]
        ]
        found += [marker for marker in set(markers) if markers.count(marker) > 1]
    return found
