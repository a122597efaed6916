"""The letters with which what an expression finds can begin: most expressions need not be tried on a text at all.

Triage knows thousands of expressions, and a message begins a few dozen words; told by their first letters, few of them can be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

#: So many letters are looked at.
LETTERS = 6
#: With more beginnings than that fewer letters are looked at.
_MANY = 400
#: The parser that `re` itself uses. What it tells is only ever used to leave out what cannot match.
_parse: Any = import_module("re._parser").parse

#: A beginning, and whether it is known what comes after it.
Start = tuple[str, bool]
_UNKNOWN: frozenset[Start] = frozenset({("", False)})
_NOTHING: frozenset[Start] = frozenset({("", True)})
#: An `Expression` may begin where one of these does: before a word, or at what is no letter. Gives the letters from there on, and what is passed over.
_PLACES = re.compile(rf"(?=(.{{1,{LETTERS}}}))(\w+|\W)", re.DOTALL)


def starts_of(expression: str) -> frozenset[str] | None:
    """Up to six letters each with which a match can begin; None where it can begin with anything, or be empty."""
    found = {start for start, _ in _sequence(_parse(expression))}
    return None if "" in found else frozenset(found)


@lru_cache(maxsize=64)
def starts_in(text: str) -> Mapping[str, Sequence[int]]:
    """The beginnings that are in a text, up to six letters each, and where each of them is, in order."""
    found: dict[str, list[int]] = {}
    place = 0
    for start, passed in _PLACES.findall(text):
        found.setdefault(start, []).append(place)
        place += len(passed)
    return found


def _sequence(parts: Iterable[tuple[Any, Any]]) -> frozenset[Start]:
    found = _NOTHING
    for name, given in parts:
        if all(len(start) >= LETTERS or not goes_on for start, goes_on in found):
            break
        found = _joined(found, _one(str(name), given))
    return found


def _joined(before: frozenset[Start], after: frozenset[Start]) -> frozenset[Start]:
    found: set[Start] = set()
    for start, goes_on in before:
        if not goes_on or len(start) >= LETTERS:
            found.add((start, goes_on))
        else:
            found |= {((start + more)[:LETTERS], more_goes_on) for more, more_goes_on in after}
    return frozenset(found if len(found) <= _MANY else {(start, False) for start, _ in before})


def _one(name: str, given: Any) -> frozenset[Start]:
    """What one part of an expression can begin with. Conditions of no width are taken as fulfilled."""
    match name:
        case "LITERAL":
            return frozenset({(chr(given), True)})
        case "IN":
            return _letters(given)
        case "SUBPATTERN":
            return _sequence(given[-1])
        case "BRANCH":
            return frozenset().union(*map(_sequence, given[1]))
        case "MAX_REPEAT" | "MIN_REPEAT":
            return _repeated(*given)
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return _NOTHING
    return _UNKNOWN


def _letters(given: Sequence[tuple[Any, Any]]) -> frozenset[Start]:
    found: set[Start] = set()
    for name, value in given:
        if str(name) == "LITERAL":
            found.add((chr(value), True))
        elif str(name) == "RANGE" and value[1] - value[0] < _MANY:
            found |= {(chr(letter), True) for letter in range(value[0], value[1] + 1)}
        else:
            return _UNKNOWN
    return frozenset(found)


def _repeated(least: int, most: int, part: Iterable[tuple[Any, Any]]) -> frozenset[Start]:
    once, found = _sequence(part), set(_NOTHING if least == 0 else ())
    so_far = _NOTHING
    for times in range(1, min(int(most), max(least, LETTERS)) + 1):
        so_far = _joined(so_far, once)
        if times >= least:
            found |= so_far
    return frozenset(found)
