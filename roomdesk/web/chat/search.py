"""Search of what was said in one room; each hit leads to its place there (R08, R10)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from roomdesk.record.models import Message
from roomdesk.web import record_search
from roomdesk.web.chat.guard import Reader, reader_only


@require_safe
@reader_only
def search(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The search with its hits."""
    workspace = reader.workspace
    room = reverse("chat:room", args=[workspace.slug])

    def place(message: Message) -> tuple[str, str, tuple[str, str]]:
        return "", f"{room}?at={message.pk}#m-{message.pk}", reader.told_at(message.at)

    address = reverse("chat:search", args=[workspace.slug])
    found, status = record_search.context_of(request, reader.viewer, workspace, reader.now, address, place)
    around = {"now": reader.now, "reader": reader, "workspace": workspace}
    return render(request, "chat/search.html", {**around, **found}, status=status)
