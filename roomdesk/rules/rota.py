"""Who is on call when (R40): layers that rotate, restricted hours, leave, overrides; who, until when, gaps and double bookings.

Rules, stated once (docs/rota.md):
- A layer hands over where the wall clock of its zone reaches the hand-over time for the FIRST time; in a gap at the change itself. One
  ends where the next begins, so a rotation has exactly one owner at every instant, whatever the clock does.
- Restricted hours are a calendar's, or all others: an hour begins at its first and ends at its last occurrence, as everywhere.
- Who is on leave is stood in for by the next of the layer who is not; the turns of the others stay as they were.
- A layer may be given turn by turn, as another system has computed them; then it has no rotation of its own.
- An override is on call for exactly its time, also outside the layer's hours and during leave; a later one wins over an earlier one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain, pairwise

from roomdesk.rules.calendars import Calendar
from roomdesk.rules.instants import DAY, SECOND, exactly, since_epoch
from roomdesk.rules.working_time import compile_calendar
from roomdesk.rules.zones import EPOCH_DAY, first_instant, offsets_at, zone_named

Span = tuple[timedelta, timedelta]
#: Level, layer and person.
_Owner = tuple[int, str, str]
#: How far a hand-over is looked for.
_AHEAD = 400 * DAY


@dataclass(frozen=True, slots=True)
class Hours:
    """The working hours of a calendar, or (`outside`) all other time, holidays included."""

    calendar: Calendar
    outside: bool = False

    def spans(self, begin: timedelta, end: timedelta) -> list[Span]:
        """Half-open, in order, within [begin, end)."""
        table = compile_calendar(self.calendar).covering(begin, end)
        inside = _joined((start, stop) for start, stop, _ in table.spans(begin, end))
        return _rest(inside, begin, end) if self.outside else inside


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's turn in a layer that is given turn by turn."""

    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns. The first has the turn that begins on the date `starts` at `hand_over` (minutes of the day in `zone`).

    `length` is the time on the wall between two hand-overs. `level` 1 is called first; before `starts` nobody is on call.
    Where turns are `given`, they are all there is, in order; `length` is then that of the longest.
    """

    name: str
    level: int
    people: tuple[str, ...]
    zone: str
    starts: date
    hand_over: int
    length: timedelta
    hours: Hours | None = None
    given: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody is on call in a layer instead of whoever would be."""

    layer: str
    person: str
    start: datetime
    end: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody cannot be on call."""

    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Rota:
    """Layers, and what departs from them: leave, and overrides in the order in which they were made.

    `needed` is when somebody of the first level must be there; None is always.
    """

    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()
    leave: tuple[Leave, ...] = ()
    needed: Hours | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A person on call in a layer from `start` until `end` (UTC, half-open). `reason` is an override's; `stands_in_for` names who is on leave."""

    start: datetime
    end: datetime
    level: int
    layer: str
    person: str
    reason: str = ""
    is_override: bool = False
    stands_in_for: str = ""


def shifts(rota: Rota, begin: datetime, end: datetime) -> tuple[Shift, ...]:
    """All shifts within [begin, end), cut at its edges, by start, level and layer. Pure."""
    since, until = since_epoch(begin, "begin"), since_epoch(end, "end")
    found = chain.from_iterable(_of_layer(rota, layer, since, until) for layer in rota.layers)
    return tuple(sorted(found, key=lambda one: (one.start, one.level, one.layer)))


def on_call(rota: Rota, at: datetime) -> tuple[Shift, ...]:
    """Who is on call at an instant, by level and layer, with the whole of each shift as far as one turn of its layer reaches."""
    around = max((layer.length for layer in rota.layers), default=DAY) + DAY
    found = (one for one in shifts(rota, at - around, at + around) if one.start <= at < one.end)
    return tuple(sorted(found, key=lambda one: (one.level, one.layer)))


def next_hand_over(rota: Rota, at: datetime) -> datetime | None:
    """The first instant after `at` from which on others are on call; None where that is not within 400 days."""
    now, ahead = _owners(on_call(rota, at)), 8 * DAY
    while ahead < 2 * _AHEAD:
        for edge, there in _changes(shifts(rota, at, at + ahead)):
            if at < edge < at + ahead and there != now:
                return edge
        ahead *= 4
    return None


def _changes(found: Sequence[Shift]) -> Iterator[tuple[datetime, set[_Owner]]]:
    """Each instant at which a shift begins or ends, and who is on call from it on."""
    edges: dict[datetime, list[tuple[int, _Owner]]] = {}
    for one in found:
        edges.setdefault(one.start, []).append((1, _owner(one)))
        edges.setdefault(one.end, []).append((-1, _owner(one)))
    there: Counter[_Owner] = Counter()
    for edge in sorted(edges):
        for step, owner in edges[edge]:
            there[owner] += step
        yield edge, {owner for owner, times in there.items() if times}


def gaps(rota: Rota, begin: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Where somebody of the first level must be on call and nobody is, within [begin, end)."""
    since, until = since_epoch(begin, "begin"), since_epoch(end, "end")
    wanted = [(since, until)] if rota.needed is None else rota.needed.spans(since, until)
    covered = _joined(sorted(_span(one) for one in shifts(rota, begin, end) if one.level == 1))
    found = (gap for start, stop in wanted for gap in _rest(_within(covered, start, stop), start, stop))
    return tuple((exactly(start), exactly(stop)) for start, stop in _joined(found))


def open_hours(hours: Hours, begin: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """The hours themselves within [begin, end), in order."""
    spans = hours.spans(since_epoch(begin, "begin"), since_epoch(end, "end"))
    return tuple((exactly(start), exactly(stop)) for start, stop in spans)


def double_bookings(rota: Rota, begin: datetime, end: datetime) -> tuple[tuple[Shift, Shift], ...]:
    """Pairs of shifts in which the same person is on call twice at once, cut to the time that they share."""
    found: list[tuple[Shift, Shift]] = []
    by_person: dict[str, list[Shift]] = {}
    for one in shifts(rota, begin, end):
        others = by_person.setdefault(one.person, [])
        others[:] = [other for other in others if other.end > one.start]
        found.extend(_shared(other, one) for other in others)
        others.append(one)
    return tuple(found)


def _shared(one: Shift, other: Shift) -> tuple[Shift, Shift]:
    start, end = max(one.start, other.start), min(one.end, other.end)
    return replace(one, start=start, end=end), replace(other, start=start, end=end)


def _owner(one: Shift) -> _Owner:
    return one.level, one.layer, one.person


def _owners(found: Iterable[Shift]) -> set[_Owner]:
    return {_owner(one) for one in found}


def _span(one: Shift) -> Span:
    return since_epoch(one.start), since_epoch(one.end)


def _of_layer(rota: Rota, layer: Layer, begin: timedelta, end: timedelta) -> Iterator[Shift]:
    turns = _given(layer, begin, end) if layer.given else _turns(layer, begin, end)
    pieces = [_stood_in(piece, layer.people, rota.leave) for piece in turns]
    flat = list(chain.from_iterable(pieces))
    if layer.hours is not None:
        flat = _restricted(flat, layer.hours.spans(begin, end))
    for override in rota.overrides:
        if override.layer == layer.name:
            flat = _overridden(flat, override, begin, end)
    for piece in _merged(sorted(flat, key=lambda one: one.start)):
        yield piece.shift(layer)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a shift, in time since 1970."""

    start: timedelta
    end: timedelta
    person: str
    reason: str = ""
    is_override: bool = False
    stands_in_for: str = ""

    def shift(self, layer: Layer) -> Shift:
        start, end = exactly(self.start), exactly(self.end)
        return Shift(
            start, end, layer.level, layer.name, self.person, self.reason, self.is_override, self.stands_in_for
        )


def _turns(layer: Layer, begin: timedelta, end: timedelta) -> Iterator[_Piece]:
    """The turns of a layer within [begin, end)."""
    first = (layer.starts.toordinal() - EPOCH_DAY) * 86400 + layer.hand_over * 60
    zone, length = zone_named(layer.zone), layer.length // SECOND
    seconds = begin // SECOND
    turn = max(0, (seconds + max(offsets_at(zone, seconds)) - first) // length - 1)
    start = first_instant(zone, first + turn * length) * SECOND
    while start < end:
        stop = first_instant(zone, first + (turn + 1) * length) * SECOND
        if max(start, begin) < min(stop, end):
            yield _Piece(max(start, begin), min(stop, end), layer.people[turn % len(layer.people)])
        turn, start = turn + 1, stop


def _given(layer: Layer, begin: timedelta, end: timedelta) -> Iterator[_Piece]:
    """The given turns within [begin, end)."""
    for turn in layer.given:
        start, stop = max(since_epoch(turn.start), begin), min(since_epoch(turn.end), end)
        if start < stop:
            yield _Piece(start, stop, turn.person)


def _stood_in(piece: _Piece, people: tuple[str, ...], leave: Sequence[Leave]) -> Iterator[_Piece]:
    """The piece, by whoever of the layer is there. Where all are on leave nobody is on call."""
    away = [one for one in leave if _meets(piece, one)]
    if not any(one.person == piece.person for one in away):
        yield piece
        return
    edges = {piece.start, piece.end}
    edges |= {edge for one in away for edge in _edges(one) if piece.start < edge < piece.end}
    turn = people.index(piece.person)
    order = (*people[turn:], *people[:turn])
    for start, end in pairwise(sorted(edges)):
        absent = {one.person for one in away if _edges(one)[0] <= start and end <= _edges(one)[1]}
        there = next((person for person in order if person not in absent), None)
        if there is not None:
            yield _Piece(start, end, there, stands_in_for="" if there == piece.person else piece.person)


def _edges(one: Leave | Override) -> Span:
    return since_epoch(one.start), since_epoch(one.end)


def _meets(piece: _Piece, one: Leave) -> bool:
    start, end = _edges(one)
    return start < piece.end and piece.start < end


def _restricted(pieces: list[_Piece], spans: list[Span]) -> list[_Piece]:
    """The parts of the pieces within the spans; both in order."""
    found, first = [], 0
    for piece in pieces:
        while first < len(spans) and spans[first][1] <= piece.start:
            first += 1
        for start, end in spans[first:]:
            if start >= piece.end:
                break
            found.append(replace(piece, start=max(start, piece.start), end=min(end, piece.end)))
    return found


def _overridden(pieces: list[_Piece], override: Override, begin: timedelta, end: timedelta) -> list[_Piece]:
    start, stop = _edges(override)
    start, stop = max(start, begin), min(stop, end)
    if start >= stop:
        return pieces
    found = [_Piece(start, stop, override.person, override.reason, is_override=True)]
    for piece in pieces:
        if piece.start < start:
            found.append(replace(piece, end=min(piece.end, start)))
        if piece.end > stop:
            found.append(replace(piece, start=max(piece.start, stop)))
    return found


def _merged(pieces: list[_Piece]) -> list[_Piece]:
    """One piece where the same goes on without a break."""
    found: list[_Piece] = []
    for piece in pieces:
        if found and found[-1].end == piece.start and replace(found[-1], start=piece.start, end=piece.end) == piece:
            found[-1] = replace(found[-1], end=piece.end)
        else:
            found.append(piece)
    return found


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans that neither touch nor overlap; given in order."""
    found: list[Span] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _within(spans: Iterable[Span], begin: timedelta, end: timedelta) -> list[Span]:
    return [(max(start, begin), min(stop, end)) for start, stop in spans if start < end and begin < stop]


def _rest(spans: Sequence[Span], begin: timedelta, end: timedelta) -> list[Span]:
    """What of [begin, end) lies in none of the spans, which are joined."""
    edges = [begin, *chain.from_iterable(spans), end]
    return [(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True) if start < stop]
