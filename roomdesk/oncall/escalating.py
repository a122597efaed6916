"""Nobody has a page yet: who is called next, and when it is looked again (R39). Fired under the page's own lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from roomdesk.audit.work import Work
from roomdesk.oncall import callers, paging
from roomdesk.oncall.models import Call, Page
from roomdesk.product.policy import Oncall
from roomdesk.product.queries import newest, product_of
from roomdesk.queues.models import Timer
from roomdesk.rules.call_order import EVERYONE, FALLBACK, NAMES, Progress, Terms, next_look, steps_due

#: How often PagerDuty is asked who has it, where a key of its REST API is set.
ASKED_AGAIN = timedelta(minutes=1)
#: What the case's history says of a step.
_NOTED = {FALLBACK: "unreached"}


def fire(work: Work, due: Sequence[Timer]) -> Mapping[int, datetime | None]:
    """Looks at these pages, and takes the steps that are due."""
    found = {timer.subject_id: paging.locked(work, timer.subject_id) for timer in due}
    return {pk: _look(work, page) for pk, page in found.items() if page is not None}


def _look(work: Work, page: Page) -> datetime | None:
    if page.state not in Page.WAITING:
        return None
    terms = terms_of(oncall_of(page))
    for step in steps_due(_progress(page), terms, work.now):
        _take(work, page, step)
    following = next_look(_progress(page), terms, work.now)
    return min(following, work.now + ASKED_AGAIN) if paging.ask(work, page) else following


def _progress(page: Page) -> Progress:
    if page.counted_from is not None:
        return Progress(page.counted_from, page.counted_from, page.step)
    first = list(Call.objects.filter(page_id=page.pk, step=0).values_list("state", flat=True))
    return Progress(page.opened_at, page.accepted_at, page.step, failed=set(first) <= {Call.State.FAILED})


def _take(work: Work, page: Page, step: int) -> None:
    page.step = step
    work.update(page, "step")
    # Passed over where the page was accepted: the first people have been called already.
    if step == FALLBACK and page.accepted_at is not None:
        return
    people = callers.people_for(page, step, work.now)
    reached = callers.call(work, page, people, step)
    name, slugs = NAMES[min(step, EVERYONE)], [person.slug for person in people]
    told = {"page": page.pk, "step": step, "name": name, "people": slugs, "reached": reached}
    work.audit("page.escalated", paging.subject_of(page), told, scope=paging.scope_of(page))
    paging.tell_case(work, page, _NOTED.get(step, "escalated"), reason=_words(name, slugs, reached))


def hand_on(work: Work, page: Page, *, by: str, is_wrong: bool) -> None:
    """Somebody who was called gives the page on: the step after the present one is taken now. `is_wrong`: they are not on call at all."""
    step = max(page.step, FALLBACK) + 1
    what = "page.not_me" if is_wrong else "page.handed_on"
    work.audit(what, paging.subject_of(page), {"page": page.pk, "by": by, "step": step}, scope=paging.scope_of(page))
    _take(work, page, step)
    after = terms_of(oncall_of(page)).between
    work.remind(page.lane_id, paging.PAGE_TIMER, page.pk, work.now + after)


def _words(name: str, people: list[str], reached: list[str]) -> str:
    """Names of staff only; the control room reads it."""
    said = {"next": "The next in the rota", "second": "The second line", "manager": "The account manager"}
    whom = said.get(name, "Everybody" if name == "everyone" else "Whoever is on call")
    unreached = [person for person in people if person not in reached]
    words = f"{whom} is called: {', '.join(reached) or 'nobody'}."
    return f"{words} Without a way of their own: {', '.join(unreached)}." if unreached else words


def oncall_of(page: Page) -> Oncall:
    """The product's terms of paging, those of now: who is called is no promise to the customer that was pinned."""
    return product_of(newest([page.product])[page.product].pk).oncall


def terms_of(terms: Oncall) -> Terms:
    return Terms(
        timedelta(seconds=terms.accept_seconds),
        timedelta(minutes=terms.ack_minutes),
        timedelta(minutes=terms.everyone_minutes),
    )
