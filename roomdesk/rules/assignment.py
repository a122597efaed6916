"""Who gets a new case by itself: in turn, among those who are present and have room for one more. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member of the staff: `load` open cases of at most `capacity`."""

    id: int
    load: int
    capacity: int
    is_present: bool = True

    @property
    def has_room(self) -> bool:
        return self.is_present and self.load < self.capacity


def choose(candidates: Iterable[Candidate], turns: Sequence[int]) -> Candidate | None:
    """Who is next: whoever got one longest ago, those who never did first; None where nobody is present with room for one.

    `turns` are ids in the order in which they last got a case, the longest ago first. Among equals the lowest share of the
    capacity, then the id, so that the same facts choose the same person.
    """
    place = {id: n for n, id in enumerate(turns)}

    def order(one: Candidate) -> tuple[int, float, int]:
        return place.get(one.id, -1), one.load / one.capacity, one.id

    return min((one for one in candidates if one.has_room), key=order, default=None)


def taken(turns: Sequence[int], id: int) -> list[int]:
    """The turns after `id` got a case."""
    return [*(one for one in turns if one != id), id]
