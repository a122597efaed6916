"""Which version of a message counts: what edits, their removal, and the removal of the whole do to it (R08)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from roomdesk.audit.work import Work
from roomdesk.record import files
from roomdesk.record.models import Message

#: Kinds of entries that may be an edit: one of a note is a note.
MAY_EDIT = (Message.Kind.EDIT, Message.Kind.NOTE)


def take_effect(work: Work, kind: str, message: Message, known: Mapping[str, Message]) -> None:
    """What an edit or a redaction does to the message that it speaks of. `known` has that one by its event, and its other versions."""
    original = known.get(message.target)
    if original is None:
        return
    if kind == "edit":
        _edited(work, original, message)
    elif kind == "redaction":
        _redacted(work, original, message)
        if is_edit(original) and original.target in known:
            _taken_back(work, known[original.target], original, known.values())


def is_edit(message: Message) -> bool:
    """Whether it says anew what another message said; asked of its content, because notes do not say so by their kind."""
    if message.kind not in MAY_EDIT or not message.target:
        return False
    relation = json.loads(message.content or "{}").get("m.relates_to")
    return isinstance(relation, dict) and relation.get("rel_type") == "m.replace"


def newest(original: Message, versions: Iterable[Message]) -> Message | None:
    """The version that counts now: the newest by its author that was not removed; None where that is the message itself.

    The homeserver lets anybody send an edit of anybody's message: only the author's counts (client-server API v1.17, "Validity of
    replacement events"). Of equal times the later on record.
    """
    theirs = [v for v in versions if v.target == original.external_id and v.author_ref == original.author_ref]
    counting = [v for v in theirs if v.redacted_at is None and is_edit(v)]
    return max(counting, key=lambda version: (version.at, version.number), default=None)


def show(work: Work, original: Message, version: Message | None) -> None:
    """Has the message say what this version says; None: what it said at first."""
    original.edited_at, original.edited_body = (version.at, version.body) if version else (None, "")
    work.update(original, "edited_at", "edited_body")


def _edited(work: Work, original: Message, message: Message) -> None:
    """Shows the new text on the original, if it is its author's."""
    if original.author_ref == message.author_ref and (original.edited_at is None or message.at >= original.edited_at):
        show(work, original, message)


def _redacted(work: Work, original: Message, message: Message) -> None:
    """Hides the original everywhere; its text stays sealed for auditors."""
    original.redacted_at, original.redacted_by = message.at, message.author_ref
    work.update(original, "redacted_at", "redacted_by")
    if original.kind in (Message.Kind.FILE, Message.Kind.NOTE):
        files.seal(work, original)


def _taken_back(work: Work, original: Message, edit: Message, known: Iterable[Message]) -> None:
    """An edit was removed that is shown: the version before it is, from now on. What shows another one stays as it is."""
    if (original.edited_at, original.edited_body) == (edit.at, edit.body):
        show(work, original, newest(original, known))
