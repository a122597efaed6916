"""How a case begins, and how a cycle of it does. Plans writes in the caller's `Work`, under the lane's lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model

from roomdesk.audit.work import Work
from roomdesk.cases import answering, assigning, paging, triaging, webhook_words
from roomdesk.cases.answering import Greeting
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Case, CaseChange, CaseCycle
from roomdesk.cases.triaging import Judged
from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock
from roomdesk.clocks.writing import tell_control_room
from roomdesk.directory.models import Person
from roomdesk.oncall.models import Call, Page
from roomdesk.queues.making import made
from roomdesk.queues.models import OutboxRow
from roomdesk.record.models import Message

TITLE_LENGTH = 120
FirstResponse = CaseCycle.FirstResponse


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new case is made of. `root_event_id` is the event under which the desk answers; empty while unknown.

    `kind` and `severity` are given where somebody knows better than triage. `words` are what triage
    reads, where that is not `text`; `has_file`: something is attached. `by_staff`: staff began it, so nobody waits for a first response. `cause` says what else than a message began it
    (`split`). `version_id` pins another policy version than the newest.
    """

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
    words: str | None = None
    has_file: bool = False
    by_staff: bool = False
    is_restricted: bool = False
    cause: str = ""
    version_id: int | None = None
    #: The event that a P0 came as, where it came from a room; what is replayed never pages (D24).
    event_id: str = ""
    never_pages: bool = False
    #: The row that says the first message in the room, where it was written elsewhere: notices wait for its event id.
    mirror: OutboxRow | None = None


def expect_ids(work: Work, *, is_p0: bool) -> None:
    """Has the ids at hand that a new case with its first message takes: one question in place of ten."""
    called: dict[type[Model], int] = {Page: 1, Call: 1} if is_p0 else {}
    work.expect({Case: 1, CaseCycle: 1, Clock: 2, Message: 1, OutboxRow: 2 + is_p0, **called})


def open_case(work: Work, conversation: Conversation, opening: Opening, *, by: str) -> Open:
    """Opens a case with its first cycle and its clocks, files it by triage, and says once what there is to say. Product data must be loaded."""
    judged = None if opening.by_staff else _judged(conversation, opening)
    case = _new_case(work, conversation, opening, judged)
    first = FirstResponse.NONE if opening.by_staff else FirstResponse.STARTED
    cycle = new_cycle(work, conversation, case, opening.at, first, version_id=opening.version_id)
    entry = Open(case, cycle, intake=answering.keep(work, case, judged) if judged else None)
    conversation.cases[case.pk] = entry
    tell_control_room(work, case.product, case.pk)
    webhook_words.opened(work, conversation.workspace, case)
    work.insert(made(CaseChange, case_id=case.pk, cycle=1, at=opening.at, what="state", after=case.state, by=by))
    work.audit("case.opened", f"case:{case.ref}", _shown(case, opening, judged), scope=conversation.scope)
    first_response = start_clocks(work, conversation, entry, opening.at, cause=opening.cause)
    if entry.is_open and not opening.by_staff:
        assigning.plan(work, conversation, entry)
    action = None
    if opening.is_p0 and entry.is_open and not (opening.by_staff or opening.cause or opening.never_pages):
        action = paging.begin(work, conversation, entry, opening.at, event_id=opening.event_id, by=by)
    if first_response is not None and judged is not None:
        greeting = Greeting(judged, opening.has_file, bool(opening.cause), opening.mirror, action)
        answering.greet(work, conversation, entry, first_response, greeting)
    return entry


def start_clocks(work: Work, conversation: Conversation, entry: Open, at: datetime, *, cause: str = "") -> Clock | None:
    """Starts what a new cycle promises: the first response, unless staff began it, and the resolution. Gives the former."""
    first = None
    if entry.cycle.first_response == FirstResponse.STARTED:
        first = start_clock(work, conversation, entry, Clock.Kind.FIRST_RESPONSE, at, cause=cause)
    start_clock(work, conversation, entry, Clock.Kind.RESOLUTION, at, cause=cause)
    return first


def start_clock(
    work: Work, conversation: Conversation, entry: Open, kind: Clock.Kind, at: datetime, *, cause: str = ""
) -> Clock | None:
    """Starts one clock of the present cycle; None where the product measures no such thing."""
    clock = clocks.start(work, entry.subject(conversation, at), kind, at, caused_by=cause)
    if clock is not None:
        entry.clocks.append(clock)
    return clock


def _judged(conversation: Conversation, opening: Opening) -> Judged:
    words = opening.text if opening.words is None else opening.words
    return triaging.judge(conversation, words, p0=opening.is_p0, version_id=opening.version_id)


def _new_case(work: Work, conversation: Conversation, opening: Opening, judged: Judged | None) -> Case:
    product = conversation.product
    assert product is not None
    number = work.new_id(Case)
    kind = opening.kind or (judged.kind if judged else "other")
    severity = opening.severity or (judged.severity if judged else product.default_severity)
    is_deflected = answering.is_deflected(conversation, judged, is_split=bool(opening.cause))
    case = made(
        Case,
        id=number,
        ref=f"{product.ref_prefix}-{number}",
        workspace_id=conversation.workspace.pk,
        product=product.slug,
        title=title_of(opening.text),
        kind=kind,
        severity=severity,
        state=Case.State.DEFLECTED if is_deflected else Case.State.NEW,
        channel=opening.channel,
        is_restricted=opening.is_restricted or (kind in product.kinds and product.kinds[kind].restricted),
        p0_at=opening.at if opening.is_p0 else None,
        linked_to_id=opening.linked_to,
        root_event_id=opening.thread_root or opening.root_event_id,
        opened_at=opening.at,
        last_customer_at=None if opening.by_staff else opening.at,
    )
    case.workspace, case.opened_by = conversation.workspace, opening.author
    return work.insert(case)


def new_cycle(
    work: Work,
    conversation: Conversation,
    case: Case,
    at: datetime,
    first_response: CaseCycle.FirstResponse,
    *,
    version_id: int | None = None,
) -> CaseCycle:
    """Plans the cycle with the number that the case says, under the terms and the policy of its beginning (D8)."""
    terms = conversation.terms_at(at)
    version = conversation.version_at(at)
    assert version is not None
    return work.insert(
        made(
            CaseCycle,
            id=work.new_id(CaseCycle),
            case_id=case.pk,
            number=case.cycle,
            tier=terms.tier,
            addons=terms.addons,
            product_version_id=version_id or version.pk,
            started_at=at,
            first_response=first_response,
        )
    )


def title_of(text: str) -> str:
    """The first line that says something, cut to a title's length."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1].rstrip()}…"


def _shown(case: Case, opening: Opening, judged: Judged | None) -> Mapping[str, object]:
    return {
        "ref": case.ref,
        "kind": case.kind,
        "severity": case.severity,
        "p0": opening.is_p0,
        "opened_at": opening.at,
        "channel": opening.channel,
        "linked_to": opening.linked_to,
        "by_staff": opening.by_staff,
        "cause": opening.cause,
        "why": [why.code for why in judged.why] if judged else [],
        "answer": judged.answer.slug if judged and judged.answer else None,
    }
