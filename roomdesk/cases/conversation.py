"""A workspace's conversation as the flow needs it: facts loaded in bulk, then kept true in memory while events are decided.

Decisions read from here; every change is made to these objects and planned in the transaction's `Work` in one step, so that
event by event and many at once give the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from roomdesk.cases.models import Case, CaseCycle, Intake
from roomdesk.clocks.models import Clock
from roomdesk.clocks.subject import Subject
from roomdesk.directory.models import Workspace, WorkspaceTerms
from roomdesk.directory.standing import Standing
from roomdesk.product.identity import State
from roomdesk.product.models import ProductVersion
from roomdesk.product.queries import product_of
from roomdesk.product.schema import Product
from roomdesk.queues.models import Lane, OutboxRow
from roomdesk.record.models import Message
from roomdesk.rooms.models import Room, RoomMember
from roomdesk.rules import grouping


@dataclass(slots=True)
class Open:
    """A case with what grouping and clocks ask of it. `last_by` holds each author's latest message in it.

    `clocks` are those that run in its present cycle. A first response that a former cycle still owes is among `owed`.
    """

    case: Case
    cycle: CaseCycle
    last_by: dict[int, datetime] = field(default_factory=dict)
    #: References of the cases that were merged into this one.
    other_refs: tuple[str, ...] = ()
    #: None for what staff began.
    intake: Intake | None = None
    #: The row of the checklist's message that this transaction plans, for what changes it before it is written.
    planned: OutboxRow | None = None
    #: Fetches the clocks of all cases that were loaded together, once one of them is asked for: few words of customers touch any.
    fetch: Callable[[], None] | None = None
    _clocks: list[Clock] = field(default_factory=list)
    _owed: list[tuple[CaseCycle, Clock]] = field(default_factory=list)
    _rule: grouping.OpenCase | None = None

    @property
    def clocks(self) -> list[Clock]:
        if self.fetch is not None:
            self.fetch()
        return self._clocks

    @property
    def owed(self) -> list[tuple[CaseCycle, Clock]]:
        if self.fetch is not None:
            self.fetch()
        return self._owed

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
            answered=case.answered_at is not None or self.cycle.first_response != CaseCycle.FirstResponse.STARTED,
            waiting_customer=case.state == Case.State.WAITING_CUSTOMER,
            is_staffs_turn=self._is_staffs_turn(),
            other_refs=self.other_refs,
        )

    def _is_staffs_turn(self) -> bool:
        customer, staff = self.case.last_customer_at, self.case.last_staff_at
        return customer is not None and (staff is None or customer > staff)

    @property
    def is_open(self) -> bool:
        return self.case.state in Case.OPEN

    def subject(self, conversation: Conversation, at: datetime, cycle: CaseCycle | None = None) -> Subject:
        """What clocks ask of the case as it stands.

        Whether it has clocks at all says the workspace's state at `at`, by the table of the version that the cycle pinned.
        """
        case, cycle = self.case, cycle or self.cycle
        states = product_of(cycle.product_version_id).states
        return Subject(
            lane_id=conversation.workspace.lane_id,
            scope=conversation.scope,
            ref=case.ref,
            case_id=case.pk,
            cycle_id=cycle.pk,
            cycle=cycle.number,
            kind=case.kind,
            severity=case.severity,
            tier=cycle.tier,
            addons=tuple(cycle.addons),
            version_id=cycle.product_version_id,
            has_clocks=states[conversation.terms_at(at).state].clocks,
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
    people: Mapping[str, Standing] = field(default_factory=dict)
    cases: dict[int, Open] = field(default_factory=dict)
    case_of_event: dict[str, int] = field(default_factory=dict)
    #: Messages that events at hand refer to, or that were recorded just now, by event id.
    messages: dict[str, Message] = field(default_factory=dict)
    #: Where cases that were merged went, by id.
    merged: dict[int, int] = field(default_factory=dict)
    #: All versions of the product, in their order.
    versions: Sequence[ProductVersion] = ()
    is_touched: bool = False
    #: Fetches who is in the rooms that were loaded together, once it is asked of one of them: few words depend on it.
    fetch: Callable[[], None] | None = None
    _members: dict[str, RoomMember] = field(default_factory=dict)

    @property
    def members(self) -> dict[str, RoomMember]:
        """Who is in the room, or was, by their Matrix id."""
        if self.fetch is not None:
            self.fetch()
        return self._members

    def terms_at(self, at: datetime) -> WorkspaceTerms:
        """The terms in force at an instant; the earliest ones for a time before all of them."""
        in_force = [t for t in self.terms if t.valid_from <= at and (t.valid_to is None or at < t.valid_to)]
        return in_force[-1] if in_force else self.terms[0]

    def version_at(self, at: datetime) -> ProductVersion | None:
        """The policy in force at an instant, however late it is asked for; the first one for a time before all of them."""
        loaded = [version for version in self.versions if version.loaded_at <= at]
        return loaded[-1] if loaded else next(iter(self.versions), self.version)

    def state_at(self, at: datetime) -> State:
        """What the workspace's state at an instant means for it, by the table of the version in force then."""
        version = self.version_at(at)
        assert version is not None
        return product_of(version.pk).states[self.terms_at(at).state]

    def current(self, case_id: int | None) -> Open | None:
        """The case, or the one that it was merged into in the end; None for one that is not at hand."""
        while case_id in self.merged:
            case_id = self.merged[case_id]
        return self.cases.get(case_id) if case_id else None

    @property
    def placed(self) -> Mapping[str, int]:
        """Cases by event as grouping sees them: what was said in a merged case belongs to where it went."""
        if not self.merged:
            return self.case_of_event
        found = {event_id: self.current(case_id) for event_id, case_id in self.case_of_event.items()}
        return {event_id: entry.case.pk for event_id, entry in found.items() if entry}

    def next_number(self, kind: str = Message.Kind.MESSAGE) -> int:
        """The next number of the live stream (D36), written back with the lane at the end; a note moves nothing that customers follow."""
        self.lane.last_number += 1
        if kind != Message.Kind.NOTE:
            self.lane.told_number = self.lane.last_number
        self.is_touched = True
        return self.lane.last_number

    @property
    def scope(self) -> str:
        return f"workspace:{self.workspace.slug}"


def by_lane(conversations: Iterable[Conversation]) -> dict[int, Conversation]:
    return {c.workspace.lane_id: c for c in conversations}
