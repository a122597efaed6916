"""What was said in a room, ready to be drawn: runs of one thread stand together, under what the thread is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from roomdesk.cases.room_talk import Said, Talk, is_hidden
from roomdesk.directory.models import Membership
from roomdesk.record.models import Message
from roomdesk.web.chat.guard import Reader
from roomdesk.web.portal.lines import Line, author_of, excerpt_of, line_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A message: its line, what it answers (author and beginning), reactions with their number, and its own number for its thread.

    `opens` is 0 where no thread can hang from it, `ref` the case that it belongs to, empty for none.
    """

    line: Line
    answers: tuple[str, str] | None
    reactions: list[tuple[str, int]]
    opens: int
    ref: str


@dataclass(frozen=True, slots=True)
class Block:
    """A run of messages: of the main line, or of one thread, then with its root's author, beginning and number."""

    thread: str
    root: tuple[str, str] | None = None
    number: int = 0
    entries: list[Entry] = field(default_factory=list)


def blocks(talk: Talk, reader: Reader, members: Mapping[int, Membership], *, in_thread: bool) -> list[Block]:
    """The page's messages in order of time; each run of one thread is one block. On a thread's own page all are one."""
    found: list[Block] = []
    for said in talk.messages:
        thread = "" if in_thread else said.thread
        if not found or found[-1].thread != thread:
            found.append(_block(thread, said.root, reader))
        found[-1].entries.append(entry_of(said, reader, members))
    return found


def _block(thread: str, root: Message | None, reader: Reader) -> Block:
    if not thread or root is None:
        return Block(thread)
    return Block(thread, _about(root, reader), root.pk)


def _about(message: Message, reader: Reader) -> tuple[str, str]:
    return author_of(message), excerpt_of(message, hidden=is_hidden(message, reader.security))


def entry_of(said: Said, reader: Reader, members: Mapping[int, Membership]) -> Entry:
    message = said.message
    hidden = is_hidden(message, reader.security)
    line = line_of(message, reader.told_at(message.at), members, file=said.file, hidden=hidden)
    answers = _about(said.answers, reader) if said.answers else None
    ref = message.case.ref if message.case and not hidden else ""
    return Entry(line, answers, sorted(said.reactions.items()), message.pk if message.external_id else 0, ref)
