"""The chat in the browser: a workspace's room read and written as the person who is signed in (R10)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from roomdesk.cases import marks, room_talk
from roomdesk.cases.room_talk import Said, Talk
from roomdesk.cases.saying import Speech, do_say_in_room, why_not_speak
from roomdesk.directory.customers import customers_of
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import people_of, viewer_of_person, workspace_page
from roomdesk.product.queries import newest, product_of
from roomdesk.queues import requests
from roomdesk.refusals import DeskError
from roomdesk.rooms.inside import address_of, room_of
from roomdesk.runtime import clock
from roomdesk.web.chat.guard import Reader, reader_only
from roomdesk.web.chat.present import blocks, entry_of
from roomdesk.web.live.scopes import Scope, followed
from roomdesk.web.portal.cases import digest_of, key_of


@require_safe
@login_required
@never_cache
def index(request: HttpRequest) -> HttpResponseBase:
    """Leads into the person's one room; lists them where there are several, and says so where there is none."""
    person, now = request.user, clock.now()
    assert isinstance(person, Person)
    viewer = viewer_of_person(person, now)
    own = [one.workspace for one in customers_of(person, now) if one.may_read]
    after = request.GET.get("after", "").replace("\0", "")
    more, following = workspace_page(viewer, after) if viewer.kind == "staff" else ([], None)
    found = {workspace.pk: workspace for workspace in _with_rooms([*own, *more])}
    if len(found) == 1 and not after:
        return HttpResponseRedirect(reverse("chat:open", args=[next(iter(found.values())).slug]))
    context = {"workspaces": found.values(), "next": following, "is_staff": viewer.kind == "staff"}
    return render(request, "chat/index.html", context)


def _with_rooms(workspaces: Sequence[Workspace]) -> list[Workspace]:
    """Those whose product has rooms."""
    versions = newest({workspace.product for workspace in workspaces})
    return [one for one in workspaces if one.product in versions and product_of(versions[one.product].pk).room]


@require_safe
@reader_only
def leave_for(request: HttpRequest, reader: Reader) -> HttpResponse:
    """To the room, in the chat that this installation or product uses.

    A chat elsewhere is gone to from a page: browsers hold redirects after the sign-in form against `form-action`.
    """
    address = address_of(reader.workspace, reader.product, room_of(reader.workspace))
    if address.endswith(reverse("chat:room", args=[reader.workspace.slug])):
        return HttpResponseRedirect(address)
    return render(
        request, "chat/elsewhere.html", {"address": address, "workspace": reader.workspace, "now": reader.now}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@reader_only
def room(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The room, or one thread of it (`?thread=`); POST says something there."""
    thread = _number(request.POST.get("thread", "") or request.GET.get("thread", ""))
    if request.method == "POST":
        return _say(request, reader, thread)
    return _page(request, reader, thread)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _say(request: HttpRequest, reader: Reader, thread: int) -> HttpResponse:
    """Says it once, however often the button was pressed: each drawn form has a key of its own."""
    text, slug = request.POST.get("text", "").replace("\0", "").strip(), reader.workspace.slug
    key = key_of(request) or secrets.token_urlsafe(12)

    def say() -> tuple[int, str]:
        do_say_in_room(
            reader.viewer,
            slug=slug,
            person=reader.person,
            speech=Speech(text, key, thread or None),
            actor=reader.actor,
            now=reader.now,
        )
        return 303, ""

    owner = f"chat:{reader.person.slug}"
    try:
        requests.once(owner, key, digest_of(slug, str(thread), text), reader.now, say)
    except DeskError as error:
        return _page(request, reader, thread, text=text, problem=str(error), status=error.status)
    where = f"?thread={thread}" if thread else ""
    return HttpResponseRedirect(f"{reverse('chat:room', args=[slug])}{where}#composer")


def _page(
    request: HttpRequest, reader: Reader, thread: int, *, text: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    workspace = reader.workspace
    live = followed(Scope("room", workspace.slug), marks.of_room(workspace, reader.person))
    head, talk = _read(request, reader, thread)
    members = {row.person_id: row for row in people_of(workspace, reader.now)}
    waiting = room_talk.sending(workspace, reader.person, reader.now) if talk.is_newest else []
    context = {
        **live,
        "now": reader.now,
        "reader": reader,
        "workspace": workspace,
        "head": entry_of(head, reader, members) if head else None,
        "thread": thread,
        "blocks": blocks(talk, reader, members, in_thread=head is not None),
        "before": talk.before,
        "is_newest": talk.is_newest,
        "waiting": [(one, reader.told_at(one.at)) for one in waiting],
        "why_not": why_not_speak(workspace, room_of(workspace), reader.person, reader.now),
        "text": text,
        "problem": problem,
        "key": secrets.token_urlsafe(12),
    }
    return render(request, "chat/room.html", context, status=status)


def _read(request: HttpRequest, reader: Reader, thread: int) -> tuple[Said | None, Talk]:
    slug = reader.workspace.slug
    if thread:
        return room_talk.access_thread(reader.viewer, slug, thread)
    return None, room_talk.access_talk(reader.viewer, slug, before=request.GET.get("before", ""))
