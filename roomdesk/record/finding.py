"""Keeping what messages are found by in step with the record, in the same transaction."""

from __future__ import annotations

from roomdesk.audit.work import Work
from roomdesk.record.models import Findable, Message
from roomdesk.rules.search_index import Said, vector

#: Reactions, edits and removals have no words of their own: they change what they speak of.
SPEECH = (Message.Kind.MESSAGE, Message.Kind.FILE)


def findable(message: Message, product: str) -> Findable:
    """The row by which a message is found: its newest version, and nothing once it was redacted."""
    return Findable(
        id=message.pk,
        workspace_id=message.workspace_id,
        case_id=message.case_id,
        at=message.at,
        recorded_at=message.recorded_at,
        words=_words(message, product),
    )


def _words(message: Message, product: str) -> str:
    if message.redacted_at is not None:
        return ""
    return vector(
        Said(
            text=message.edited_body or message.body,
            workspace=message.workspace_id,
            product=product,
            author=str(message.author_id or message.author_ref),
            author_kind=message.author_kind,
            is_file=message.kind == Message.Kind.FILE,
            at=message.at,
        )
    )


def file(work: Work, message: Message, product: str) -> None:
    """Plans the row of a message recorded just now."""
    if message.kind in SPEECH:
        message.found_by = work.insert(findable(message, product))


def refile(work: Work, message: Message, product: str) -> None:
    """Plans the change of its words after an edit or a redaction."""
    if message.kind in SPEECH:
        row = _row(message)
        row.words = _words(message, product)
        work.update(row, "words")


def follow(work: Work, message: Message) -> None:
    """Plans that it is found in the case in which the message stands now."""
    if message.kind in SPEECH:
        row = _row(message)
        row.case_id = message.case_id
        work.update(row, "case")


def _row(message: Message) -> Findable:
    """One object for each message, so that an event of a batch changes what the one before it planned."""
    if message.found_by is None:
        message.found_by = Findable(id=message.pk)
    return message.found_by
