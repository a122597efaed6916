"""The life of a case, first cut: opened, joined, answered. Plans writes in the caller's `Work`, under the lane's lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.cases import notices
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Case, CaseChange, CaseCycle
from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock
from roomdesk.directory.models import Person
from roomdesk.queues.models import OutboxRow
from roomdesk.rules.severity import lowered_to

TITLE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new case is made of. `root_event_id` is the event under which the desk answers; empty while unknown."""

    text: str
    at: datetime
    channel: str
    author: Person | None
    is_p0: bool
    root_event_id: str = ""
    thread_root: str = ""
    linked_to: int | None = None
    kind: str | None = None
    severity: str | None = None
    #: The row that says the first message in the room, where it was written elsewhere: notices wait for its event id.
    mirror: OutboxRow | None = None


def open_case(work: Work, conversation: Conversation, opening: Opening, *, by: str) -> Open:
    """Opens a case with its first cycle, first-response clock and, once, the desk's notice. Product data must be loaded."""
    case = _new_case(work, conversation, opening)
    cycle = _new_cycle(work, conversation, case, opening.at)
    entry = Open(case, cycle)
    conversation.cases[case.pk] = entry
    work.insert(CaseChange(case=case, cycle=1, at=opening.at, what="state", after=case.state, by=by))
    work.audit("case.opened", f"case:{case.ref}", _shown(case, opening), scope=conversation.scope)
    clock = _start_clock(work, conversation, entry, opening.at)
    entry.clocks.append(clock)
    notices.opened(work, conversation, entry, clock, after=opening.mirror)
    return entry


def _new_case(work: Work, conversation: Conversation, opening: Opening) -> Case:
    product = conversation.product
    assert product is not None
    number = work.new_id(Case)
    wanted = opening.severity or ("critical" if opening.is_p0 else product.default_severity)
    severity, _ = lowered_to(wanted, product.severity_slugs)
    return work.insert(
        Case(
            id=number,
            ref=f"{product.ref_prefix}-{number}",
            workspace=conversation.workspace,
            product=product.slug,
            title=_title(opening.text),
            kind=opening.kind or "other",
            severity=severity,
            channel=opening.channel,
            p0_at=opening.at if opening.is_p0 else None,
            linked_to_id=opening.linked_to,
            root_event_id=opening.thread_root or opening.root_event_id,
            opened_at=opening.at,
            opened_by=opening.author,
            last_customer_at=opening.at,
        )
    )


def _new_cycle(work: Work, conversation: Conversation, case: Case, at: datetime) -> CaseCycle:
    terms = conversation.terms_at(at)
    version = conversation.version
    assert version is not None
    return work.insert(
        CaseCycle(
            id=work.new_id(CaseCycle),
            case=case,
            number=1,
            tier=terms.tier,
            addons=terms.addons,
            product_version=version,
            started_at=at,
        )
    )


def _start_clock(work: Work, conversation: Conversation, entry: Open, at: datetime) -> Clock:
    return clocks.start_first_response(
        work,
        lane_id=conversation.workspace.lane_id,
        scope=conversation.scope,
        ref=entry.case.ref,
        case_id=entry.case.pk,
        cycle_id=entry.cycle.pk,
        kind=entry.case.kind,
        severity=entry.case.severity,
        tier=entry.cycle.tier,
        addons=tuple(entry.cycle.addons),
        version_id=entry.cycle.product_version_id,
        at=at,
    )


def _title(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1].rstrip()}…"


def _shown(case: Case, opening: Opening) -> Mapping[str, object]:
    return {
        "ref": case.ref,
        "kind": case.kind,
        "severity": case.severity,
        "p0": opening.is_p0,
        "opened_at": opening.at,
        "channel": opening.channel,
        "linked_to": opening.linked_to,
    }


def customer_spoke(work: Work, conversation: Conversation, entry: Open, at: datetime, author: Person | None) -> None:
    """A customer's further message in a case; a case that waited for the customer goes on."""
    entry.changed()
    case = entry.case
    if case.last_customer_at is None or at > case.last_customer_at:
        case.last_customer_at = at
        work.update(case, "last_customer_at")
    if author is not None:
        entry.last_by[author.pk] = max(at, entry.last_by.get(author.pk, at))
    if case.state == Case.State.WAITING_CUSTOMER:
        change_state(
            work, conversation, entry, Case.State.INVESTIGATING, at, by="desk", reason="The customer answered."
        )


def staff_answered(work: Work, conversation: Conversation, entry: Open, at: datetime, by: str, event_id: str) -> None:
    """A public message of human staff in a case: stops the first-response clock of the cycle, once (R18)."""
    entry.changed()
    case = entry.case
    if case.last_staff_at is None or at > case.last_staff_at:
        case.last_staff_at = at
        work.update(case, "last_staff_at")
    if case.answered_at is None:
        case.answered_at = at
        work.update(case, "answered_at")
    for clock in entry.clocks:
        if clock.kind == Clock.Kind.FIRST_RESPONSE and clock.stopped_at is None:
            clocks.stop(work, clock, scope=conversation.scope, ref=case.ref, at=max(at, clock.started_at), by=event_id)
    if case.state == Case.State.NEW:
        change_state(work, conversation, entry, Case.State.ACKNOWLEDGED, at, by=by)


def change_state(
    work: Work, conversation: Conversation, entry: Open, state: Case.State, at: datetime, *, by: str, reason: str = ""
) -> None:
    """Moves a case to another state, with its history."""
    entry.changed()
    case = entry.case
    before, case.state = case.state, state
    work.update(case, "state")
    change = CaseChange(
        case=case, cycle=case.cycle, at=at, what="state", before=before, after=state, by=by, reason=reason
    )
    work.insert(change)
    data = {"before": str(before), "after": str(state), "by": by, "reason": reason}
    work.audit("case.state", f"case:{case.ref}", data, scope=conversation.scope)
