"""Concepts that texts are searched for: expressions by language, compiled. Where they come from is the caller's business."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from roomdesk.rules.expression_starts import starts_in, starts_of
from roomdesk.rules.triage_text import Words, by_sound

_ESCAPE = re.compile(r"(\\.)")
#: The concept of which only whole words are meant.
WHOLE = "small"


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


_order = itemgetter(0, 1)
#: A concept, the place among its expressions, and the expression.
_Hit = tuple[str, int, Expression]
#: What begins so; under None what can begin with anything.
_Index = dict[str | None, list[_Hit]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Expressions of each concept, by language (`en`, `bg`, `pt`)."""

    of: Mapping[str, Mapping[str, Expressions]] = field(default_factory=dict)
    _index: dict[str, _Index] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {language: _indexed(concepts) for language, concepts in self.of.items()})

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
        since = 0
        while (found := self._first(language, concept, text, since)) is not None:
            # What is left may begin otherwise: the second half of a word is a word now.
            text, since = found
        return text

    def _first(self, language: str, concept: str, text: str, since: int) -> tuple[str, int] | None:
        """The text without what the first expression at or after a place finds, and the place behind that."""
        for _, place, one in sorted((hit for hit in self._hits(language, text) if hit[0] == concept), key=_order):
            if place >= since and (rest := one.without(text)) != text:
                return rest, place + 1
        return None

    def _candidates(self, words: Words) -> dict[str, list[tuple[bool, Expression]]]:
        """Of each concept the expressions that may be in the text, in their order. English is said everywhere; the others where they are spoken."""
        spoken = [("en", words.plain)]
        spoken += [("pt", words.plain)] if words.is_portuguese else []
        spoken += [("bg", words.sounds)] if words.is_bulgarian else []
        found: dict[str, list[tuple[bool, Expression]]] = {}
        for language, text in spoken:
            for concept, _, one in sorted(self._hits(language, text), key=_order):
                found.setdefault(concept, []).append((language == "bg", one))
        return found

    def _hits(self, language: str, text: str) -> set[_Hit]:
        """What may be in the text."""
        index = self._index.get(language, {})
        return {hit for start in (None, *starts_in(text)) if start in index for hit in index[start]}


def _indexed(concepts: Mapping[str, Expressions]) -> _Index:
    index: _Index = {}
    for concept, expressions in concepts.items():
        for place, one in enumerate(expressions):
            for start in (None,) if one.starts is None else one.starts:
                index.setdefault(start, []).append((concept, place, one))
    return index


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
    return part if part.isspace() else f"{lead}{by_sound(part)}{trail}"
