"""A hand-over: who has the watch from now on, what is open, and where the rota has a gap ahead (R40). Told in the control room; and who
takes over is reminded there an hour before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from roomdesk.audit.work import Work
from roomdesk.cases.models import Case
from roomdesk.control import telling
from roomdesk.control.loading import Place
from roomdesk.oncall import asking, hand_over, rotas
from roomdesk.oncall.models import Page, Rota
from roomdesk.product.queries import newest, product_of
from roomdesk.queues.models import Timer
from roomdesk.rooms import naming
from roomdesk.rooms.homes import home_of
from roomdesk.rooms.models import Room
from roomdesk.rules import rota as rules

#: So many cases and gaps are named; the console has the others.
_NAMED = 10


def fire(work: Work, due: Sequence[Timer]) -> Mapping[int, datetime | None]:
    """Others are on call from now on: the rooms follow, the control room hears it, and the next hand-over is looked for."""
    lanes = {timer.subject_id: timer.lane_id for timer in due}
    found = Rota.objects.filter(pk__in=lanes).order_by("pk")
    return {rota.pk: _hand_over(work, rota, lanes[rota.pk]) for rota in found}


def _hand_over(work: Work, rota: Rota, lane_id: int) -> datetime | None:
    hand_over.follow(work, rota, lane_id)
    meant = rotas.rota_of(rota)
    shifts = rules.on_call(meant, work.now)
    _say(work, rota, _words(rota, shifts, work.now), shifts, once=f"hand_over:{rota.pk}:{work.now.isoformat()}")
    work.audit("rota.handed_over", f"rota:{rota.product}", {"on_call": [one.person for one in shifts]})
    following = rules.next_hand_over(meant, work.now)
    hand_over.remind(work, rota, lane_id, following)
    return following


def fire_reminder(work: Work, due: Sequence[Timer]) -> Mapping[int, datetime | None]:
    """Whoever takes over soon is called in the control room, once for each of their shifts."""
    found = Rota.objects.filter(pk__in=[timer.subject_id for timer in due]).order_by("pk")
    return {rota.pk: _remind(work, rota) for rota in found}


def _remind(work: Work, rota: Rota) -> datetime | None:
    """Calls them; or says when, where the hand-over that it was set for has passed and the next one is not near yet."""
    meant = rotas.rota_of(rota)
    following = rules.next_hand_over(meant, work.now)
    if following is None:
        return None
    if following - work.now > hand_over.REMINDED:
        return following - hand_over.REMINDED
    there = {one.person for one in rules.on_call(meant, work.now)}
    coming = [one for one in rules.on_call(meant, following) if one.person not in there]
    zone = _zone(rota)
    for one in coming:
        words = f"{one.person}: you are on call from {_at(one.start, zone)} ({one.layer}, level {one.level}) until {_at(one.end, zone)}."
        _say(work, rota, words, [one], once=f"shift:{rota.pk}:{one.layer}:{one.person}:{one.start.isoformat()}"[:200])
    return None


def _say(work: Work, rota: Rota, words: str, shifts: Sequence[rules.Shift], *, once: str) -> None:
    """In the product's control room, calling the people of these shifts; nothing while there is none."""
    room = Room.objects.filter(kind=Room.Kind.CONTROL, product=rota.product).exclude(room_id="").first()
    if room is not None:
        called = [naming.person_id(person, telling.SERVER) for person in rotas.people(tuple(shifts))]
        telling.say(work, Place(home_of(room), room), "", words, once=once, mentions=called)  # type: ignore[arg-type]


def _zone(rota: Rota) -> ZoneInfo:
    return ZoneInfo(product_of(newest([rota.product])[rota.product].pk).office.timezone)


def _words(rota: Rota, shifts: Sequence[rules.Shift], now: datetime) -> str:
    zone = _zone(rota)
    who = [f"{one.person} ({one.layer}, level {one.level}) until {_at(one.end, zone)}" for one in shifts]
    lines = [f"On call from now: {'; '.join(who) or 'nobody'}.", *_open(rota.product), *_gaps(rota, zone, now)]
    return "\n".join(lines)


def _open(product: str) -> list[str]:
    """References only: what customers say does not stand in this room."""
    pages = list(
        Page.objects.filter(product=product, state__in=Page.WAITING).order_by("pk").values_list("ref", flat=True)
    )
    cases = Case.objects.filter(product=product, state__in=Case.OPEN)
    grave = list(cases.filter(p0_at__isnull=False).order_by("opened_at").values_list("ref", flat=True))
    lines = [f"Open cases: {cases.count()}."]
    if grave:
        lines.append(f"P0 among them: {_named(grave)}.")
    if pages:
        lines.append(f"Pages that nobody has yet: {_named(pages)}.")
    return lines


def _gaps(rota: Rota, zone: ZoneInfo, now: datetime) -> list[str]:
    ahead = asking.found_in(rota, now, asking.notice_days(rota.product))
    return [
        f"Nobody is on call from {_at(gap['start'], zone)} to {_at(gap['end'], zone)}."
        for gap in ahead["gaps"][:_NAMED]
    ]


def _named(refs: Sequence[Any]) -> str:
    more = f" and {len(refs) - _NAMED} more" if len(refs) > _NAMED else ""
    return f"{', '.join(refs[:_NAMED])}{more}"


def _at(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"
