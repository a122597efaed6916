"""What must be true after any catastrophe, as a list of what is not. One question a function, each able to fail."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.chaos.installation import Installation, Person

MARKER = "solutions.roomdesk.id"
CASE = "solutions.roomdesk.case"
ROOT = "solutions.roomdesk.root"

#: What was said in a workspace: event id → text.
Said = dict[str, str]

#: When it was first tried to say something, and when the homeserver had taken it, in seconds since 1970: event id → both.
Spans = dict[str, tuple[float, float]]


def problems(installation: Installation, said: dict[str, Said], reader: Person) -> list[str]:
    """Everything wrong with these workspaces, read by `reader`, who sits in their rooms. Nothing may be waiting any more."""
    found = [*_queues(installation), *_chain(installation)]
    control = reader.messages(installation.control)
    for slug, messages in said.items():
        room = reader.messages(installation.rooms[slug])
        found += [f"{slug}: {words}" for words in _workspace(installation, slug, messages, room)]
        found += [f"{slug}: {words}" for words in _cards(installation, slug, control)]
    return found


def _workspace(installation: Installation, slug: str, said: Said, room: list[dict[str, Any]]) -> Iterator[str]:
    record = installation.rows(
        "SELECT m.external_id, m.body, m.author_kind, m.number, m.case_id "
        "FROM record_message m JOIN directory_workspace w ON w.id = m.workspace_id "
        "WHERE w.slug = %s AND m.kind = 'message' ORDER BY m.number, m.id",
        slug,
    )
    yield from _each_once(said, record)
    yield from _in_order(record, room, {**_desk_spans(installation), **installation.spans})
    yield from _cases(installation, slug, record, room)


def _each_once(said: Said, record: list[tuple[Any, ...]]) -> Iterator[str]:
    """What clients said is on record, each once, with its text; nothing else by people is."""
    spoken = Counter(row[0] for row in record if row[2] != "desk")
    yield from (f"{event} ({said[event]}) is not on record" for event in said if event not in spoken)
    yield from (f"{event} is {count} times on record" for event, count in spoken.items() if count > 1)
    yield from (f"{event} is on record, nobody said it" for event in spoken if event not in said)
    yield from (f"{row[0]} has another text" for row in record if row[0] in said and said[row[0]] != row[1])
    numbers = Counter(row[3] for row in record)
    yield from (f"number {number} was given {count} times" for number, count in numbers.items() if count > 1)


def _in_order(record: list[tuple[Any, ...]], room: list[dict[str, Any]], spans: Spans) -> Iterator[str]:
    """The record has the room's order, the desk's own words and what a dead homeserver forgot included.

    Whatever was taken before something else was first tried stands before it. Of what was said at the same time the
    homeserver itself gives two orders: one live (by stream), one to who reads the room later (by depth); both are right.
    """
    ours, theirs = [row[0] for row in record], {event["event_id"]: event for event in room}
    yield from (f"the room holds {event}, the record does not" for event in theirs.keys() - set(ours))
    yield from (f"the record holds {event}, the room does not" for event in set(ours) - theirs.keys())
    latest, began = "", 0.0
    for event in (one for one in ours if one in theirs):
        at = theirs[event]["origin_server_ts"] / 1000
        first, taken = spans.get(event, (at, at))
        if taken < began:
            words = [theirs[one]["content"]["body"][:40] for one in (event, latest)]
            yield f"{words[0]!r} was taken {began - taken:.3f} s before {words[1]!r} was said and stands behind it"
        if first > began:
            latest, began = event, first


def _desk_spans(installation: Installation) -> Spans:
    """Between which times the homeserver took what the desk said."""
    rows = installation.rows(
        "SELECT external_id, extract(epoch FROM first_claimed_at), extract(epoch FROM confirmed_at) "
        "FROM queues_outboxrow WHERE kind = 'send' AND confirmed_at IS NOT NULL"
    )
    return {event: (float(first), float(taken)) for event, first, taken in rows}


def _cases(
    installation: Installation, slug: str, record: list[tuple[Any, ...]], room: list[dict[str, Any]]
) -> Iterator[str]:
    cases = installation.rows(
        "SELECT c.id, c.ref FROM cases_case c JOIN directory_workspace w ON w.id = c.workspace_id WHERE w.slug = %s",
        slug,
    )
    spoken = {row[4] for row in record if row[2] == "customer"}
    yield from (f"{ref} has no customer's message" for pk, ref in cases if pk not in spoken)
    yield from (f"{row[0]} belongs to no case" for row in record if row[2] == "customer" and row[4] is None)
    planned = {}
    for pk, ref in cases:
        rows = _outbox_notices(installation, pk)
        planned[ref] = len(rows)
        yield from (f"{ref}: {words}" for words in (*_clock(installation, pk), *_planned(rows)))
    # The head of the chain is said after midnight, whatever else is done at that hour: it is of no case.
    ours = [event for event in room if MARKER in event["content"] and ROOT not in event["content"]]
    yield from _notices(planned, ours)


def _clock(installation: Installation, case: int) -> Iterator[str]:
    clocks = installation.rows(
        "SELECT state FROM clocks_clock WHERE case_id = %s AND kind = 'first_response' AND state <> 'cancelled'", case
    )
    if [state in ("running", "met") for (state,) in clocks] != [True]:
        yield f"its first-response clocks are {clocks}, not one that runs or is met"


def _outbox_notices(installation: Installation, case: int) -> list[tuple[str, str, bool]]:
    """What the desk planned to say of the case to the customer: key, state, whether it came back."""
    return installation.rows(
        "SELECT once, state, confirmed_at IS NOT NULL FROM queues_outboxrow "
        "WHERE case_id = %s AND once IS NOT NULL AND destination LIKE 'matrix:room:%%'",
        case,
    )


def _planned(rows: list[tuple[str, str, bool]]) -> Iterator[str]:
    """Until when somebody answers is said once; what was planned beside it (what is asked for) is said too."""
    if sum(once.endswith(":opened") for once, _, _ in rows) != 1 or {row[1:] for row in rows} != {("sent", True)}:
        yield f"its notices in the outbox are {rows}, not one of its opening, each sent and confirmed"


def _notices(planned: Mapping[str, int], ours: list[dict[str, Any]]) -> Iterator[str]:
    """As many notices of each case as were planned, as the room has it, and no marker and no text twice for one case."""
    by_case = Counter(event["content"].get(CASE) for event in ours)
    yield from (
        f"{ref} has {by_case[ref]} notices in the room, not {count}"
        for ref, count in sorted(planned.items())
        if by_case[ref] != count
    )
    yield from (f"the room has a notice of {ref}, which is no case" for ref in by_case if ref not in planned)
    yield from _twice("marker", (event["content"][MARKER] for event in ours))
    yield from _twice("text", (json.dumps([event["content"].get(CASE), event["content"]["body"]]) for event in ours))


def _cards(installation: Installation, slug: str, control: list[dict[str, Any]]) -> Iterator[str]:
    """One card for each case in the control room, and nothing in its thread twice; what it shows now is what the case is."""
    cases = installation.rows(
        "SELECT c.id, c.ref, t.shown, t.root_event_id, c.state FROM cases_case c "
        "JOIN directory_workspace w ON w.id = c.workspace_id LEFT JOIN control_thread t ON t.case_id = c.id "
        "WHERE w.slug = %s",
        slug,
    )
    for _, ref, shown, root, state in cases:
        cards = [event for event in control if _is_card(event, ref)]
        if [event["event_id"] for event in cards] != [root]:
            yield f"{ref} has {len(cards)} cards in the control room, and the thread of {root}"
            continue
        about = [event["content"] for event in control if _relation(event).get("event_id") == root]
        edits = [content["m.new_content"]["body"] for content in about if "m.new_content" in content]
        newest = edits[-1] if edits else cards[0]["content"]["body"]
        if newest != shown or state.capitalize() not in newest:
            yield f"{ref} is {state}, and its card shows {newest!r} where the desk means {shown!r}"
        yield from _twice("marker", (content[MARKER] for content in about if MARKER in content))
        told = (content["body"] for content in about if "m.new_content" not in content and MARKER in content)
        yield from _twice("text", (f"{ref}: {text}" for text in told))


def _is_card(event: dict[str, Any], ref: str) -> bool:
    content = event["content"]
    return MARKER in content and not _relation(event) and str(content.get("body", "")).startswith(f"{ref} ")


def _relation(event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = event["content"].get("m.relates_to", {})
    return found


def _twice(what: str, values: Iterable[str]) -> Iterator[str]:
    yield from (
        f"the {what} {value} is {count} times in the room" for value, count in Counter(values).items() if count > 1
    )


def _queues(installation: Installation) -> Iterator[str]:
    aside = installation.rows("SELECT id, reason FROM queues_inboxevent WHERE state = 'set_aside'")
    yield from (f"inbox event {pk} is set aside: {reason}" for pk, reason in aside)
    if pending := installation.pending():
        yield f"{pending} events wait in the inbox"
    rows = installation.rows(
        "SELECT id, kind, state, last_error FROM queues_outboxrow WHERE state NOT IN ('sent', 'dropped')"
    )
    yield from (f"outbox row {pk} ({kind}) is {state}: {error}" for pk, kind, state, error in rows)


def _chain(installation: Installation) -> Iterator[str]:
    done = installation.live.run("audit", "verify", check=False)
    if done.returncode:
        yield f"the audit chain: {done.stderr.strip()}"
