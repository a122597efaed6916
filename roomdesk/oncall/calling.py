"""Making a call: the world is looked at once more, then it goes out, and every try is on record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta

from roomdesk.bootstrap import settings
from roomdesk.channels.apprise.notify import NotifyError, notify
from roomdesk.channels.matrix.errors import MatrixError
from roomdesk.channels.pagerduty import event
from roomdesk.channels.pagerduty.asking import ask
from roomdesk.channels.pagerduty.enqueue import enqueue
from roomdesk.channels.pagerduty.errors import Awaited, NotConfigured, PagerDutyError
from roomdesk.channels.pagerduty.event import Trigger
from roomdesk.channels.pagerduty.routing import key_of
from roomdesk.directory.models import Workspace
from roomdesk.oncall import links
from roomdesk.oncall.looking import is_answer_waiting
from roomdesk.oncall.models import Attempt, Call, Page, Reach
from roomdesk.oncall.paging import MATRIX, PAGERDUTY
from roomdesk.queues.models import OutboxRow
from roomdesk.queues.outbox import Sent
from roomdesk.queues.reading import Rows, together
from roomdesk.runtime import clock

#: What a page says, asked when it is sent: the case may be restricted by now (D22).
Words = Callable[[Page], Trigger]
#: Says something to a member of the staff in their room with the desk: person's id, the row whose key makes a repeat the same, the text.
#: Raises `MatrixError`.
Direct = Callable[[str, OutboxRow, str], None]
#: Who calls waits no longer than this for an answer of staff to be heard that stands in the inbox.
PATIENCE = timedelta(seconds=60)
_OPENS = frozenset({"trigger", "note"})


def send(row: OutboxRow, words: Words, direct: Direct) -> Sent:
    """Makes the call. Raises `PagerDutyError`, `NotifyError` or `MatrixError`; a repeat carries the same key, so it opens no second incident while one is open."""
    said = json.loads(row.payload)
    call, action = _call(said["call"]), said["action"]
    report = {"call": call.pk, "action": action, "at": clock.now().isoformat()}
    reason = not_needed(call, action)
    if reason:
        _note(call, action, None, 0, reason)
        return Sent(call.page.key, report={**report, "skipped": reason})
    if action == "ask":
        known = ask(settings.pagerduty_api_url, settings.pagerduty_api_token or "", call.page.key)
        return Sent(call.page.key, report={**report, "known": [asdict(one) for one in known[:5]]})
    _check_inbox(row, call.page, action)
    _post(row, call, action, words, direct)
    # Nothing of the desk changes by what follows a page.
    return Sent(call.page.key, report=report if action == "trigger" else None)


def _call(number: int) -> Call:
    """The call with its page and whose that is: one question, since whoever is to be woken waits for it."""
    calls = Rows(Call, "id = %s", number)
    pages = Rows(Page, "id = (SELECT c.page_id FROM oncall_call c WHERE c.id = %s)", number)
    workspaces = Rows(Workspace, _WHOSE, number)
    together(calls, pages, workspaces)
    (call,), (page,) = calls, pages
    call.page, page.workspace = page, next(iter(workspaces), None)
    return call


_WHOSE = "id = (SELECT p.workspace_id FROM oncall_call c JOIN oncall_page p ON p.id = c.page_id WHERE c.id = %s)"


def not_needed(call: Call, action: str) -> str:
    """Why nothing is sent, looked at just before: somebody has the page, or PagerDuty never heard of it. Empty where it is needed."""
    page = call.page
    if action == "trigger" and page.state not in Page.WAITING:
        return f"Not sent: the page was {page.state} before."
    if action == "note" and page.state == Page.State.RESOLVED:
        return "Not sent: the page was resolved before."
    if action == "ask":
        return "" if page.state in Page.WAITING and settings.pagerduty_api_token else "Not asked: somebody has it."
    # A note opens what is not open: about what was answered before it was ever sent it would wake somebody hours later.
    if action != "trigger" and not _was_triggered(call):
        return "Not sent: PagerDuty was never told of the page."
    return ""


def _was_triggered(call: Call) -> bool:
    return call.attempts.filter(action="trigger").exclude(problem__startswith="Not sent").exists()


def _check_inbox(row: OutboxRow, page: Page, action: str) -> None:
    """An answer of staff that is not worked on yet may be the one: it is heard first, within bounds (D26)."""
    began = row.first_claimed_at or clock.now()
    if action == "trigger" and clock.now() - began < PATIENCE and is_answer_waiting(page):
        raise Awaited("An answer of staff waits in the inbox; it is heard first.")


def _post(row: OutboxRow, call: Call, action: str, words: Words, direct: Direct) -> None:
    began = time.monotonic()
    try:
        status = None
        if call.way == PAGERDUTY:
            status = enqueue(settings.pagerduty_url, _body(call, action, words))
        elif call.way == MATRIX:
            direct(call.to, row, "\n".join(_message(call, action, words)))
        else:
            notify(_address(call), *_message(call, action, words))
    except (PagerDutyError, NotifyError, MatrixError) as error:
        _note(call, action, getattr(error, "status", None), began, str(error))
        raise
    _note(call, action, status, began, "")


def _message(call: Call, action: str, words: Words) -> tuple[str, str]:
    """Title and text: one message with all there is to know at night, or that somebody else has it."""
    told = _worded(call, words)
    head = f"{call.page.acknowledged_by} is on it: " if action != "trigger" else ""
    consents = told.details.get("consents")
    lines = [f"Consents: {consents}"] if consents else []
    lines += [f"{text}: {href}" for href, text in told.links]
    return f"{head}{told.summary}"[:250], "\n".join([told.summary, *lines])


def _address(call: Call) -> str:
    """Where the call's way stands: a routing of the settings, or somebody's own."""
    if not call.route.startswith("reach:"):
        return key_of(settings.pagerduty_routing, call.route)
    found = Reach.objects.filter(pk=int(call.route.removeprefix("reach:")), way=call.way).first()
    return found.address if found else ""


def _body(call: Call, action: str, words: Words) -> bytes:
    key = _address(call)
    if not key:
        raise NotConfigured(f'There is no routing "{call.route}" any more.')
    if action not in _OPENS:
        return event.follow_up(action, routing_key=key, key=call.page.key)
    return event.trigger(_worded(call, words), routing_key=key, key=call.page.key)


def _worded(call: Call, words: Words) -> Trigger:
    """What is told, with the link by which this person takes it."""
    told, link = words(call.page), links.address(call, clock.now())
    return replace(told, links=[(link, "I have it, or call the next"), *told.links]) if link else told


def _note(call: Call, action: str, status: int | None, began: float, problem: str) -> None:
    took = round((time.monotonic() - began) * 1000) if began else 0
    Attempt.objects.create(
        call=call, action=action, at=clock.now(), status=status, milliseconds=took, problem=problem[:500]
    )
