"""A rota while it is edited by a form: everything as text, as somebody typed it, so that what is wrong is kept and can be named.

`draft_of` and `written_of` are each other's inverse but for what may be left out (docs/rota.md); whether a draft is a rota says `rota_file`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from roomdesk.rules.errors import RuleError
from roomdesk.rules.instants import SECOND, exactly, since_epoch
from roomdesk.rules.zones import first_instant, zone_named

#: More than these a form does not hold; the text does.
MOST_LAYERS, MOST_PEOPLE, MOST_LEAVE = 20, 50, 50
ALWAYS, WITHIN, OUTSIDE = "", "within", "outside"
_EVERY = re.compile(r"([0-9]+) (hour|day|week)s?")
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_PLACE = re.compile(r"(layers|leave|needed)(?:\[(\d+)\])?(?:\.(\w+))?(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class HoursDraft:
    """`way` is always (empty), within or outside; `calendar` counts for the last two."""

    way: str = ALWAYS
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class LayerDraft:
    """A layer as it is typed; `many` and `unit` (hour, day, week) are the time between two hand-overs."""

    name: str = ""
    level: str = "1"
    people: tuple[str, ...] = ()
    zone: str = ""
    starts: str = ""
    hand_over: str = "09:00"
    many: str = "1"
    unit: str = "week"
    hours: HoursDraft = HoursDraft()


@dataclass(frozen=True, slots=True)
class LeaveDraft:
    """Somebody's leave, on the clock of the draft's zone. `was_start` and `was_end` are the instants that the two texts were made of."""

    person: str = ""
    start: str = ""
    end: str = ""
    was_start: str = ""
    was_end: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """The whole form. `zone` is that of the leave's times."""

    zone: str
    layers: tuple[LayerDraft, ...] = ()
    leave: tuple[LeaveDraft, ...] = ()
    needed: HoursDraft = HoursDraft()


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a rota something is refused: `part` is layers, leave or needed; None for what is of the whole part."""

    part: str
    number: int | None
    key: str
    entry: int | None
    text: str


def draft_of(written: Mapping[str, Any], zone: str) -> Draft:
    """The stored rota in a form whose leave is told in `zone`."""
    return Draft(
        zone,
        tuple(_layer(one) for one in written.get("layers", ())),
        tuple(_leave(one, zone) for one in written.get("leave", ())),
        _hours(written.get("needed")),
    )


def _layer(one: Mapping[str, Any]) -> LayerDraft:
    every = _EVERY.fullmatch(str(one.get("every", "1 week")))
    many, unit = every.groups() if every else ("", "week")
    names = ("name", "zone", "starts", "hand_over")
    texts = {name: str(one.get(name, "")) for name in names}
    people = tuple(str(person) for person in one.get("people", ()))
    level = str(one.get("level", 1))
    return LayerDraft(level=level, people=people, many=many, unit=unit, hours=_hours(one.get("hours")), **texts)


def _hours(given: Any) -> HoursDraft:
    way, calendar = next(iter(given.items())) if isinstance(given, Mapping) and given else (ALWAYS, "")
    return HoursDraft(str(way), str(calendar))


def _leave(one: Mapping[str, Any], zone: str) -> LeaveDraft:
    start, end = str(one.get("start", "")), str(one.get("end", ""))
    return LeaveDraft(str(one.get("person", "")), _local(start, zone), _local(end, zone), start, end)


def _local(instant: str, zone: str) -> str:
    """An instant on the wall of the zone, as forms have it: seconds only where there are any."""
    at = datetime.fromisoformat(instant)
    wall = at.astimezone(zone_named(zone)).replace(tzinfo=None)
    return wall.isoformat(timespec="seconds" if wall.second else "minutes")


def written_of(draft: Draft) -> dict[str, Any]:
    """The rota as it is written down, without turns that are nobody's yet. What cannot be read stays as it was typed, for
    `rota_file` to refuse it by its name.
    """
    found: dict[str, Any] = {"layers": [_written_layer(one) for one in draft.layers]}
    if draft.needed.way:
        found["needed"] = _written_hours(draft.needed)
    if draft.leave:
        found["leave"] = [_written_leave(one, draft.zone) for one in draft.leave]
    return found


def _written_layer(one: LayerDraft) -> dict[str, Any]:
    level: Any = int(one.level) if one.level.isascii() and one.level.isdecimal() and len(one.level) < 9 else one.level
    found: dict[str, Any] = {
        "name": one.name,
        "level": level,
        "people": [person for person in one.people if person],
        "zone": one.zone,
        "starts": one.starts,
        "hand_over": one.hand_over,
        "every": f"{one.many} {one.unit}{'' if one.many == '1' else 's'}",
    }
    return {**found, "hours": _written_hours(one.hours)} if one.hours.way else found


def _written_hours(one: HoursDraft) -> dict[str, str]:
    return {one.way: one.calendar}


def _written_leave(one: LeaveDraft, zone: str) -> dict[str, str]:
    return {
        "person": one.person,
        "start": _instant(one.start, one.was_start, zone),
        "end": _instant(one.end, one.was_end, zone),
    }


def _instant(local: str, was: str, zone: str) -> str:
    """The first time that the wall shows it; an untouched text keeps its own instant, which may be the second time."""
    if was and _is_shown_as(was, local, zone):
        return was
    if not _LOCAL.fullmatch(local):
        return local
    try:
        seconds = since_epoch(datetime.fromisoformat(local).replace(tzinfo=UTC)) // SECOND
    except (ValueError, RuleError):
        return local
    return exactly(first_instant(zone_named(zone), seconds) * SECOND).isoformat().replace("+00:00", "Z")


def _is_shown_as(instant: str, local: str, zone: str) -> bool:
    try:
        return datetime.fromisoformat(instant).tzinfo is not None and _local(instant, zone) == local
    except (ValueError, OverflowError):
        return False


def place_of(sentence: str) -> Place | None:
    """Where the sentence of a refusal says that it is; None for one that names no place."""
    found = _PLACE.match(sentence)
    if found is None:
        return None
    part, number, key, entry = found.groups()
    return Place(part, _number(number), key or "", _number(entry), found[0])


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def changed(draft: Draft, act: str, new: LayerDraft) -> Draft:
    """The draft after a button: `add-layer` (`new`), `drop-layer:N`, `add:N` (a turn), `up|down|out:N:M`, `add-leave`, `drop-leave:N`.

    What names nothing that there is changes nothing.
    """
    name, *given = act.split(":")
    places = [int(text) for text in given if text.isascii() and text.isdecimal() and len(text) < 5]
    if name == "add-layer":
        return replace(draft, layers=(*draft.layers, new)[:MOST_LAYERS])
    if name == "add-leave":
        return replace(draft, leave=(*draft.leave, LeaveDraft())[:MOST_LEAVE])
    if name == "drop-layer" and places:
        return replace(draft, layers=_without(draft.layers, places[0]))
    if name == "drop-leave" and places:
        return replace(draft, leave=_without(draft.leave, places[0]))
    if name in ("add", "up", "down", "out") and places and places[0] < len(draft.layers):
        layer = draft.layers[places[0]]
        people = _turns(layer.people, name, places[1] if len(places) > 1 else -1)
        layers = list(draft.layers)
        layers[places[0]] = replace(layer, people=people)
        return replace(draft, layers=tuple(layers))
    return draft


def _without(rows: Sequence[Any], place: int) -> tuple[Any, ...]:
    return tuple(row for number, row in enumerate(rows) if number != place)


def _turns(people: tuple[str, ...], name: str, place: int) -> tuple[str, ...]:
    if name == "add":
        return (*people, "")[:MOST_PEOPLE]
    if not 0 <= place < len(people):
        return people
    if name == "out":
        return _without(people, place)
    other = place + (-1 if name == "up" else 1)
    if not 0 <= other < len(people):
        return people
    order = list(people)
    order[place], order[other] = order[other], order[place]
    return tuple(order)
