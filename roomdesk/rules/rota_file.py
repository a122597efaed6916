"""A rota as it is written down (docs/rota.md): checked, with a sentence for what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from roomdesk.rules.calendars import Calendar
from roomdesk.rules.errors import RuleError
from roomdesk.rules.instants import format_instant, parse_instant, shown
from roomdesk.rules.rota import Hours, Layer, Leave, Override, Rota
from roomdesk.rules.zones import zone_named

T = TypeVar("T")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_EVERY = re.compile(r"([0-9]{1,3}) (hour|day|week)s?")
_LENGTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
_SHORTEST, _LONGEST = timedelta(hours=4), timedelta(weeks=52)
_MANY = 50


class RotaError(RuleError):
    """A rota is wrong."""


def parse_rota(data: object, calendars: Mapping[str, Calendar]) -> Rota:
    """A rota from its table; `calendars` are those that it may name. RotaError with field and reason for whatever is wrong."""
    table = _table(data, "rota", {"layers", "overrides", "leave", "needed"})
    layers = _list(table, "layers", lambda one, field: _layer(one, field, calendars))
    if not layers:
        raise RotaError("layers must name at least one layer.")
    names = [one.name for one in layers]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise RotaError(f"layers[{number}].name {shown(name)} is the name of an earlier layer too.")
    return Rota(
        layers,
        _list(table, "overrides", lambda one, field: _override(one, field, names)),
        _list(table, "leave", _leave),
        _hours(table.get("needed"), "needed", calendars),
    )


def _layer(data: object, field: str, calendars: Mapping[str, Calendar]) -> Layer:
    given = _table(data, field, {"name", "level", "people", "zone", "starts", "hand_over", "every", "hours"})
    level = given.get("level", 1)
    if type(level) is not int or not 1 <= level <= 9:
        raise RotaError(f"{field}.level must be a number from 1 (called first) to 9, not {shown(level)}.")
    zone = _text(given, field, "zone")
    try:
        zone_named(zone)
    except RuleError:
        raise RotaError(f"{field}.zone {shown(zone)} is no IANA time zone; write it like Europe/Sofia.") from None
    return Layer(
        name=_name(given, field, "name"),
        level=level,
        people=_people(given.get("people"), f"{field}.people"),
        zone=zone,
        starts=_day(given.get("starts"), f"{field}.starts"),
        hand_over=_minute(given.get("hand_over"), f"{field}.hand_over"),
        length=_length(given.get("every", "1 week"), f"{field}.every"),
        hours=_hours(given.get("hours"), f"{field}.hours", calendars),
    )


def _override(data: object, field: str, layers: list[str]) -> Override:
    given = _table(data, field, {"layer", "person", "start", "end", "reason"})
    layer = _text(given, field, "layer")
    if layer not in layers:
        raise RotaError(f"{field}.layer {shown(layer)} is no layer of this rota; it has {', '.join(layers)}.")
    reason = _text(given, field, "reason") if "reason" in given else ""
    return Override(layer, _name(given, field, "person"), *_span(given, field), reason)


def _leave(data: object, field: str) -> Leave:
    given = _table(data, field, {"person", "start", "end"})
    return Leave(_name(given, field, "person"), *_span(given, field))


def _hours(data: object, field: str, calendars: Mapping[str, Calendar]) -> Hours | None:
    if data is None:
        return None
    given = _table(data, field, {"within", "outside"})
    if len(given) != 1:
        raise RotaError(f"{field} must name one calendar, by within or by outside.")
    ((way, name),) = given.items()
    if not isinstance(name, str) or name not in calendars:
        known = ", ".join(sorted(calendars)) or "none"
        raise RotaError(f"{field}.{way} {shown(name)} is no calendar; there are: {known}.")
    return Hours(calendars[name], outside=way == "outside")


def _table(data: object, field: str, known: set[str]) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise RotaError(f"{field} must be a table, not {shown(data)}.")
    for key in data:
        if key not in known:
            raise RotaError(f"{field} has no key {shown(key)}; it has {', '.join(sorted(known))}.")
    return data


def _list(table: Mapping[str, object], field: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
    given = table.get(field, [])
    if not isinstance(given, list) or len(given) > 1000:
        raise RotaError(f"{field} must be a list of at most 1000 tables.")
    return tuple(read(one, f"{field}[{number}]") for number, one in enumerate(given))


def _text(given: Mapping[str, object], field: str, key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > 300:
        raise RotaError(f"{field}.{key} must be a text of 1 to 300 letters, not {shown(value)}.")
    return value.strip()


def _name(given: Mapping[str, object], field: str, key: str) -> str:
    return _slug(given.get(key), f"{field}.{key}")


def _slug(value: object, field: str) -> str:
    if value == "":
        raise RotaError(f"{field} is empty; choose or write one.")
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise RotaError(f"{field} must be a short name of a-z, 0-9 and -, not {shown(value)}.")
    return value


def _people(value: object, field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MANY:
        raise RotaError(f"{field} must be a list of 1 to {_MANY} people in the order of their turns.")
    people = tuple(_slug(one, f"{field}[{number}]") for number, one in enumerate(value))
    for number, person in enumerate(people):
        if person in people[:number]:
            raise RotaError(f"{field} names {person} twice; everybody has one turn in a round.")
    return people


def _day(value: object, field: str) -> date:
    """TOML has dates; JSON writes them."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise RotaError(f"{field} is no existing date: {shown(value)}.") from None
    if not isinstance(value, date) or isinstance(value, datetime) or not 2000 <= value.year <= 2999:
        raise RotaError(f"{field} must be a date like 2026-01-05, not {shown(value)}.")
    return value


def _minute(value: object, field: str) -> int:
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise RotaError(f"{field} must be a time of the day like 09:00, not {shown(value)}.")
    return int(match[1]) * 60 + int(match[2])


def _length(value: object, field: str) -> timedelta:
    match = _EVERY.fullmatch(value) if isinstance(value, str) else None
    length = int(match[1]) * _LENGTHS[match[2]] if match else timedelta()
    if not _SHORTEST <= length <= _LONGEST:
        raise RotaError(
            f'{field} must be a time between hand-overs like "1 week", "3 days" or "12 hours", at least 4 hours and at most 52 weeks; '
            f"not {shown(value)}."
        )
    return length


def _span(given: Mapping[str, object], field: str) -> tuple[datetime, datetime]:
    start, end = (_instant(given.get(key), f"{field}.{key}") for key in ("start", "end"))
    if start >= end:
        raise RotaError(
            f"{field}.end must be after its start; it is {format_instant(end)}, the start {format_instant(start)}."
        )
    return start, end


def _instant(value: object, field: str) -> datetime:
    """TOML has instants; JSON writes them."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = format_instant(value.astimezone(UTC))
    at = parse_instant(value, field)
    if at.microsecond:
        raise RotaError(f"{field} must be a whole second, not {format_instant(at)}.")
    return at
