"""What was said in a room, ready to be drawn: runs of one thread stand together, under what the thread is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from roomdesk.cases.chat_acts import may_edit
from roomdesk.cases.room_reading import Others
from roomdesk.cases.room_talk import Said, Talk, is_hidden
from roomdesk.directory.models import Membership, Person
from roomdesk.record.models import File, Message
from roomdesk.rules.file_type import PICTURES
from roomdesk.web.chat.guard import Reader
from roomdesk.web.portal.lines import Line, author_of, excerpt_of, line_of

#: Bytes of a picture that is shown with its message; larger ones are links.
_SHOWN = 3_000_000


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the messages: who belongs to the workspace, how far the others and the reader have read."""

    members: Mapping[int, Membership]
    others: Others
    read_at: datetime | None

    def is_new_to(self, person: Person, message: Message) -> bool:
        """Whether somebody else said it after what the reader has read; what the desk says by itself is no news."""
        is_later = self.read_at is not None and message.at > self.read_at
        return is_later and message.author_id != person.pk and message.author_kind != Message.Author.DESK

    def seen_by(self, number: int) -> list[str]:
        """Names of those whose newest read message this is."""
        return [person.name for read, person in self.others.read if read == number]


@dataclass(frozen=True, slots=True)
class Entry:
    """A message: its line, what it answers (number, author and beginning), reactions with their number and whether the reader's is among
    them, and its own number.

    `opens` is 0 where no thread can hang from it, `ref` the case that it belongs to, empty for none. `picture`: its file can be shown.
    """

    line: Line
    number: int
    answers: tuple[int, str, str] | None
    reactions: list[tuple[str, int, bool]]
    opens: int
    ref: str
    is_mine: bool = False
    is_new: bool = False
    picture: File | None = None
    seen_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Block:
    """A run of messages: of the main line, or of one thread, then with its root's author, beginning and number."""

    thread: str
    root: tuple[int, str, str] | None = None
    number: int = 0
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class About:
    """The message that the composer answers or mends: its number, author, beginning, and for one's own its whole text."""

    number: int
    author: str
    excerpt: str
    text: str


def about(message: Message, reader: Reader) -> About:
    """Another's words are never put into the composer."""
    _number, author, excerpt = _about(message, reader)
    text = (message.edited_body or message.body) if may_edit(message, reader.person) else ""
    return About(message.pk, author, excerpt, text)


def blocks(talk: Talk, reader: Reader, around: Around, *, in_thread: bool) -> list[Block]:
    """The window's messages in order of time; each run of one thread is one block. On a thread's own page all are one."""
    found: list[Block] = []
    is_told = around.read_at is None or in_thread
    for said in talk.messages:
        thread = "" if in_thread else said.thread
        if not found or found[-1].thread != thread:
            found.append(_block(thread, said.root, reader))
        is_new = not is_told and around.is_new_to(reader.person, said.message)
        is_told = is_told or is_new
        found[-1].entries.append(entry_of(said, reader, around, is_new=is_new))
    return found


def _block(thread: str, root: Message | None, reader: Reader) -> Block:
    if not thread or root is None:
        return Block(thread)
    return Block(thread, _about(root, reader), root.pk)


def _about(message: Message, reader: Reader) -> tuple[int, str, str]:
    return message.pk, author_of(message), excerpt_of(message, hidden=is_hidden(message, reader.security))


def entry_of(said: Said, reader: Reader, around: Around, *, is_new: bool = False) -> Entry:
    message = said.message
    hidden = is_hidden(message, reader.security)
    line = line_of(message, reader.told_at(message.at), around.members, file=said.file, hidden=hidden)
    return Entry(
        line,
        message.pk,
        _about(said.answers, reader) if said.answers else None,
        [(key, count, key in said.mine) for key, count in sorted(said.reactions.items())],
        message.pk if message.external_id and not hidden and not message.redacted_at else 0,
        message.case.ref if message.case and not hidden else "",
        is_mine=may_edit(message, reader.person),
        is_new=is_new,
        picture=_picture(line.file),
        seen_by=around.seen_by(message.pk),
    )


def _picture(file: File | None) -> File | None:
    """A file that its own first bytes make a picture, and that is not too long on its way."""
    if file is None or file.state != File.State.KEPT or file.type not in PICTURES or (file.size or 0) > _SHOWN:
        return None
    return file
