"""What the desk says to a new case by itself: until when somebody answers, what is known already, what is missing (R12–R14, R24).

None of it is a first response (R18). In a case of the state `deflected` the answer stands alone; its clock runs hidden (D14).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roomdesk.audit.work import Work
from roomdesk.cases import checklist, notices, quiet, triaging
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Case, Intake
from roomdesk.cases.triaging import Judged
from roomdesk.clocks.models import Clock
from roomdesk.clocks.policy import office_of
from roomdesk.product.queries import product_of
from roomdesk.queues.making import made
from roomdesk.queues.models import OutboxRow
from roomdesk.rules.paging import Action


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a case that a customer began is greeted with. `is_split`: staff made it of old messages, so nobody just asked."""

    judged: Judged
    has_file: bool
    is_split: bool
    after: OutboxRow | None
    #: What is done about a P0; None for what is none.
    p0: Action | None = None


def is_deflected(conversation: Conversation, judged: Judged | None, *, is_split: bool) -> bool:
    """Whether the answer is all that is needed unless the customer says otherwise. It must be possible to give it."""
    answer = judged.answer if judged else None
    return answer is not None and not answer.opens_case and not is_split and notices.can_say(conversation)


def keep(work: Work, case: Case, judged: Judged) -> Intake:
    """Plans the row that says what triage found."""
    slug = judged.answer.slug if judged.answer else ""
    row = made(Intake, case_id=case.pk, kind=judged.kind, severity=judged.found, answer=slug, why=triaging.kept(judged))
    return work.insert(row)


def greet(work: Work, conversation: Conversation, entry: Open, clock: Clock, greeting: Greeting) -> None:
    """Says all there is to say at once under the customer's first message, each thing once (D23)."""
    deflected = entry.case.state == Case.State.DEFLECTED
    judged, after = greeting.judged, greeting.after
    if deflected:
        _close_by_itself(work, conversation, entry)
    else:
        notices.opened(work, conversation, entry, clock, after=after, p0=greeting.p0)
    if judged.answer is not None and not greeting.is_split:
        _answer(work, conversation, entry, judged.answer.slug, after)
    checklist.begin(
        work,
        conversation,
        entry,
        provided=judged.provided,
        has_file=greeting.has_file,
        is_silent=deflected or greeting.is_split,
        after=after,
    )
    if not greeting.is_split:
        guess(work, conversation, entry, judged, entry.case.opened_at, after=after)


def guess(
    work: Work,
    conversation: Conversation,
    entry: Open,
    judged: Judged,
    at: datetime,
    *,
    after: OutboxRow | None = None,
) -> None:
    """Tells, once a case, what to write to wake the engineer, where triage alone calls it critical (D12)."""
    if _is_guess(conversation, entry, judged, at):
        _say(work, conversation, entry, "guessed", _text(conversation, entry, "p0.guessed"), after)


def _close_by_itself(work: Work, conversation: Conversation, entry: Open) -> None:
    version = entry.cycle.product_version_id
    at = quiet.days_after(version, product_of(version).life.deflected_business_days, entry.case.opened_at)
    work.remind(conversation.workspace.lane_id, quiet.CLOSE_TIMER, entry.case.pk, at)


def _answer(work: Work, conversation: Conversation, entry: Open, slug: str, after: OutboxRow | None) -> None:
    product, locale = conversation.product, conversation.workspace.locale
    assert product is not None
    text = product.answer_text(locale, slug, ref=entry.case.ref)
    if entry.case.state == Case.State.DEFLECTED:
        text = f"{text}\n{product.text(locale, 'deflection.offer', phrase=product.text(locale, 'deflection.phrase'))}"
    _say(work, conversation, entry, "answer", text, after)


def _is_guess(conversation: Conversation, entry: Open, judged: Judged, at: datetime) -> bool:
    """Critical by triage alone, while the office is closed, where a P0 would wake the engineer (D12)."""
    case, cycle = entry.case, entry.cycle
    if judged.found != "critical" or case.p0_at is not None or case.state == Case.State.DEFLECTED:
        return False
    version = cycle.product_version_id
    if office_of(version).next_working(at) <= at:
        return False
    cover = product_of(version).cover_for(cycle.tier, cycle.addons, case.severity, open_now=False)
    return cover == "page" and product_of(version).states[conversation.terms_at(at).state].paging


def _text(conversation: Conversation, entry: Open, key: str) -> str:
    assert conversation.product is not None
    return conversation.product.text(conversation.workspace.locale, key, ref=entry.case.ref)


def _say(work: Work, conversation: Conversation, entry: Open, what: str, text: str, after: OutboxRow | None) -> None:
    if notices.can_say(conversation):
        notices.say(work, conversation, entry, text, once=f"case:{entry.case.pk}:{what}", after=after)
