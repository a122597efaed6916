"""Pages of a case: who is woken by a P0 or by what staff call critical, and what the customer is told of it (R19, R37, R38, R42).

The page itself lives in `oncall`, under its own lock; here is what it means for the case, under the workspace's lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from roomdesk.audit.work import Work
from roomdesk.cases import notices
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.history import note
from roomdesk.clocks.policy import office_of
from roomdesk.directory.models import Person
from roomdesk.oncall import misuse, paging
from roomdesk.oncall.models import Page
from roomdesk.product.queries import product_of
from roomdesk.rules.paging import Action, decide

#: What is noted in the case's history as a change of `page`.
PAGE = "page"
CRITICAL = "critical"
#: What calls everybody in the control room: nobody has the page yet, or nobody was woken though the customer calls it a P0.
LOUD = frozenset({"notified", "edited", "unreached", "escalated", "unacknowledged"})
_EDITED = "A message was edited to begin with P0. An edit wakes nobody (R37)."


def action_for(conversation: Conversation, entry: Open, at: datetime) -> Action:
    """Whether the engineer is woken, staff are told, or the customer is only answered: the product's table of cover."""
    cycle, version = entry.cycle, entry.cycle.product_version_id
    product, open_now = product_of(version), office_of(version).next_working(at) <= at
    cover = product.cover_for(cycle.tier, cycle.addons, entry.case.severity, open_now=open_now)
    state = product.states[conversation.terms_at(at).state]
    return decide(cover, may_page=state.paging, open_now=open_now)


def begin(work: Work, conversation: Conversation, entry: Open, at: datetime, *, event_id: str, by: str) -> Action:
    """A case begins as a P0: pages where that is entitled. Gives what is done, for the words to the customer."""
    action = action_for(conversation, entry, at)
    if action == "page":
        _open(work, conversation, entry, Page.Cause.P0, event_id)
    _note(work, conversation, entry, {"page": "paged", "notify": "notified", "answer": "answered"}[action], by=by)
    return action


def by_staff(work: Work, conversation: Conversation, entry: Open, *, by: str) -> None:
    """Staff have called a case critical: outside business hours that pages where it is entitled, once a cycle (D12).

    While the office is open whoever calls it so is at it.
    """
    version = entry.cycle.product_version_id
    is_highest = entry.case.severity == product_of(version).severity_slugs[0]
    if not is_highest or not entry.is_open or office_of(version).next_working(work.now) <= work.now:
        return
    if action_for(conversation, entry, work.now) == "page":
        page_now(work, conversation, entry, by=by)


def page_now(work: Work, conversation: Conversation, entry: Open, *, by: str, reason: str = "") -> bool:
    """Pages for the case by the word of staff, once a cycle. False where it was paged already."""
    if _was_paged(work, entry):
        return False
    _open(work, conversation, entry, Page.Cause.STAFF, "")
    _note(work, conversation, entry, "paged", by=by, reason=reason)
    return True


def _was_paged(work: Work, entry: Open) -> bool:
    known = paging.page_of_case(work, entry.case.pk)
    return known is not None or Page.objects.filter(case_id=entry.case.pk, cycle=entry.cycle.number).exists()


def _open(work: Work, conversation: Conversation, entry: Open, cause: str, event_id: str) -> Page:
    product = product_of(entry.cycle.product_version_id)
    wanted = paging.Wanted(
        product=entry.case.product,
        cause=cause,
        severity=_severity(conversation, work.now) if cause == Page.Cause.P0 else CRITICAL,
        at=work.now,
        look_at=paging.first_look(work.now, product.oncall.accept_seconds),
        workspace=conversation.workspace,
        case_id=entry.case.pk,
        ref=entry.case.ref,
        cycle=entry.cycle.number,
        event_id=event_id,
    )
    early = paging.of_event(work, event_id)
    return paging.take_over(work, early, wanted) if early else paging.open_page(work, wanted)


def _severity(conversation: Conversation, at: datetime) -> str:
    assert conversation.product is not None
    return misuse.severity_for(conversation.workspace, conversation.product, at)


def joined(work: Work, conversation: Conversation, entry: Open, event_id: str) -> None:
    """Another P0 in a case that is open as one: the same page hears of it, and the customer that it is out (D11)."""
    page, early = paging.page_of_case(work, entry.case.pk), paging.of_event(work, event_id)
    if early is not None and early.case_id is None:
        # It was paged for while it waited, and belongs to what was paged for before.
        paging.resolve(work, early, by="desk", via="joined")
    if page is None:
        return
    paging.add_note(work, page, f"p0:{event_id}")
    if notices.can_say(conversation):
        once = f"case:{entry.case.pk}:{entry.case.cycle}:p0_joined"
        notices.say(
            work,
            conversation,
            entry,
            _text(conversation, "p0.joined", ref=entry.case.ref),
            once=once,
            in_main_line=True,
        )


def edited(work: Work, conversation: Conversation, case_id: int | None, *, by: str) -> None:
    """A customer's edit makes an earlier message begin with P0: nobody is woken, and staff are told."""
    entry = conversation.current(case_id)
    if entry is not None and entry.is_open:
        _note(work, conversation, entry, "edited", by=by, reason=_EDITED)


def human_acted(work: Work, conversation: Conversation, entry: Open, *, by: str, via: str) -> None:
    """Somebody of the staff is at the case: nobody else is called for it."""
    for page in _pages(work, conversation, entry):
        if paging.acknowledge(work, page, by=by, via=via, tell=False):
            _acknowledged(work, conversation, entry, by=by, via=via)


def human_spoke(work: Work, conversation: Conversation, *, by: str) -> None:
    """Somebody of the staff has written in the room, and nothing says which case it answers: whoever is there has read what they were called for."""
    for page in paging.waiting_in(work, conversation.workspace.pk):
        entry = conversation.current(page.case_id)
        if entry is not None:
            human_acted(work, conversation, entry, by=by, via="room")


def over(work: Work, conversation: Conversation, entry: Open, *, by: str) -> None:
    """The case is resolved, and its page with it."""
    for page in _pages(work, conversation, entry):
        if paging.resolve(work, page, by=by):
            _note(work, conversation, entry, "resolved", by=by)


def _pages(work: Work, conversation: Conversation, entry: Open) -> Iterable[Page]:
    """Those of the case, and of what was merged into it."""
    merged = [pk for pk in conversation.merged if conversation.current(pk) is entry]
    found = (paging.page_of_case(work, pk) for pk in (entry.case.pk, *merged))
    return [page for page in found if page is not None]


def told(work: Work, conversation: Conversation, data: Mapping[str, Any]) -> bool:
    """What happened to a page elsewhere (PagerDuty, a link, a timer) is noted in its case. False where it is no page of a case here."""
    page = Page.objects.filter(pk=data["page"]).first()
    entry = conversation.current(page.case_id) if page else None
    if page is None or entry is None:
        return False
    if data["what"] == "acknowledged":
        _acknowledged(work, conversation, entry, by=data["by"], via=data["via"])
    else:
        _note(work, conversation, entry, data["what"], by=data.get("by") or "desk", reason=data.get("reason", ""))
    return True


def _acknowledged(work: Work, conversation: Conversation, entry: Open, *, by: str, via: str) -> None:
    """Noted, and said in the room, once, unless it was there that somebody answered."""
    _note(work, conversation, entry, "acknowledged", by=by, reason=f"By way of {via}.")
    if via == "room" or not notices.can_say(conversation):
        return
    name = Person.objects.filter(slug=by).values_list("name", flat=True).first() or by
    text = _text(conversation, "p0.acknowledged", ref=entry.case.ref, person=name)
    if due := notices.next_word(conversation, entry, work.now):
        text = f"{text} {_text(conversation, 'case.update_by', ref=entry.case.ref, due=due)}"
    once = f"case:{entry.case.pk}:{entry.case.cycle}:p0_acknowledged"
    notices.say(work, conversation, entry, text, once=once, in_main_line=True)


def _text(conversation: Conversation, key: str, **values: str) -> str:
    assert conversation.product is not None
    return conversation.product.text(conversation.workspace.locale, key, **values)


def _note(work: Work, conversation: Conversation, entry: Open, after: str, *, by: str, reason: str = "") -> None:
    note(work, conversation, entry, PAGE, "", after, at=work.now, by=by, reason=reason)
