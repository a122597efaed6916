"""What must be true after any catastrophe, as a list of what is not. One question a function, each able to fail."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tests.chaos.installation import Installation, Person

MARKER = "solutions.roomdesk.id"
CASE = "solutions.roomdesk.case"

#: What was said in a workspace: event id → text.
Said = dict[str, str]


def problems(installation: Installation, said: dict[str, Said], reader: Person) -> list[str]:
    """Everything wrong with these workspaces, read by `reader`, who sits in their rooms. Nothing may be waiting any more."""
    found = [*_queues(installation), *_chain(installation)]
    for slug, messages in said.items():
        room = reader.messages(installation.rooms[slug])
        found += [f"{slug}: {words}" for words in _workspace(installation, slug, messages, room)]
    return found


def _workspace(installation: Installation, slug: str, said: Said, room: list[dict[str, Any]]) -> Iterator[str]:
    record = installation.rows(
        "SELECT m.external_id, m.body, m.author_kind, m.number, m.case_id, extract(epoch FROM i.received_at) "
        "FROM record_message m JOIN directory_workspace w ON w.id = m.workspace_id "
        "JOIN queues_inboxevent i ON i.source = 'matrix' AND i.external_id = m.external_id "
        "WHERE w.slug = %s AND m.kind = 'message' ORDER BY m.number, m.id",
        slug,
    )
    yield from _each_once(said, record)
    yield from _in_order(record, room, installation.database_deaths)
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


def _in_order(record: list[tuple[Any, ...]], room: list[dict[str, Any]], deaths: Sequence[float]) -> Iterator[str]:
    """The record has the room's order, the desk's own words and what a dead homeserver forgot included.

    Left out is what the homeserver held when the database died under both: the worker may go on before it has noticed.
    """
    sent = {event["event_id"]: event["origin_server_ts"] / 1000 for event in room}
    held = {row[0] for row in record if any(sent.get(row[0], 0) <= death < row[5] for death in deaths)}
    ours = [row[0] for row in record if row[0] not in held]
    theirs = [event["event_id"] for event in room if event["event_id"] not in held]
    if ours != theirs:
        place = next(
            (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs))
        )
        words = {event["event_id"]: event["content"]["body"][:40] for event in room}
        told = [[words.get(event) for event in events[place : place + 3]] for events in (ours, theirs)]
        yield f"the record {told[0]} and the room {told[1]} differ from message {place} on"


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
    for pk, ref in cases:
        yield from (f"{ref}: {words}" for words in _clock(installation, pk))
        yield from (f"{ref}: {words}" for words in _outbox_notice(installation, pk))
    yield from _notices({ref for _, ref in cases}, [event for event in room if MARKER in event["content"]])


def _clock(installation: Installation, case: int) -> Iterator[str]:
    clocks = installation.rows(
        "SELECT state FROM clocks_clock WHERE case_id = %s AND kind = 'first_response' AND state <> 'cancelled'", case
    )
    if [state in ("running", "met") for (state,) in clocks] != [True]:
        yield f"its first-response clocks are {clocks}, not one that runs or is met"


def _outbox_notice(installation: Installation, case: int) -> Iterator[str]:
    rows = installation.rows(
        "SELECT state, confirmed_at IS NOT NULL FROM queues_outboxrow WHERE case_id = %s AND once IS NOT NULL", case
    )
    if rows != [("sent", True)]:
        yield f"its notices in the outbox are {rows}, not one that is sent and confirmed"


def _notices(refs: set[str], ours: list[dict[str, Any]]) -> Iterator[str]:
    """One notice per case as the room has it, and no marker and no text twice for one case."""
    by_case = Counter(event["content"].get(CASE) for event in ours)
    yield from (f"{ref} has {by_case[ref]} notices in the room" for ref in sorted(refs) if by_case[ref] != 1)
    yield from (f"the room has a notice of {ref}, which is no case" for ref in by_case if ref not in refs)
    yield from _twice("marker", (event["content"][MARKER] for event in ours))
    yield from _twice("text", (json.dumps([event["content"].get(CASE), event["content"]["body"]]) for event in ours))


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
