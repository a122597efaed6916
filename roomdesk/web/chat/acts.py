"""What a reader does on the room's page: says something, mends it, reacts, and tells how far they have read and that they write."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from roomdesk.cases import chat_acts, room_reading
from roomdesk.cases.saying import Speech, do_say_in_room
from roomdesk.queues import requests
from roomdesk.refusals import DeskError, NotFound
from roomdesk.web.chat.guard import Reader, reader_only
from roomdesk.web.portal.cases import digest_of, key_of
from roomdesk.web.uploads import uploads_of, words_of


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the composer: its text, and the numbers of the message it belongs to (0: none)."""

    text: str = ""
    thread: int = 0
    reply: int = 0
    edit: int = 0

    @property
    def where(self) -> str:
        return f"?thread={self.thread}" if self.thread else ""


def number_of(text: str) -> int:
    """The number of a message in an address or a form; 0 for none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def written(request: HttpRequest) -> Written:
    """What the form or the address says."""
    given = request.POST if request.method == "POST" else request.GET
    numbers = {name: number_of(str(given.get(name, ""))) for name in ("thread", "reply", "edit")}
    return Written(str(request.POST.get("text", "")).replace("\0", "").strip(), **numbers)


#: Draws the page again with what was refused: the written, the sentence, its field and the status.
Refused = Callable[[Written, DeskError], HttpResponse]


def do_post(request: HttpRequest, reader: Reader, refused: Refused) -> HttpResponse:
    """A word, a mended word or a reaction, each once however often the button was pressed."""
    said = written(request)
    try:
        if "react" in request.POST:
            return _react(reader, str(request.POST["react"]), said)
        if said.edit:
            return _edit(request, reader, said)
        return _say(request, reader, said)
    except NotFound:
        # What is spoken of is not here: there is no page to draw again.
        raise
    except DeskError as error:
        return refused(said, error)


def _say(request: HttpRequest, reader: Reader, said: Written) -> HttpResponse:
    slug, key = reader.workspace.slug, key_of(request) or secrets.token_urlsafe(12)
    files = uploads_of(request)
    speech = Speech(said.text, key, said.thread or None, said.reply or None, files)

    def say() -> tuple[int, str]:
        do_say_in_room(
            reader.viewer, slug=slug, person=reader.person, speech=speech, actor=reader.actor, now=reader.now
        )
        return 303, ""

    digest = digest_of(slug, str(said.thread), str(said.reply), said.text, *words_of(files))
    requests.once(f"chat:{reader.person.slug}", key, digest, reader.now, say)
    return HttpResponseRedirect(f"{reverse('chat:room', args=[slug])}{said.where}#composer")


def _edit(request: HttpRequest, reader: Reader, said: Written) -> HttpResponse:
    slug = reader.workspace.slug
    chat_acts.do_edit(
        reader.viewer,
        slug=slug,
        person=reader.person,
        number=said.edit,
        text=said.text,
        key=key_of(request) or secrets.token_urlsafe(12),
        actor=reader.actor,
        now=reader.now,
    )
    return HttpResponseRedirect(f"{reverse('chat:room', args=[slug])}?at={said.edit}#m-{said.edit}")


def _react(reader: Reader, asked: str, said: Written) -> HttpResponse:
    slug, (number, _colon, key) = reader.workspace.slug, asked.partition(":")
    chat_acts.do_react(
        reader.viewer,
        slug=slug,
        person=reader.person,
        number=number_of(number),
        key=key,
        actor=reader.actor,
        now=reader.now,
    )
    where = said.where or f"?at={number_of(number)}"
    return HttpResponseRedirect(f"{reverse('chat:room', args=[slug])}{where}#m-{number_of(number)}")


@require_POST
@reader_only
def signs(request: HttpRequest, reader: Reader) -> HttpResponse:
    """That the reader writes or has stopped (`is`), or how far they have read (`read`). Anything else says nothing."""
    number, doing = number_of(str(request.POST.get("read", ""))), request.POST.get("is", "")
    if number:
        room_reading.do_read(reader.viewer, reader.workspace, reader.person, number)
    if doing in ("writing", "idle"):
        room_reading.note_writing(reader.workspace, reader.person, is_writing=doing == "writing", now=reader.now)
    if "back" in request.POST:
        return HttpResponseRedirect(f"{reverse('chat:room', args=[reader.workspace.slug])}#composer")
    return HttpResponse(status=204)
