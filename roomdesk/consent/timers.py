"""What is due of a consent: a reminder at half time, and its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from roomdesk.audit.work import Work
from roomdesk.cases import loading
from roomdesk.cases.conversation import Conversation
from roomdesk.consent import events, repeats, saying
from roomdesk.consent.models import Request
from roomdesk.queues.models import Lane, Timer
from roomdesk.rules.consent_answer import State
from roomdesk.rules.consent_life import reminder_at

CONSENT_TIMER = "consent"
#: Due timers are those before now: what ends at an instant is over right after it.
_JUST = timedelta(microseconds=1)


def plan(work: Work, conversation: Conversation, request: Request) -> None:
    """Sets the request's one timer to what comes next, or takes it away."""
    work.remind(conversation.workspace.lane_id, CONSENT_TIMER, request.pk, _next(request, work.now))


def _next(request: Request, now: datetime) -> datetime | None:
    if request.state not in (State.OPEN, State.GRANTED):
        return None
    reminder = reminder_at(request.asked_at, request.expires_at)
    is_ahead = request.state == State.OPEN and request.reminded_at is None and reminder is not None and reminder >= now
    return reminder if is_ahead else request.expires_at


def fire(work: Work, due: Sequence[Timer]) -> Mapping[int, datetime | None]:
    """Reminds and ends; says when to look again."""
    found = Request.objects.filter(pk__in=[timer.subject_id for timer in due], state__in=[State.OPEN, State.GRANTED])
    requests = list(found.select_related("workspace").order_by("pk"))
    lanes = Lane.objects.in_bulk({timer.lane_id for timer in due})
    conversations = loading.load(lanes, earliest=work.now)
    return {one.pk: _fire(work, conversations[one.workspace.lane_id], one) for one in requests}


def _fire(work: Work, conversation: Conversation, request: Request) -> datetime | None:
    if work.now >= request.expires_at:
        request.state, request.closed_at, request.closed_by = State.EXPIRED, work.now, "desk"
        work.update(request, "state", "closed_at", "closed_by")
        told = {"ref": request.ref, **repeats.untold(request)}
        work.audit("consent.expired", f"consent:{request.ref}", told, scope=conversation.scope)
        events.changed(work, request)
        saying.say(work, conversation, request, "consent.expired", "expired")
        return None
    if request.state == State.OPEN and request.reminded_at is None:
        request.reminded_at = work.now
        work.update(request, "reminded_at")
        work.audit("consent.reminded", f"consent:{request.ref}", {"ref": request.ref}, scope=conversation.scope)
        saying.say(work, conversation, request, "consent.reminder", "reminder")
    return request.expires_at
