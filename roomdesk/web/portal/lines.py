"""Messages as lines of a conversation, for the pages of a case and of the room: no page computes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from roomdesk.directory.models import Membership
from roomdesk.record.models import File, Message
from roomdesk.web.portal.words import SUPPORT, Words, role_words
from roomdesk.web.rich import drawn

#: Most characters of a message that another one speaks of.
_EXCERPT = 90


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `tone` is customer, staff, desk, other or change; what is `hidden` has no text.

    `html`: as a room draws it, safe for a page; empty where `text` is all.
    """

    anchor: str
    tone: str
    author: str
    role: Words
    at: datetime | None
    time: str
    title: str
    text: str
    marks: tuple[str, ...] = ()
    file: File | None = None
    problem: str = ""
    html: str = ""


def line_of(
    message: Message,
    time: tuple[str, str],
    members: Mapping[int, Membership],
    *,
    file: File | None = None,
    hidden: bool = False,
    more: tuple[str, ...] = (),
    problem: str = "",
) -> Line:
    """A message as it is drawn; `time` for reading and for hovering, `more` marks beside its own."""
    return Line(
        anchor=f"m-{message.pk}",
        tone=message.author_kind,
        author=author_of(message),
        role=_role(message, members),
        at=message.at,
        time=time[0],
        title=time[1],
        text="" if hidden else text_of(message, file),
        marks=(*_marks(message, hidden), *more),
        file=None if hidden or message.redacted_at else file,
        problem=problem,
        html="" if hidden else drawn(message),
    )


def author_of(message: Message) -> str:
    if message.author_kind == Message.Author.DESK:
        return _("The desk")
    return message.author.name if message.author else message.author_ref


def _role(message: Message, members: Mapping[int, Membership]) -> Words:
    if message.author_kind == Message.Author.STAFF:
        return SUPPORT
    member = members.get(message.author_id or 0)
    return role_words(str(member.role), is_staff=False) if member else ""


def text_of(message: Message, file: File | None) -> str:
    """The newest text; what is no more than a file's name stands with the file."""
    text = "" if message.redacted_at else message.edited_body or message.body
    return "" if file is not None and file.name == text else text


def excerpt_of(message: Message, *, hidden: bool) -> str:
    """The beginning of a message that another one speaks of."""
    if hidden or message.redacted_at:
        return ""
    words = " ".join((message.edited_body or message.body).split())
    return words if len(words) <= _EXCERPT else f"{words[:_EXCERPT].rstrip()} …"


def _marks(message: Message, hidden: bool) -> tuple[str, ...]:
    if hidden:
        return (_("not shown here: it belongs to a restricted request"),)
    if message.redacted_at:
        return (_("removed"),)
    found = []
    if message.edited_at:
        found.append(_("edited"))
    if message.is_late:
        found.append(_("arrived late"))
    if message.kind == Message.Kind.UNREADABLE:
        found.append(_("could not be read"))
    return tuple(found)
