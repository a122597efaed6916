"""The forms of what staff do with cases: changing, splitting, merging, moving, calls, questions."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema
from pydantic import AwareDatetime, Field, StrictBool, StrictInt

from roomdesk.web.api.schemas import Text, Wanted


class Act(Wanted):
    """Who does it, and why."""

    author: Text | None = Field(None, description="The id of a member of the staff. Default: the token itself.")
    reason: Text = ""


class CaseChange(Act):
    """What is left out stays. `assignee: null` and `snoozed_until: null` take away. A lower severity needs `reason`."""

    severity: Text | None = None
    kind: Text | None = None
    state: Text | None = Field(
        None, description="acknowledged, investigating, waiting_customer, waiting_third_party, resolved or closed."
    )
    assignee: Text | None = Field(None, description="The id of a member of the staff.")
    snoozed_until: AwareDatetime | None = None
    fix: Text = Field("", description="For resolved: what made it work again.")
    root_cause: Text = Field("", description="For resolved: why it had failed.")
    alone: StrictBool = Field(False, description="For resolved: cases attached to this one are not resolved with it.")
    root_cause_unknown: StrictBool = Field(False, description="For resolved: nobody knows why.")


class SplitWanted(Act):
    messages: list[StrictInt] = Field(description="Ids of the messages that become a case of their own.")
    severity: Text | None = Field(None, description="Default: by P0, else the product's.")
    kind: Text | None = None


class MergeWanted(Act):
    into: Text = Field(description="The reference of the case that goes on.")


class MoveWanted(Act):
    messages: list[StrictInt]
    to: Text = Field(description="The reference of the case they belong to.")


class OtherCase(Act):
    to: Text = Field(description="The reference of the other case.")


class AnswerAll(Wanted):
    """Said in the room of each customer, in the language of the workspace where `texts` has it."""

    author: Text = Field(description="The id of the member of the staff who answers.")
    text: Text
    texts: dict[Text, Text] = Field(default_factory=dict, description="By locale, such as `bg`.")


class ToldCase(Schema):
    ref: str
    workspace: str
    message: int


class NotTold(Schema):
    ref: str
    workspace: str
    why: str


class AllTold(Schema):
    ref: str
    told: list[ToldCase]
    not_told: list[NotTold]


class Escalate(Act):
    field: Text = Field(description="One of the product's, or that of a specialist of its staff.")


class Deescalate(Act):
    field: Text = Field("", description="Default: all of them.")


class Rating(Wanted):
    author: Text = Field(description="The id of a person of the workspace.")
    score: Text = Field(description="good or bad.")


class CallWanted(Wanted):
    """An answered inbound call is a first response; an outbound one only if it connected and is noted."""

    author: Text = Field(description="The id of the member of the staff who spoke, or tried to.")
    direction: Text = Field(description="inbound or outbound.")
    connected: StrictBool
    note: Text = ""
    at: AwareDatetime | None = Field(None, description="When. Default: now.")


class QuestionAnswer(Wanted):
    """Give one of both."""

    author: Text | None = None
    case: Text | None = Field(None, description="The reference of the case that the message answers.")
    none: StrictBool = Field(False, description="It answers none of them.")


class Question(Schema):
    id: int
    workspace: str
    message: int
    event_id: str | None
    author: str
    text: str | None = Field(description="Null for a redacted message.")
    at: datetime = Field(description="The message's own time, to which an answer goes back.")
    asked_at: datetime
    choices: list[str]
    answered_at: datetime | None
    answered_by: str | None
    case: str | None


class Questions(Schema):
    items: list[Question]
    next: str | None
