r"""Patterns in a product's own words: regular expressions that are cheap on every text, brought to the spelling in which texts are compared.

The rule: letters, sets, groups and alternatives; each repeat says how many at most (`\d{1,6}`, `.{0,40}`), and none stands within another; no references
back, no looking ahead or behind, no flags. Then what there is to try at one place of a text is finite and counted beforehand (`ways`): an engine that goes back
takes at most `ways` × `longest` steps there, whatever a customer writes.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from roomdesk.rules.errors import RuleError
from roomdesk.rules.triage_text import by_sound, folded

#: Characters of a pattern.
LONGEST = 200
#: How often something may be repeated at most.
REPEATED = 100
#: Ways in which one pattern can be tried at one place of a text, and all of a product's patterns in one language together.
WAYS, WAYS_TOGETHER = 1_000, 5_000
#: Characters that a range in a set may span.
_RANGE = 100
_parse: Any = import_module("re._parser").parse
#: Stands for `ъ`, which people type as a, as u and as y.
_VOWEL, _VOWELS = "\x00", "aiu"
_PLACES = {
    "AT_BEGINNING": "^", "AT_BEGINNING_STRING": "^", "AT_END": "$", "AT_END_STRING": "$", "AT_BOUNDARY": r"\b", "AT_NON_BOUNDARY": r"\B",
}  # fmt: skip
_SORTS = {
    "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip
_REFUSED = {
    "GROUPREF": "It refers back to a group; write out what may stand there.",
    "GROUPREF_EXISTS": "It asks whether a group was there; write two patterns.",
    "ASSERT": "It looks ahead or behind; write what stands there itself.",
    "ASSERT_NOT": "It looks ahead or behind; write what stands there itself.",
    "ATOMIC_GROUP": "It has an atomic group; nothing here has to be kept from going back.",
    "POSSESSIVE_REPEAT": "It has a possessive repeat; write `{0,40}`, which goes back little enough.",
}

Parts = Iterable[tuple[Any, Any]]


def checked(pattern: str, language: str) -> str:
    """The pattern as it is looked for in texts of a language (en, bg, pt). RuleError with the reason for one that is none, or that is not cheap."""
    if len(pattern) > LONGEST:
        raise RuleError(f"It is {len(pattern)} characters long; at most {LONGEST} are taken. Write several patterns.")
    try:
        # What the parser only warns of means something else than it seems.
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = _parse(pattern)
    except (re.error, OverflowError, Warning) as error:
        raise RuleError(f"It is no regular expression: {error}.") from error
    if tree.state.flags & ~int(re.UNICODE):
        raise RuleError("It has flags; case and accents do not matter anyhow.")
    _check(tree, within=False)
    found = _Spelling(by_sound=language == "bg").sequence(tree)
    if _parse(found).getwidth()[0] == 0:
        raise RuleError("It fits where nothing stands; at least one character must be asked for.")
    if ways(found) > WAYS:
        raise RuleError(
            f"There are more than {WAYS} ways to read a text by it; repeat less, or put fewer repeats one after the other."
        )
    return found


def ways(expression: str) -> int:
    """In how many ways it can be tried at one place of a text; counted up to a little more than are taken of all patterns."""
    return _ways(_parse(expression))


def longest(expression: str) -> int:
    """How many characters and conditions one way looks at, at most."""
    return _longest(_parse(expression))


def _check(parts: Parts, *, within: bool) -> None:
    """Whether all of it is of the sorts that are taken. `within` a repeat there is no other."""
    for sort, given in parts:
        name = str(sort)
        if name in _REFUSED:
            raise RuleError(_REFUSED[name])
        if name == "SUBPATTERN":
            if given[1] or given[2]:
                raise RuleError("It has flags; case and accents do not matter anyhow.")
            _check(given[3], within=within)
        elif name == "BRANCH":
            for one in given[1]:
                _check(one, within=within)
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            _check_repeat(*given, within=within)
        elif name == "IN":
            _check_set(given)
        elif name == "NOT_LITERAL":
            _check_set([("NEGATE", None), ("LITERAL", given)])


def _check_repeat(least: int, most: Any, parts: Parts, *, within: bool) -> None:
    if int(most) > REPEATED:
        raise RuleError(
            f"Each repeat says how many at most, up to {REPEATED}: `.{{0,40}}` instead of `.*`, `\\d{{1,6}}` instead of `\\d+`."
        )
    if most > 1 and within:
        raise RuleError("A repeat stands within another; write the inner one out.")
    _check(parts, within=within or most > 1)


def _check_set(given: Sequence[tuple[Any, Any]]) -> None:
    negated = any(str(name) == "NEGATE" for name, _ in given)
    for name, value in given:
        if str(name) == "RANGE" and value[1] - value[0] >= _RANGE:
            raise RuleError(f"A range in a set spans more than {_RANGE} characters; write `.` or `\\w`.")
        if negated and str(name) != "NEGATE" and any(letter.isalpha() for letter in _members([(name, value)])):
            raise RuleError("A set leaves letters out (`[^…]`); say which may stand there.")


def _members(given: Sequence[tuple[Any, Any]]) -> list[str]:
    """The characters of a set, those of its ranges one by one."""
    found: list[str] = []
    for name, value in given:
        if str(name) == "LITERAL":
            found.append(chr(value))
        elif str(name) == "RANGE":
            found += map(chr, range(value[0], value[1] + 1))
    return found


class _Spelling:
    """Writes a pattern anew in the letters in which texts are compared: folded, or by sound."""

    def __init__(self, *, by_sound: bool) -> None:
        self._by_sound = by_sound

    def sequence(self, parts: Parts, *, repeated: bool = False) -> str:
        found, run = "", ""
        for sort, given in parts:
            if str(sort) == "LITERAL":
                run += chr(given)
                continue
            found += self._run(run) + self._one(str(sort), given, repeated)
            run = ""
        return found + self._run(run)

    def _one(self, name: str, given: Any, repeated: bool) -> str:
        match name:
            case "IN":
                return self._set(given, repeated)
            case "NOT_LITERAL":
                return f"[^{re.escape(chr(given))}]"
            case "ANY":
                return "."
            case "SUBPATTERN":
                return f"(?:{self.sequence(given[3], repeated=repeated)})"
            case "BRANCH":
                return f"(?:{'|'.join(self.sequence(one, repeated=repeated) for one in given[1])})"
            case "AT":
                return _PLACES[str(given)]
        least, most, inner = given
        lazy = "?" if name == "MIN_REPEAT" else ""
        return f"(?:{self.sequence(inner, repeated=repeated or most > 1)}){{{least},{most}}}{lazy}"

    def _run(self, text: str) -> str:
        """Letters that stand together. Spaces at their ends are part of them; several are one, as in texts."""
        if not text or text.isspace():
            return " " if text else ""
        lead, trail = " " if text[0].isspace() else "", " " if text[-1].isspace() else ""
        return f"{lead}{re.escape(self._spelt(text)).replace(_VOWEL, f'[{_VOWELS}]')}{trail}"

    def _spelt(self, text: str) -> str:
        return by_sound(text.casefold().replace("ъ", _VOWEL)) if self._by_sound else folded(text)

    def _set(self, given: Sequence[tuple[Any, Any]], repeated: bool) -> str:
        """One character. Some letters are two by sound: of what is repeated each of the two counts."""
        sorts = "".join(_SORTS[str(value)] for name, value in given if str(name) == "CATEGORY")
        letters = _members(given)
        if any(str(name) == "NEGATE" for name, _ in given):
            return f"[^{re.escape(''.join(letters))}{sorts}]"
        spelt = {" " if one.isspace() else self._spelt(one) for one in letters}
        singles = {one for one in spelt if len(one) == 1} - {_VOWEL} | (set(_VOWELS) if _VOWEL in spelt else set())
        several = sorted((one for one in spelt if len(one) > 1), reverse=True)
        if repeated:
            singles, several = {*singles, *"".join(several)}, []
        one = [f"[{re.escape(''.join(sorted(singles)))}{sorts}]"] if singles or sorts else []
        return f"(?:{'|'.join([*map(re.escape, several), *one])})"


def _ways(parts: Parts) -> int:
    found = 1
    for sort, given in parts:
        match str(sort):
            case "SUBPATTERN":
                found *= _ways(given[3])
            case "BRANCH":
                found *= sum(map(_ways, given[1]))
            case "MAX_REPEAT" | "MIN_REPEAT":
                found *= _ways_repeated(*given)
        found = min(found, WAYS_TOGETHER + 1)
    return found


def _ways_repeated(least: int, most: Any, parts: Parts) -> int:
    once, found = _ways(parts), 0
    for times in range(least, int(most) + 1):
        found += once**times
        if found > WAYS_TOGETHER:
            return WAYS_TOGETHER + 1
    return found


def _longest(parts: Parts) -> int:
    found = 0
    for sort, given in parts:
        match str(sort):
            case "SUBPATTERN":
                found += _longest(given[3])
            case "BRANCH":
                found += max(map(_longest, given[1]))
            case "MAX_REPEAT" | "MIN_REPEAT":
                found += int(given[1]) * _longest(given[2])
            case _:
                found += 1
    return found
