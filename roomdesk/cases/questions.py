"""Which case does this message of staff answer (D10)? Asked where nothing says so; the choice counts at the message's own time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from roomdesk.audit.work import Actor, Work
from roomdesk.cases import acting, services
from roomdesk.cases.acting import Held
from roomdesk.cases.conversation import Conversation, Open
from roomdesk.cases.models import Question
from roomdesk.clocks import services as clocks
from roomdesk.clocks.models import Clock
from roomdesk.directory.errors import Conflict, Invalid, NotFound
from roomdesk.directory.queries import Viewer, access_workspace, workspaces_of
from roomdesk.queues.lanes import staff_key
from roomdesk.record.models import Message

MOST = 200
#: Tells the lane of a product's staff rooms that a question is asked, or answered.
ASKED = "question"
CHOSEN = ("chosen", "Staff said that it answers {}.")


def ask(work: Work, conversation: Conversation, message: Message) -> None:
    """Keeps the question. Where no case was open at the message's time there is nothing to choose from."""
    subject = f"message:{message.external_id or message.pk}"
    entries = [e for e in conversation.cases.values() if e.is_open and e.case.opened_at <= message.at]
    choices = [entry.case.ref for entry in sorted(entries, key=lambda entry: entry.case.pk)]
    data = {"author": message.author_ref, "why": message.why, "choices": choices}
    work.audit("answer.unplaced", subject, data, scope=conversation.scope)
    if choices:
        question_id = work.new_id(Question)
        work.tell(staff_key(conversation.workspace.product), ASKED, question=question_id)
        work.insert(
            Question(
                id=question_id,
                workspace=conversation.workspace,
                message_id=message.pk,
                author_ref=message.author_ref,
                at=message.at,
                asked_at=work.now,
                choices=choices,
            )
        )


def access_questions(viewer: Viewer) -> QuerySet[Question]:
    """The questions of the workspaces that are the viewer's to answer for. None for customers: they are for staff."""
    rows = Question.objects.select_related("workspace", "case").order_by("id")
    if viewer.sees_all:
        return rows
    return rows.filter(workspace__in=workspaces_of(viewer).filter(product__in=viewer.products))


def open_questions(viewer: Viewer, *, workspace: str | None = None, is_open: bool = True) -> list[Question]:
    """Questions that nobody has answered yet, the oldest first; or those that were, the newest first."""
    rows = access_questions(viewer)
    if workspace is not None:
        rows = rows.filter(workspace=access_workspace(workspace, viewer))
    if is_open:
        return list(rows.filter(answered_at=None)[:MOST])
    return list(rows.exclude(answered_at=None).order_by("-id")[:MOST])


def access_question(question_id: int, viewer: Viewer) -> Question:
    found = access_questions(viewer).filter(pk=question_id).first()
    if found is None:
        raise NotFound(f"There is no question {question_id}, or it is not yours to answer.", field="id")
    return found


def do_answer(
    viewer: Viewer, question_id: int, *, ref: str | None, author: str | None = None, actor: Actor, now: datetime
) -> Question:
    """Says which case the message answers; `ref` of None: none of them. Once: the same again changes nothing.

    Conflict for another answer than the one it has, Invalid for a case that was no choice.
    """
    question = access_question(question_id, viewer)
    with transaction.atomic():
        held = acting.hold_workspace(
            viewer, question.workspace, refs=(ref,) if ref else (), author=author, actor=actor, now=now
        )
        # Read again under the lane's lock: of two who answer at once, the second must see the first.
        question = access_question(question_id, viewer)
        _check(question, ref)
        if question.answered_at is None:
            _answer(held, question, ref)
            held.flush()
    return access_question(question_id, viewer)


def _check(question: Question, ref: str | None) -> None:
    if ref is not None and ref not in question.choices:
        known = ", ".join(question.choices)
        raise Invalid(f'"{ref}" was no open case when this was said; choose one of {known}, or none.', field="case")
    given = question.case.ref if question.case else None
    if question.answered_at is not None and given != ref:
        said = f"answered with {given}" if given else "answered with none of them"
        raise Conflict(f"The question {question.pk} was {said} by {question.answered_by}; it stays so.", field="case")


def _answer(held: Held, question: Question, ref: str | None) -> None:
    work = held.work
    entry = held.entry(ref) if ref else None
    message = Message.objects.get(pk=question.message_id, workspace_id=question.workspace_id)
    question.case = held.case(ref) if ref else None
    question.answered_at, question.answered_by = work.now, held.by
    work.update(question, "case", "answered_at", "answered_by")
    work.tell(staff_key(question.workspace.product), ASKED, question=question.pk)
    data = {"case": ref, "by": held.by, "at": question.at}
    work.audit("question.answered", f"question:{question.pk}", data, scope=held.conversation.scope)
    if entry is not None:
        code, words = CHOSEN
        message.case, message.why_code, message.why = entry.case, code, words.format(entry.case.ref)
        work.update(message, "case", "why_code", "why")
        back_date(held.work, held.conversation, entry, message)


def back_date(work: Work, conversation: Conversation, entry: Open, message: Message) -> None:
    """An answer of staff that is known only now to belong to the case counts at its own time, also where another came since."""
    event_id = message.external_id or f"message:{message.pk}"
    later = Clock.objects.filter(case=entry.case, kind=Clock.Kind.FIRST_RESPONSE, started_at__lte=message.at)
    for clock in later.filter(stopped_at__gt=message.at).exclude(state=Clock.State.CANCELLED).select_related("cycle"):
        subject = entry.subject(conversation, message.at, clock.cycle)
        clocks.stop(work, subject, clock, at=message.at, by=event_id)
        if clock.cycle_id == entry.cycle.pk:
            entry.case.answered_at = message.at
            work.update(entry.case, "answered_at")
    if message.at >= entry.cycle.started_at:
        services.staff_answered(work, conversation, entry, message.at, message.author_ref, event_id)


def shown(questions: list[Question]) -> list[dict[str, Any]]:
    """Questions as REST, `--json` and the console give them, with what was said. Two queries at most."""
    ids = [question.message_id for question in questions]
    found = Message.objects.filter(pk__in=ids).select_related("author") if ids else ()
    said = {message.pk: message for message in found}
    return [_shown(question, said[question.message_id]) for question in questions]


def _shown(question: Question, message: Message) -> dict[str, Any]:
    return {
        "id": question.pk,
        "workspace": question.workspace.slug,
        "message": message.pk,
        "event_id": message.external_id or None,
        "author": message.author.slug if message.author else message.author_ref,
        "text": None if message.redacted_at else (message.edited_body or message.body),
        "at": question.at,
        "asked_at": question.asked_at,
        "choices": question.choices,
        "answered_at": question.answered_at,
        "answered_by": question.answered_by or None,
        "case": question.case.ref if question.case else None,
    }
