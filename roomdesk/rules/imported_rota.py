"""A rota that another system computes (D33), here PagerDuty: its on-calls as layers of given turns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from roomdesk.rules.rota import Layer, Rota, Turn

#: No rotation of ours: the turns say everything.
_NEVER = date(2999, 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class OnCall:
    """Somebody on call at a level of their escalation policy, by a schedule (`layer`) or by themselves, in [start, end)."""

    level: int
    layer: str
    start: datetime
    end: datetime
    person: str


def rota(found: Iterable[OnCall]) -> Rota:
    """One layer for each level and schedule; a name that stands at several levels says which."""
    by_layer: dict[tuple[int, str], list[OnCall]] = {}
    for one in sorted(found):
        by_layer.setdefault((one.level, one.layer), []).append(one)
    names = [name for _, name in by_layer]
    return Rota(
        tuple(
            _layer(f"{name}, level {level}" if names.count(name) > 1 else name, level, turns)
            for (level, name), turns in by_layer.items()
        )
    )


def _layer(name: str, level: int, turns: Sequence[OnCall]) -> Layer:
    people = tuple(dict.fromkeys(one.person for one in turns))
    longest = max(one.end - one.start for one in turns)
    given = tuple(Turn(one.person, one.start, one.end) for one in turns)
    return Layer(name, level, people, "UTC", _NEVER, 0, max(longest, timedelta(days=1)), given=given)


def carried(before: Iterable[OnCall], found: Iterable[OnCall], since: datetime, oldest: datetime) -> list[OnCall]:
    """What is known after an import that tells of the time from `since` on: what was before it stays, until it is older than `oldest`."""
    past = (replace(one, end=min(one.end, since)) for one in before if one.start < since and one.end > oldest)
    coming = (replace(one, start=max(one.start, since)) for one in found if one.end > since)
    return sorted(_joined(sorted((*past, *coming), key=lambda one: (one.level, one.layer, one.person, one.start))))


def _joined(found: Iterable[OnCall]) -> Iterator[OnCall]:
    """One on-call where the same goes on without a break; given by level, layer, person and start."""
    last: OnCall | None = None
    for one in found:
        if (
            last
            and (last.level, last.layer, last.person) == (one.level, one.layer, one.person)
            and one.start <= last.end
        ):
            last = replace(last, end=max(last.end, one.end))
            continue
        if last:
            yield last
        last = one
    if last:
        yield last
