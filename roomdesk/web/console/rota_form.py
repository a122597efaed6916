"""The form of a rota: what was typed as a draft, and a draft as fields with what is wrong at each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from roomdesk.directory.models import Person
from roomdesk.directory.queries import staff_at
from roomdesk.product.schema import Product
from roomdesk.refusals import DeskError
from roomdesk.rules.rota_draft import (
    MOST_LAYERS,
    MOST_LEAVE,
    MOST_PEOPLE,
    Draft,
    HoursDraft,
    LayerDraft,
    LeaveDraft,
    Place,
)
from roomdesk.web.console.reader import Reader

Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Control:
    """A field: its name, what is in it, and whether it is what was refused."""

    id: str
    value: str
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A person's place in a layer. `who` names them for the buttons; `is_focus`: the button that was pressed was of this one."""

    control: Control
    who: str
    is_first: bool
    is_last: bool
    focus: str = ""


@dataclass(frozen=True, slots=True)
class LayerForm:
    """A layer as fields. `hours` are its way and its calendar."""

    number: int
    fields: Mapping[str, Control]
    turns: Sequence[Turn]
    hours: tuple[Control, Control]
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class LeaveForm:
    """A leave as fields; the two `was` are the instants that its times were made of."""

    number: int
    fields: Mapping[str, Control]
    was_start: str
    was_end: str


def staff_names(reader: Reader, here: Product) -> dict[str, str]:
    """Who may take turns, by id: the product's staff, in the order of their names. One query."""
    people: dict[str, Person] = {row.person.slug: row.person for row in staff_at(reader.now, [here.slug])}
    called = {slug: one.name or slug for slug, one in people.items() if one.is_active}
    return dict(sorted(called.items(), key=lambda pair: (pair[1].casefold(), pair[0])))


def read(given: QueryDict, here: Product) -> Draft:
    """What was typed, as it was typed. Layers and leave are numbered from 0 without a gap; the form says how many there are."""

    def text(name: str) -> str:
        return given.get(name, "").replace("\0", "").strip()[:300]

    def hours(name: str) -> HoursDraft:
        return HoursDraft(text(f"{name}-way"), text(f"{name}-calendar"))

    def layer(number: int) -> LayerDraft:
        texts = {one: text(f"layer-{number}-{one}") for one in _TEXTS}
        people = [one.replace("\0", "")[:120] for one in given.getlist(f"layer-{number}-people")[:MOST_PEOPLE]]
        return LayerDraft(**texts, people=tuple(people), hours=hours(f"layer-{number}-hours"))

    def leave(number: int) -> LeaveDraft:
        return LeaveDraft(
            *(text(f"leave-{number}-{one}") for one in ("person", "start", "end", "was-start", "was-end"))
        )

    layers, away = (_many(text(name), most) for name, most in (("layers", MOST_LAYERS), ("leaves", MOST_LEAVE)))
    return Draft(here.office.timezone, tuple(map(layer, layers)), tuple(map(leave, away)), hours("needed"))


_TEXTS = ("name", "level", "zone", "starts", "hand_over", "many", "unit")


def _many(text: str, most: int) -> range:
    return range(min(int(text), most) if text.isascii() and text.isdecimal() and len(text) < 5 else 0)


def drawn(
    draft: Draft, here: Product, staff: Mapping[str, str], act: str, place: Place | None, error: DeskError | None
) -> dict[str, Any]:
    """The form's fields and what can be chosen in them."""
    strangers = bool(error and error.field == "people")
    people = {**staff, **{who: _("%(who)s (no staff here)") % {"who": who} for who in _others(draft, staff)}}
    layers = [_layer(number, one, people, act, place, strangers, staff) for number, one in enumerate(draft.layers)]
    return {
        "layers": layers,
        "leave": [_leave(number, one, place) for number, one in enumerate(draft.leave)],
        "needed": _hours("needed", draft.needed, place if place and place.part == "needed" else None),
        "people": list(people.items()),
        "units": [("week", _("weeks")), ("day", _("days")), ("hour", _("hours"))],
        "ways": [("", _("always")), ("within", _("only within")), ("outside", _("only outside"))],
        "calendars": list(here.calendars),
        "zones": sorted({one.timezone for one in here.calendars.values()} | {"UTC"}),
        "zone": draft.zone,
        "may_add_layer": len(layers) < MOST_LAYERS,
        "may_drop_layer": len(layers) > 1,
        "may_add_leave": len(draft.leave) < MOST_LEAVE,
    }


def _others(draft: Draft, staff: Mapping[str, str]) -> Iterable[str]:
    """Those who are named and are no staff any more: they stay until somebody takes them out."""
    named = [who for layer in draft.layers for who in layer.people] + [one.person for one in draft.leave]
    return (who for who in dict.fromkeys(named) if who and who not in staff)


def _layer(
    number: int,
    one: LayerDraft,
    people: Mapping[str, str],
    act: str,
    place: Place | None,
    strangers: bool,
    staff: Mapping[str, str],
) -> LayerForm:
    here = place if place and place.part == "layers" and place.number == number else None
    key = here.key if here else ""
    wrong = {"many", "unit"} if key == "every" else {key}
    fields = {name: Control(f"layer-{number}-{name}", getattr(one, name), name in wrong) for name in _TEXTS}
    is_whole = key == "people" and here is not None and here.entry is None
    turns = [
        Turn(
            Control(
                f"layer-{number}-people-{turn}",
                who,
                is_whole or (key == "people" and here is not None and here.entry == turn) or (strangers and bool(who) and who not in staff),
            ),
            people.get(who, who) or _("turn %(number)s") % {"number": turn + 1},
            turn == 0,
            turn == len(one.people) - 1,
            _focus(act, number, turn, len(one.people)),
        )
        for turn, who in enumerate(one.people)
    ]  # fmt: skip
    hours = _hours(f"layer-{number}-hours", one.hours, here if key == "hours" else None)
    return LayerForm(number, fields, turns, hours, is_wrong=is_whole)


def _focus(act: str, layer: int, turn: int, many: int) -> str:
    """Which part of this turn has the keyboard after a button: the one that moved keeps it, and the next of one that was taken out."""
    name, *given = act.split(":")
    places = [int(text) for text in given if text.isascii() and text.isdecimal() and len(text) < 5]
    if not places or places[0] != layer:
        return ""
    if name == "add":
        return "person" if turn == many - 1 else ""
    old = places[1] if len(places) > 1 else -1
    if name == "out":
        return "out" if turn == min(old, many - 1) else ""
    if name not in ("up", "down"):
        return ""
    now = min(max(old + (-1 if name == "up" else 1), 0), many - 1)
    if turn != now:
        return ""
    # At an end the button that was pressed is gone, and the other one has it.
    return "down" if now == 0 else "up" if now == many - 1 else name


def _leave(number: int, one: LeaveDraft, place: Place | None) -> LeaveForm:
    key = place.key if place and place.part == "leave" and place.number == number else ""
    fields = {
        name: Control(f"leave-{number}-{name}", getattr(one, name), name == key) for name in ("person", "start", "end")
    }
    return LeaveForm(number, fields, one.was_start, one.was_end)


def _hours(name: str, one: HoursDraft, place: Place | None) -> tuple[Control, Control]:
    return Control(f"{name}-way", one.way, place is not None), Control(
        f"{name}-calendar", one.calendar, place is not None
    )


def label_of(place: Place) -> str:
    """A place in a rota by what stands over it in the form."""
    if place.part == "needed":
        return f"“{_('Somebody must be on call')}”:"
    if place.number is None:
        return _("The rota")
    names = {
        "name": _("Name"),
        "level": _("Level"),
        "people": _("People, in the order of their turns"),
        "zone": _("Time zone"),
        "starts": _("The first turn begins on"),
        "hand_over": _("Hand-over at"),
        "every": _("A turn takes"),
        "hours": _("This layer is on call"),
        "person": _("Person"),
        "start": _("From"),
        "end": _("Until"),
    }
    words = _("Layer %(number)s") if place.part == "layers" else _("Leave %(number)s")
    whose = words % {"number": place.number + 1}
    return f"{whose}, “{names.get(place.key, place.key)}”:" if place.key else whose
