"""The forms of cases, their clocks and messages, and of a workspace's room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from roomdesk.web.api.schemas import Text, Wanted


class CaseWanted(Wanted):
    """A case opened in the name of one of the workspace's people, or begun by staff."""

    workspace: Text
    author: Text = Field(
        description="The id of a person of the workspace, or of the staff: then nobody waits for an answer."
    )
    text: Text
    severity: Text | None = Field(None, description="Default: the product's.")


class MessageWanted(Wanted):
    author: Text = Field(description="The id of a person of the workspace, or of the staff.")
    text: Text


class Target(Schema):
    kind: str
    amount: str | None
    soft: bool


class Clock(Schema):
    kind: str
    cycle: int
    severity: str
    target: Target
    calendar: str
    public: bool
    policy_version: int
    started_at: datetime
    due_at: datetime | None
    state: str = Field(description="running (paused while paused_at is set), met, breached, past_aim or cancelled.")
    paused_at: datetime | None
    breached_at: datetime | None
    caused_by: str | None = Field(description="Of a breach that exists only by it: split, move, merge, severity, …")
    stopped_at: datetime | None
    stopped_by: str | None


class Case(Schema):
    ref: str
    workspace: str
    product: str
    title: str | None = Field(
        description="Null where a restricted case is told as a stub: to tokens without the scope admin."
    )
    kind: str
    severity: str
    state: str
    p0: bool
    channel: str
    opened_at: datetime
    opened_by: str | None
    assignee: str | None
    answered_at: datetime | None
    cycle: int
    resolved_at: datetime | None
    snoozed_until: datetime | None
    escalations: list[str] = Field(description="Fields whose specialists are called in.")
    restricted: bool
    linked_to: str | None = Field(description="The case it was split from, or follows.")
    merged_into: str | None
    clocks: list[Clock]


class Cycle(Schema):
    number: int
    tier: str
    addons: list[str]
    policy_version: int
    started_at: datetime
    ended_at: datetime | None
    first_response: str = Field(description="started, awaited (staff reopened it) or none (staff began it).")
    fix: str | None
    root_cause: str | None
    root_cause_unknown: bool
    satisfaction: str | None = Field(description="good or bad, as the customer said of this resolution.")


class Why(Schema):
    code: str
    words: str


class File(Schema):
    id: int
    name: str = Field(description="As its sender called it.")
    state: str = Field(description="waiting while it is being fetched, then kept; refused or lost with a problem.")
    type: str | None = Field(description="By its own first bytes; null until it is kept.")
    size: int | None = Field(description="In bytes.")
    sha256: str | None
    problem: str | None


class Message(Schema):
    id: int
    number: int
    event_id: str | None
    channel: str
    author: str
    author_kind: str
    kind: str
    text: str | None = Field(description="Null for a redacted message.")
    at: datetime
    late: bool
    edited: bool
    redacted: bool
    why: Why
    file: File | None = None


class Said(Message):
    state: str = Field(description="sending until the room has it, then recorded; failed where it never will.")


class Change(Schema):
    at: datetime
    cycle: int
    what: str
    before: str | None
    after: str | None
    by: str
    reason: str | None
    mark: str | None = Field(description="downward: a severity was lowered, which the report lists.")


class Triage(Schema):
    kind: str
    severity: str = Field(description="The finding before the product's own list of severities.")
    answer: str | None = Field(description="The answer that the desk gave by itself.")
    why: list[Why]


class Report(Schema):
    where: str
    steps: str
    expected: str
    actual: str
    urgency: str
    attachments: list[str]
    missing: list[str] = Field(description="What the desk has asked for and does not have yet.")


class Story(Case):
    triage: Triage | None = Field(description="What the desk found in the first message; for staff.")
    report: Report = Field(description="What the customer's messages say of the matter.")
    cycles: list[Cycle]
    links: list[str] = Field(description="Cases that it has to do with; for staff.")
    incident: str | None = Field(
        description="The case that leads the incident which this one is attached to; for staff."
    )
    attached: list[str] = Field(description="Cases attached to the incident that this one leads; for staff.")
    merged: list[str] = Field(description="Cases that are merged into this one.")
    messages: list[Message]
    changes: list[Change]


class Cases(Schema):
    items: list[Case]
    next: str | None = Field(description="The value of `before` for the next page, or null at the end.")


class Explained(Schema):
    ref: str
    clocks: list[dict[str, Any]]


class RoomMember(Schema):
    user_id: str
    person: str | None = Field(description="The person's id; null for the desk's own users.")
    membership: str


class Room(Schema):
    room_id: str | None
    alias: str | None
    state: str = Field(description="wanted, ready or failed.")
    problem: str | None
    members: list[RoomMember]
