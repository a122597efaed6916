"""Concepts that texts are searched for: expressions by language, compiled. Where they come from is the caller's business."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from roomdesk.rules.expression_starts import starts_in, starts_of
from roomdesk.rules.triage_text import Words, by_sound

_ESCAPE = re.compile(r"(\\.)")
#: The concept of which only whole words are meant.
WHOLE = "small"
#: Stands for `ъ`, which people type as a, as u and as y: "vapros", "vupros", "vypros".
_VOWEL = "\x00"
#: So many beginnings are kept.
_KNOWN = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """An expression that is found only where a word begins.

    It is looked for anywhere, and what stands before it is looked at afterwards: a look behind within the expression keeps the
    engine from skipping to its first letters, and a text of 1,000 characters took a quarter of a second.
    """

    pattern: re.Pattern[str]
    #: What it can begin with; None for anything.
    starts: frozenset[str] | None = None

    def search(self, text: str, since: int = 0) -> re.Match[str] | None:
        """The first place at or after `since`."""
        while (match := self.pattern.search(text, since)) is not None:
            since = match.start()
            if since == 0 or not _is_word(text[since - 1]) or not _is_word(text[since : since + 1]):
                return match
            since += 1
        return None

    def without(self, text: str) -> str:
        """The text with a space in each of its places."""
        kept, since = [], 0
        while (match := self.search(text, since)) is not None and match.end() > match.start():
            kept.append(text[since : match.start()])
            since = match.end()
        return " ".join([*kept, text[since:]])


Expressions = tuple[Expression, ...]


class _Index:
    """The expressions of a language in one row, concept after concept, told by the letters with which they can begin."""

    def __init__(self, concepts: Mapping[str, Expressions]) -> None:
        self.row = [(concept, one) for concept in sorted(concepts) for one in concepts[concept]]
        self._always = frozenset(place for place, (_, one) in enumerate(self.row) if one.starts is None)
        self._by_start: dict[str, tuple[int, ...]] = {}
        for place, (_, one) in enumerate(self.row):
            for start in one.starts or ():
                self._by_start[start] = (*self._by_start.get(start, ()), place)
        #: What was looked up, whole beginnings: those of a language come again and again.
        self._known: dict[str, tuple[int, ...]] = {}

    def places(self, text: str) -> list[int]:
        """Places in the row of what may be in the text, in their order."""
        found, known = set(self._always), self._known
        for start in starts_in(text):
            places = known.get(start)
            if places is None:
                places = self._look_up(start)
            if places:
                found.update(places)
        return sorted(found)

    def _look_up(self, start: str) -> tuple[int, ...]:
        """Places of what begins as `start` does, by one of its letters or by more."""
        if len(self._known) >= _KNOWN:
            self._known.clear()
        letters = range(1, len(start) + 1)
        found = self._known[start] = tuple(place for many in letters for place in self._by_start.get(start[:many], ()))
        return found


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Expressions of each concept, by language (`en`, `bg`, `pt`)."""

    of: Mapping[str, Mapping[str, Expressions]] = field(default_factory=dict)
    #: Second opinions over these concepts (`triage_opinion.Opinion`), by `kind` and `severity`.
    opinions: Mapping[str, Any] = field(default_factory=dict, compare=False)
    #: The names of all concepts, in order.
    concepts: tuple[str, ...] = field(init=False, repr=False, compare=False)
    #: By language; and once more by language and concept, for `without`.
    _index: dict[str, _Index] = field(init=False, repr=False, compare=False)
    _of_one: dict[tuple[str, str], _Index] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        of_one = {(lang, name): _Index({name: some}) for lang, all_ in self.of.items() for name, some in all_.items()}
        object.__setattr__(self, "concepts", tuple(sorted({name for all_ in self.of.values() for name in all_})))
        object.__setattr__(self, "_index", {language: _Index(concepts) for language, concepts in self.of.items()})
        object.__setattr__(self, "_of_one", of_one)

    def found(self, concept: str, words: Words) -> list[str]:
        """What of the text speaks for the concept: the first match of each expression."""
        found = words.found.get(concept)
        if found is None:
            if not words.may_be:
                words.may_be.update(self._candidates(words))
            asked = words.may_be.get(concept, ())
            matches = (one.search(words.sounds if by_sound else words.plain) for by_sound, one in asked)
            found = words.found[concept] = [match.group() for match in matches if match]
        return found

    def without(self, concept: str, words: Words) -> Words:
        """The text without all that speaks for a concept."""
        plain = self._without("pt", concept, self._without("en", concept, words.plain))
        sounds = self._without("bg", concept, words.sounds) if words.is_bulgarian else words.sounds
        if plain == words.plain and sounds == words.sounds:
            return words
        return Words(words.original, plain, sounds, words.is_bulgarian, words.is_portuguese)

    def _without(self, language: str, concept: str, text: str) -> str:
        index, since = self._of_one.get((language, concept)), 0
        while index is not None and (found := _first(index, text, since)) is not None:
            # What is left may begin otherwise: the second half of a word is a word now.
            text, since = found
        return text

    def _candidates(self, words: Words) -> dict[str, list[tuple[bool, Expression]]]:
        """Of each concept the expressions that may be in the text, in their order. English is said everywhere; the others where they are spoken."""
        spoken = [("en", words.plain)]
        spoken += [("pt", words.plain)] if words.is_portuguese else []
        spoken += [("bg", words.sounds)] if words.is_bulgarian else []
        found: dict[str, list[tuple[bool, Expression]]] = {}
        for language, text in spoken:
            if index := self._index.get(language):
                for concept, one in map(index.row.__getitem__, index.places(text)):
                    found.setdefault(concept, []).append((language == "bg", one))
        return found


def _first(index: _Index, text: str, since: int) -> tuple[str, int] | None:
    """The text without what the first expression at or after a place finds, and the place behind that."""
    for place in index.places(text):
        if place >= since and (rest := index.row[place][1].without(text)) != text:
            return rest, place + 1
    return None


def compiled(language: str, concepts: Mapping[str, Iterable[str]]) -> dict[str, Expressions]:
    """Expressions as they are written in a vocabulary, each at the beginning of a word. `re.error` for one that is none."""
    return {
        name: tuple(_compiled(language, rf"(?:{one})(?!\w)" if name == WHOLE else one) for one in expressions)
        for name, expressions in concepts.items()
    }


def _compiled(language: str, expression: str) -> Expression:
    if language == "bg":
        parts = _ESCAPE.split(expression)
        expression = "".join(part if part.startswith("\\") else _sounds(part) for part in parts)
    return Expression(re.compile(expression), starts_of(expression))


def _is_word(letter: str) -> bool:
    """As the letters of a word are told in expressions."""
    return letter.isalnum() or letter == "_"


def _sounds(part: str) -> str:
    """Spaces at the ends are part of an expression."""
    lead, trail = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    sounds = by_sound(part.replace("ъ", _VOWEL)).replace(_VOWEL, "[aiu]")
    return part if part.isspace() else f"{lead}{sounds}{trail}"
