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

from roomdesk.bootstrap import settings
from roomdesk.cases import marks, room_reading, room_talk
from roomdesk.cases.attaching import MOST
from roomdesk.cases.chat_acts import REACTIONS
from roomdesk.cases.room_talk import Said, Talk, Window
from roomdesk.cases.saying import why_not_speak
from roomdesk.consent.queries import waiting_for
from roomdesk.directory.customers import customers_of
from roomdesk.directory.models import Person, Workspace
from roomdesk.directory.queries import people_of, viewer_of_person, workspace_page
from roomdesk.product.queries import newest, product_of
from roomdesk.refusals import DeskError
from roomdesk.rooms.inside import address_of, room_of
from roomdesk.runtime import clock
from roomdesk.web.chat import acts
from roomdesk.web.chat.acts import Written
from roomdesk.web.chat.guard import Reader, reader_only
from roomdesk.web.chat.present import About, Around, about, blocks, entry_of
from roomdesk.web.live.scopes import Scope, followed
from roomdesk.web.portal.refusals import told


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
    unread = room_reading.unread_in(person, list(found.values()))
    rooms = [(one, unread[one.pk], unread[one.pk] >= room_reading.MOST_UNREAD) for one in found.values()]
    context = {"rooms": rooms, "next": following, "is_staff": viewer.kind == "staff"}
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
    """The room, a part of it (`before`, `after`, `at`), or one thread (`thread`); POST says or does something there."""
    if request.method == "POST":
        return acts.do_post(request, reader, lambda said, error: _page(request, reader, said, error))
    return _page(request, reader, acts.written(request))


def _page(request: HttpRequest, reader: Reader, said: Written, refused: DeskError | None = None) -> HttpResponse:
    workspace = reader.workspace
    readings = room_reading.readings_of(workspace)
    live = followed(Scope("room", workspace.slug), marks.of_room(workspace, reader.person, readings))
    head, talk = _read(request, reader, said.thread)
    here = room_of(workspace)
    around = Around(
        members={row.person_id: row for row in people_of(workspace, reader.now)},
        others=room_reading.others(readings, here, reader.person, reader.now),
        read_at=room_reading.read_until(readings, reader.person),
    )
    waiting = room_talk.sending(workspace, reader.person, reader.now) if talk.is_newest else []
    about = _about(reader, said)
    # Words typed here go out by the desk's own hand, and are nobody's consent: the page of the question takes them (D42).
    questions = [] if reader.is_staff else list(waiting_for(workspace.pk, reader.now))
    context = {
        **live,
        "now": reader.now,
        "reader": reader,
        "workspace": workspace,
        "head": entry_of(head, reader, around) if head else None,
        "thread": said.thread,
        "blocks": blocks(talk, reader, around, in_thread=head is not None),
        "talk": talk,
        "newest": talk.messages[-1].message.pk if talk.is_newest and talk.messages and not said.thread else 0,
        "questions": questions,
        "writing": [person.name for person in around.others.writing],
        "waiting": [(one, reader.told_at(one.at), told(one.problem)) for one in waiting],
        "why_not": told(why_not_speak(workspace, here, reader.person, reader.now)),
        "offered": REACTIONS,
        "most": MOST,
        "megabytes": settings.file_megabytes,
        "about": about,
        "said": said,
        "text": said.text or (about.text if about and said.edit and not refused else ""),
        "problem": told(refused) if refused else "",
        "key": secrets.token_urlsafe(12),
    }
    return render(request, "chat/room.html", context, status=refused.status if refused else 200)


def _read(request: HttpRequest, reader: Reader, thread: int) -> tuple[Said | None, Talk]:
    slug = reader.workspace.slug
    if thread:
        return room_talk.access_thread(reader.viewer, slug, thread)
    before, after = (request.GET.get(name, "") for name in ("before", "after"))
    return None, room_talk.access_talk(
        reader.viewer, slug, Window(before, after, acts.number_of(request.GET.get("at", "")))
    )


def _about(reader: Reader, said: Written) -> About | None:
    """What the composer answers or mends; None for neither, or where that is not there."""
    number = said.edit or said.reply
    return about(room_talk.access_said(reader.viewer, reader.workspace.slug, number), reader) if number else None
