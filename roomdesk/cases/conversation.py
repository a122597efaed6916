"""A workspace's conversation as the flow needs it: facts loaded in bulk, then kept true in memory while events are decided.

Decisions read from here; every change is made to these objects and planned in the transaction's `Work` in one step, so that
event by event and many at once give the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from roomdesk.cases.models import Case, CaseCycle
from roomdesk.clocks.models import Clock
from roomdesk.directory.models import Workspace, WorkspaceTerms
from roomdesk.directory.standing import Standing
from roomdesk.product.models import ProductVersion
from roomdesk.product.schema import Product
from roomdesk.queues.models import Lane
from roomdesk.record.models import Message
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rules import grouping


@dataclass(slots=True)
class Open:
    """An open case with what grouping and clocks ask of it. `last_by` holds each author's latest message in it."""

    case: Case
    cycle: CaseCycle
    clocks: list[Clock] = field(default_factory=list)
    last_by: dict[int, datetime] = field(default_factory=dict)
    _rule: grouping.OpenCase | None = None

    def changed(self) -> None:
        """Must be called after every change: the rules' picture of the case is made only when it is out of date."""
        self._rule = None

    def as_rule(self) -> grouping.OpenCase:
        """The case as grouping sees it."""
        if self._rule is None:
            self._rule = self._as_rule()
        return self._rule

    def _as_rule(self) -> grouping.OpenCase:
        case = self.case
        return grouping.OpenCase(
            id=case.pk,
            ref=case.ref,
            severity=case.severity,
            state=case.state,
            opened_at=case.opened_at,
            root_event_id=case.root_event_id,
            p0=case.p0_at is not None,
            p0_at=case.p0_at,
            last_by=tuple((str(author), at) for author, at in self.last_by.items()),
            answered=case.answered_at is not None,
            waiting_customer=case.state == Case.State.WAITING_CUSTOMER,
        )


@dataclass(slots=True)
class Conversation:
    """All that is known of one workspace while its lane is held."""

    workspace: Workspace
    lane: Lane
    terms: list[WorkspaceTerms]
    version: ProductVersion | None
    product: Product | None
    room: Room | None = None
    members: dict[str, RoomMember] = field(default_factory=dict)
    people: Mapping[str, Standing] = field(default_factory=dict)
    cases: dict[int, Open] = field(default_factory=dict)
    case_of_event: dict[str, int] = field(default_factory=dict)
    #: Messages that events at hand refer to, or that were recorded just now, by event id.
    messages: dict[str, Message] = field(default_factory=dict)
    is_touched: bool = False

    def terms_at(self, at: datetime) -> WorkspaceTerms:
        """The terms in force at an instant; the earliest ones for a time before all of them."""
        in_force = [t for t in self.terms if t.valid_from <= at and (t.valid_to is None or at < t.valid_to)]
        return in_force[-1] if in_force else self.terms[0]

    def next_number(self) -> int:
        """The next number of the live stream (D36), written back with the lane at the end."""
        self.lane.last_number += 1
        self.is_touched = True
        return self.lane.last_number

    @property
    def scope(self) -> str:
        return f"workspace:{self.workspace.slug}"


def by_lane(conversations: Iterable[Conversation]) -> dict[int, Conversation]:
    return {c.workspace.lane_id: c for c in conversations}
