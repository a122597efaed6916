"""Erasure by law of what others have quoted: their own words stay, the erased ones in them go, on record and in the events as they came.

A quotation is what a reply carries of what it answers, and a line that begins with `>` and is a line of what was erased. In the room others'
events stay as they are: nobody but they can change them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q

from roomdesk.queues.models import InboxEvent
from roomdesk.record.models import Message
from roomdesk.rules.own_text import own_text

#: In a content of which a quotation was taken: it is not what the room has any more.
MARK = "solutions.roomdesk.unquoted"
_GONE = "> (erased)"
_FALLBACK = re.compile(r"<mx-reply>.*?</mx-reply>", re.DOTALL | re.IGNORECASE)
#: A shorter line is anybody's ("ok").
_SHORTEST = 8

Json = dict[str, Any]


def lines_of(messages: Iterable[Message]) -> set[str]:
    """The lines of what is to be erased, by which quotations of it are known."""
    texts = (text for message in messages for text in (message.body, message.edited_body))
    found = {line.strip() for text in texts for line in text.split("\n")}
    return {line for line in found if len(line) >= _SHORTEST}


def do_unquote(workspace_id: int, events: Collection[str], lines: Collection[str]) -> int:
    """Takes the quotations of these events, and of these lines, out of what else was said; returns of how many messages. In the caller's transaction."""
    quoting = Q(reply_to__in=[one for one in events if one]) | Q(body__contains=">") | Q(content__contains=">")
    rows = Message.objects.filter(quoting, workspace_id=workspace_id).exclude(body="", content__in=["", "{}"])
    return sum(_unquote(message, frozenset(events), frozenset(lines)) for message in rows.iterator())


def _unquote(message: Message, events: frozenset[str], lines: frozenset[str]) -> bool:
    content: Json = json.loads(message.content) if message.content else {}
    is_answer = message.reply_to in events and bool(message.reply_to)
    kept = _content(content, lines, is_answer=is_answer)
    body, edited = _without(message.body, lines), _without(message.edited_body, lines)
    if (kept, body, edited) == (content, message.body, message.edited_body):
        return False
    kept = {**kept, MARK: True} if kept != content else content
    text = json.dumps(kept) if kept != content else message.content
    Message.objects.filter(pk=message.pk).update(body=body, edited_body=edited, content=text)
    if kept != content:
        _event(message.external_id, kept)
    return True


def _content(content: Json, lines: frozenset[str], *, is_answer: bool) -> Json:
    """The content, and that of an edit in it, without what is quoted. A formatted text that quotes goes; the plain one says the rest."""
    found = dict(content)
    body = found.get("body")
    if isinstance(body, str):
        found["body"] = _without(own_text(body, True) if is_answer else body, lines)
    shown = found.get("formatted_body")
    if isinstance(shown, str):
        bare = _FALLBACK.sub("", shown) if is_answer else shown
        found["formatted_body"] = bare
        if (found.get("body") != body and bare == shown) or any(line in bare for line in lines):
            found.pop("formatted_body")
            found.pop("format", None)
    new = found.get("m.new_content")
    if isinstance(new, dict):
        found["m.new_content"] = _content(new, lines, is_answer=is_answer)
    return found


def _without(text: str, lines: frozenset[str]) -> str:
    """The text with each quoted line of what was erased replaced."""
    if ">" not in text:
        return text
    return "\n".join(_GONE if _is_quoted(line, lines) else line for line in text.split("\n"))


def _is_quoted(line: str, lines: frozenset[str]) -> bool:
    bare = line.lstrip()
    return bare.startswith(">") and bare.lstrip("> ").strip() in lines


def _event(external_id: str, content: Json) -> None:
    for event in (
        InboxEvent.objects.filter(external_id=external_id, source__in=["matrix", "control"]) if external_id else ()
    ):
        given = json.loads(event.raw)
        said = given.get("event", given)
        said["content"] = content
        InboxEvent.objects.filter(pk=event.pk).update(raw=json.dumps(given))
