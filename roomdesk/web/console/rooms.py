"""The pages Rooms and Room: whether every room is what it should be, what was found, and comparing one now (R06)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from roomdesk.cases import verifying
from roomdesk.directory.models import StaffRole
from roomdesk.directory.services.intervals import valid_at
from roomdesk.product.schema import Product
from roomdesk.refusals import DeskError, Forbidden
from roomdesk.rooms import overview, planning
from roomdesk.rooms.homes import Home, House
from roomdesk.rooms.models import Drift
from roomdesk.rooms.overview import Done, Glance
from roomdesk.rooms.shown import words
from roomdesk.web.console.clock_words import moment, span
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.own import own_products, zone_of
from roomdesk.web.live.scopes import UNTOLD

#: State → tone and words.
_STATES = {
    "right": ("met", _("right")),
    "repairing": ("soon", _("being repaired")),
    "left": ("late", _("left over")),
    "making": ("soon", _("being made")),
    "failed": ("late", _("could not be made")),
    "unknown": ("none", _("not compared yet")),
}
#: Who may have a room compared and repaired.
REPAIRERS = (StaffRole.Role.LEAD, StaffRole.Role.ADMINISTRATOR)
_BECAUSE = {"sweep": _("by the sweep"), "operator": _("when asked for"), "left": _("when the desk had left")}
_DONE = {
    "room.wanted": _("The room was asked for"),
    "room.made": _("The room was made"),
    "room.failed": _("The room could not be made"),
    "room.reconcile": _("Asked to compare and repair"),
    "room.drift_found": _("Found other than it should be"),
    "room.drift_left": _("Not repaired: something is left"),
    "room.drift_repaired": _("Repaired"),
    "room.admitting": _("Let in: {user_id}"),
    "room.removing": _("Removed: {user_id} ({reason})"),
    "room.power": _("Power of the staff set"),
    "room.setting": _("Set: {type}"),
    "room.seating": _("Let back in: {user_id}"),
    "room.alias": _("Alias pointed at the room: {alias}"),
    "room.remake": _("Asked to make another room"),
    "room.remaking": _("Another room is being made for {former}"),
    "room.adopt": _("Asked to take over {room_id}"),
    "room.adopted": _("Went over to another room"),
    "room.adoption_refused": _("{room_id} was not taken over: {why}"),
    "room.replaced": _("The former room was replaced"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A room as it is drawn. `found` is what the last look found, where it is not repaired."""

    name: str
    what: str
    address: str
    tone: str
    state: str
    problem: str
    found: Sequence[str]
    looked: str
    looked_at: str
    members: int
    last: str


@dataclass(frozen=True, slots=True)
class Found:
    """One drift in words."""

    at: str
    because: str
    lines: Sequence[str]
    left: Sequence[str]
    fate: str
    is_open: bool


@require_GET
@staff_only
def rooms(request: HttpRequest, reader: Reader) -> HttpResponse:
    """All rooms, the staff's own first; or only those that are not right."""
    only_wrong, after = request.GET.get("view") == "wrong", request.GET.get("after", "")
    page = overview.page_of_rooms(reader.viewer, after=after, only_wrong=only_wrong)
    products = own_products(reader)
    context = {
        **frame(reader, UNTOLD),
        "only_wrong": only_wrong,
        "is_later_page": bool(after),
        "record": _record(reader),
        "room_rows": [_row(glance, products, reader.now) for glance in page.items],
        "wrong": overview.count_wrong(reader.viewer),
        "tabs": [(not only_wrong, _("All"), _list(), False), (only_wrong, _("Not right"), _list(view="wrong"), True)],
        "next": _list(view="wrong" if only_wrong else "", after=page.next) if page.next else "",
        "first": _list(view="wrong" if only_wrong else ""),
    }
    return render(request, "console/rooms.html", context)


def _record(reader: Reader) -> str:
    """What the last comparison of the whole record with the rooms found (docs/record.md)."""
    last = verifying.last_verified()
    if last is None:
        return gettext("The record was not compared with the rooms yet (roomdesk record verify).")
    at, found = last
    gaps = sum(found[name] for name in verifying.GAPS) + found["unreadable"]
    named = {"span": span(reader.now - at), "gaps": gaps}
    if not gaps:
        return gettext("The record was last compared with the rooms %(span)s ago: it was complete.") % named
    return (
        gettext(
            "The record was last compared with the rooms %(span)s ago: %(gaps)s differences (roomdesk record verify names them)."
        )
        % named
    )


def _list(**wanted: str) -> str:
    query = urlencode({name: value for name, value in wanted.items() if value})
    return reverse("console:rooms") + (f"?{query}" if query else "")


@require_GET
@staff_only
def room(request: HttpRequest, reader: Reader, workspace: str = "", name: str = "") -> HttpResponse:
    """One room with its history; with `compare` also what is other than it should be just now, which asks the homeserver."""
    glance = overview.access_room_of(reader.viewer, workspace=workspace, staff_room=name)
    # What brings the page up to date every few seconds must not ask the homeserver as often.
    compare = "compare" in request.GET and request.headers.get("Sec-Fetch-Dest") != "empty"
    return _page(request, reader, glance, compare=compare)


@require_POST
@staff_only
def repair(request: HttpRequest, reader: Reader, workspace: str = "", name: str = "") -> HttpResponse:
    """Has the desk compare the room now and repair what it finds. Safe to press again."""
    glance = overview.access_room_of(reader.viewer, workspace=workspace, staff_room=name)
    try:
        _check_role(reader, glance.home)
        planning.do_reconcile_room(glance.room, reader.actor, reader.now)
    except DeskError as error:
        return _page(request, reader, glance, problem=str(error), status=error.status)
    return HttpResponseRedirect(f"{_address(glance.home)}?asked=1")


def _check_role(reader: Reader, home: Home) -> None:
    if not _may_repair(reader, home):
        raise Forbidden(gettext("Leads and administrators of the product have rooms repaired; ask one of them."))


def _may_repair(reader: Reader, home: Home) -> bool:
    roles = StaffRole.objects.filter(valid_at(reader.now), person=reader.person, role__in=REPAIRERS)
    return roles.filter(product__in={"", home.product}).exists()


def _page(
    request: HttpRequest, reader: Reader, glance: Glance, *, compare: bool = False, problem: str = "", status: int = 200
) -> HttpResponse:
    home, now = glance.home, reader.now
    products = own_products(reader)
    zone = zone_of(home.product, products)
    differences: list[str] | None = None
    try:
        differences = _differences(planning.plan_of(glance.room, now)) if compare else None
    except DeskError as error:
        problem, status = str(error), error.status
    context = {
        **frame(reader, UNTOLD),
        "row": _row(glance, products, now),
        "room": glance.room,
        "problem": problem,
        "compared": compare and differences is not None,
        "differences": differences,
        "asked": "asked" in request.GET,
        "may_repair": _may_repair(reader, home),
        "repair": _address(home, "repair"),
        "drifts": [_found(drift, zone, now) for drift in overview.drifts_of(glance.room)],
        "acts": [(moment(one.at, zone, now), one.actor, _act(one)) for one in overview.done_about(home)],
    }
    return render(request, "console/room.html", context, status=status)


def _address(home: Home, act: str = "room") -> str:
    if isinstance(home, House):
        return reverse(f"console:staff_{act}", args=[home.slug])
    return reverse(f"console:{act}", args=[home.slug])


def _row(glance: Glance, products: Mapping[str, Product], now: datetime) -> Row:
    tone, state = _STATES[glance.state]
    zone = zone_of(glance.home.product, products)
    room, drift = glance.room, glance.drift
    is_open = drift is not None and drift.repaired_at is None and glance.state in ("left", "repairing")
    return Row(
        name=glance.home.display_name if not isinstance(glance.home, House) else _house(glance.home, products),
        what=glance.home.slug,
        address=_address(glance.home),
        tone=tone,
        state=str(state),
        problem=room.problem,
        found=_lines(json.loads(drift.left or drift.found)) if drift and is_open else (),
        looked=gettext("%(span)s ago") % {"span": span(now - room.checked_at)}
        if room.checked_at
        else gettext("not yet"),
        looked_at=moment(room.checked_at, zone, now) if room.checked_at else "",
        members=glance.members,
        last=_last(drift, zone, now),
    )


def _house(house: House, products: Mapping[str, Product]) -> str:
    if house.person is not None:
        return gettext("Direct messages of %(name)s") % {"name": house.person.name}
    if not house.product:
        return gettext("Staff Space")
    words = gettext("Space of %(product)s") if house.is_space else gettext("Control room of %(product)s")
    return words % {"product": products[house.product].name if house.product in products else house.product}


def _last(drift: Drift | None, zone: str, now: datetime) -> str:
    if drift is None:
        return gettext("never found other than it should be")
    named = {"found": moment(drift.found_at, zone, now)}
    if not drift.repaired_at:
        return gettext("last found other %(found)s, not repaired yet") % named
    named |= {"repaired": moment(drift.repaired_at, zone, now)}
    return gettext("last found other %(found)s, repaired %(repaired)s") % named


def _differences(item: dict[str, Any]) -> list[str]:
    waiting = item.get("waiting")
    return [
        *_lines(item),
        *([gettext("Calls for the room that are still under way: %(many)s") % {"many": waiting}] if waiting else []),
    ]


def _lines(plan: dict[str, Any]) -> list[str]:
    """A plan in words: what is to be done, what waits for the next pass, what no action mends."""
    said = [_sentence(words(action)) for action in plan.get("actions", ())]
    said += [gettext("Waits for a later pass: %(what)s") % {"what": words(action)} for action in plan.get("held", ())]
    return said + ([plan["problem"]] if plan.get("problem") else [])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _found(drift: Drift, zone: str, now: datetime) -> Found:
    if drift.repaired_at:
        fate = gettext("repaired %(at)s") % {"at": moment(drift.repaired_at, zone, now)}
    else:
        fate = gettext("not repaired yet, last seen %(at)s") % {"at": moment(drift.seen_at, zone, now)}
    return Found(
        at=moment(drift.found_at, zone, now),
        because=str(_BECAUSE.get(drift.because, drift.because)),
        lines=_lines(json.loads(drift.found)),
        left=_lines(json.loads(drift.left)) if drift.left else (),
        fate=fate,
        is_open=drift.repaired_at is None,
    )


def _act(done: Done) -> str:
    """What the audit says, in words; an action that this page does not know by its name."""
    try:
        return str(_DONE.get(done.action, done.action)).format(**done.data)
    except (KeyError, IndexError):
        return done.action
