"""Concepts that texts are searched for: expressions by language, compiled. Where they come from is the caller's business."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from roomdesk.rules.expression_starts import LETTERS, starts_in, starts_of
from roomdesk.rules.own_words import OwnWord
from roomdesk.rules.triage_pattern import checked
from roomdesk.rules.triage_text import Words, by_sound, folded

_LETTER = re.compile(r"[^\W\d_]")
_ESCAPE = re.compile(r"(\\.)")
#: The concept of which only whole words are meant.
WHOLE = "small"
#: Stands for `ъ`, which people type as a, as u and as y: "vapros", "vupros", "vypros".
_VOWEL = "\x00"
#: So many beginnings are kept.
_KNOWN = 20_000

#: Where in a text an expression may begin; None for anywhere.
Spots = Sequence[int] | None


@dataclass(slots=True, eq=False)
class Expression:
    """An expression that is found only where a word begins. To its users it never changes; it is compiled when it is first tried.

    Of the thousands that there are a text tries some dozens, and a process that compiled them all would need seconds for it.

    It is looked for anywhere, and what stands before it is looked at afterwards: a look behind within the expression keeps the
    engine from skipping to its first letters, and a text of 1,000 characters took a quarter of a second.
    """

    source: str
    #: What it can begin with; None for anything.
    starts: frozenset[str] | None = None
    #: The word of a product's own that it looks for.
    own: OwnWord | None = None
    _pattern: re.Pattern[str] | None = field(default=None, init=False, repr=False)

    @property
    def pattern(self) -> re.Pattern[str]:
        if self._pattern is None:
            self._pattern = re.compile(self.source)
        return self._pattern

    def search(self, text: str, since: int = 0) -> re.Match[str] | None:
        """The first place at or after `since`."""
        while (match := self.pattern.search(text, since)) is not None:
            since = match.start()
            if since == 0 or not _is_word(text[since - 1]) or not _is_word(text[since : since + 1]):
                return match
            since += 1
        return None

    def first(self, text: str, spots: Spots) -> re.Match[str] | None:
        """As `search`, by one who knows where in the text it may begin: the engine then looks at nothing else."""
        if spots is None:
            return self.search(text)
        for spot in sorted(spots):
            if (match := self.pattern.match(text, spot)) is not None:
                return match
        return None

    def without(self, text: str) -> str:
        """The text with a space in each of its places."""
        kept, since = [], 0
        while (match := self.search(text, since)) is not None and match.end() > match.start():
            kept.append(text[since : match.start()])
            since = match.end()
        return " ".join([*kept, text[since:]])


Expressions = tuple[Expression, ...]
#: Its language, and where in the text of that language it may begin.
_Asked = tuple[str, Expression, Spots]


class _Index:
    """Expressions in one row, language after language and concept after concept, told by the letters with which they can begin."""

    def __init__(self, of: Mapping[str, Mapping[str, Expressions]]) -> None:
        self.row = [
            (language, concept, one)
            for language in sorted(of)
            for concept in sorted(of[language])
            for one in of[language][concept]
        ]
        self._always = frozenset(place for place, (_, _, one) in enumerate(self.row) if one.starts is None)
        self._by_start: dict[str, tuple[int, ...]] = {}
        for place, (_, _, one) in enumerate(self.row):
            for start in one.starts or ():
                self._by_start[start] = (*self._by_start.get(start, ()), place)
        #: What was looked up, whole beginnings: those of a language come again and again.
        self._known: dict[str, tuple[int, ...]] = {}

    def places(self, text: str) -> list[tuple[int, Spots]]:
        """Places in the row of what may be in the text, in their order, and where in the text it may begin."""
        found: dict[int, Any] = dict.fromkeys(self._always)
        known = self._known
        for start, spots in starts_in(text).items():
            places = known.get(start)
            if places is None:
                places = self._look_up(start)
            for place in places:
                if place in found:
                    found[place] = [*found[place], *spots]
                else:
                    found[place] = spots
        return sorted(found.items())

    def _look_up(self, start: str) -> tuple[int, ...]:
        """Places of what begins as `start` does, by one of its letters or by more."""
        if len(self._known) >= _KNOWN:
            self._known.clear()
        letters = range(1, len(start) + 1)
        found = self._known[start] = tuple(place for many in letters for place in self._by_start.get(start[:many], ()))
        return found


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Expressions of each concept, by language (`en`, `bg`, `pt`). A product's own words for a finding stand under `group.finding`, as in `kinds.incident`."""

    of: Mapping[str, Mapping[str, Expressions]] = field(default_factory=dict)
    #: Second opinions over these concepts (`triage_opinion.Opinion`), by `kind` and `severity`.
    opinions: Mapping[str, Any] = field(default_factory=dict, compare=False)
    #: The names of all concepts, in order, and of a product's own.
    concepts: tuple[str, ...] = field(init=False, repr=False, compare=False)
    own: tuple[str, ...] = field(init=False, repr=False, compare=False)
    #: What is looked for in the plain text, and what by sound; and once more by language and concept, for `without`.
    _plain: _Index = field(init=False, repr=False, compare=False)
    _sounds: _Index = field(init=False, repr=False, compare=False)
    _of_one: dict[tuple[str, str], _Index] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        of, put = self.of, object.__setattr__
        names = sorted({name for all_ in of.values() for name in all_})
        put(self, "concepts", tuple(name for name in names if "." not in name))
        put(self, "own", tuple(name for name in names if "." in name))
        put(self, "_plain", _Index({language: of[language] for language in of if language != "bg"}))
        put(self, "_sounds", _Index({language: of[language] for language in of if language == "bg"}))
        of_one = {
            (lang, name): _Index({lang: {name: some}}) for lang, all_ in of.items() for name, some in all_.items()
        }
        put(self, "_of_one", of_one)

    def found(self, concept: str, words: Words) -> list[str]:
        """What of the text speaks for the concept: the first match of each expression. Portuguese and Bulgarian are looked for where they are spoken."""
        found = words.found.get(concept)
        if found is None:
            asked = self._heard(concept, words)
            found = words.found[concept] = [match.group() for match in self._matches(asked, words) if match]
        return found

    def told(self, concept: str, words: Words) -> list[tuple[str, OwnWord]]:
        """As `found`, of a product's own words: each with what it found."""
        asked = self._heard(concept, words)
        matches = self._matches(asked, words)
        return [
            (found.group(), one.own) for (_, one, _), found in zip(asked, matches, strict=True) if found and one.own
        ]

    def begins(self, concept: str, words: Words) -> bool:
        """Whether the first letter of the text belongs to what speaks for the concept. Costs a fraction of `without`, which takes it away then."""
        texts = [("en", words.plain), ("pt", words.plain)] + ([("bg", words.sounds)] if words.is_bulgarian else [])
        return any(_at_first_letter(self._of_one.get((lang, concept)), text) for lang, text in texts)

    def without(self, concept: str, words: Words) -> Words:
        """The text without all that speaks for a concept, in Portuguese too where the text is not."""
        if not any(self._matches(self._asked(concept, words), words)):
            return words
        plain = self._without("pt", concept, self._without("en", concept, words.plain))
        sounds = self._without("bg", concept, words.sounds) if words.is_bulgarian else words.sounds
        return Words(words.original, plain, sounds, words.is_bulgarian, words.is_portuguese)

    def _heard(self, concept: str, words: Words) -> list[_Asked]:
        """What is looked for in a text of its language."""
        return [one for one in self._asked(concept, words) if words.is_portuguese or one[0] != "pt"]

    def _asked(self, concept: str, words: Words) -> list[_Asked]:
        if not words.may_be:
            words.may_be.update(self._candidates(words))
        asked: list[_Asked] = words.may_be.get(concept, [])
        return asked

    def _matches(self, asked: Iterable[_Asked], words: Words) -> Iterator[re.Match[str] | None]:
        return (one.first(words.sounds if language == "bg" else words.plain, spots) for language, one, spots in asked)

    def _without(self, language: str, concept: str, text: str) -> str:
        index, since = self._of_one.get((language, concept)), 0
        while index is not None and (found := _first(index, text, since)) is not None:
            # What is left may begin otherwise: the second half of a word is a word now.
            text, since = found
        return text

    def _candidates(self, words: Words) -> dict[str, list[_Asked]]:
        """Of each concept the expressions that may be in the text, in their order."""
        found: dict[str, list[_Asked]] = {}
        looked = [(self._plain, words.plain)] + ([(self._sounds, words.sounds)] if words.is_bulgarian else [])
        for index, text in looked:
            for place, spots in index.places(text):
                language, concept, one = index.row[place]
                found.setdefault(concept, []).append((language, one, spots))
        return found


def _at_first_letter(index: _Index | None, text: str) -> bool:
    letter = _LETTER.search(text)
    if index is None or letter is None:
        return letter is None
    at = letter.start()
    # What begins no later than there is told by the letters up to there, and the few by which beginnings are told.
    tries = (
        index.row[place][2].first(text, spots if spots is None else [spot for spot in spots if spot <= at])
        for place, spots in index.places(text[: at + LETTERS])
    )
    return any(match.start() <= at < match.end() for match in tries if match)


def _first(index: _Index, text: str, since: int) -> tuple[str, int] | None:
    """The text without what the first expression at or after a place finds, and the place behind that."""
    for place, spots in index.places(text):
        one = index.row[place][2]
        if place >= since and one.first(text, spots) and (rest := one.without(text)) != text:
            return rest, place + 1
    return None


def compiled(language: str, concepts: Mapping[str, Iterable[str]]) -> dict[str, Expressions]:
    """Expressions as they are written in a vocabulary, each at the beginning of a word. `re.error` for one that is none: they are parsed here."""
    return {
        name: tuple(_compiled(language, rf"(?:{one})(?!\w)" if name == WHOLE else one) for one in expressions)
        for name, expressions in concepts.items()
    }


def compiled_own(language: str, word: OwnWord) -> Expression:
    """A word, a phrase or a pattern of a product's own, as texts of a language are compared. RuleError for a pattern that is not taken."""
    if word.is_pattern:
        expression = checked(word.written, language)
        return Expression(expression, starts_of(expression), word)
    # Bulgarian is brought to its sounds where it is compiled.
    spelt = word.written.casefold() if language == "bg" else folded(word.written)
    return replace(_compiled(language, re.escape(spelt)), own=word)


def _compiled(language: str, expression: str) -> Expression:
    if language == "bg":
        parts = _ESCAPE.split(expression)
        expression = "".join(part if part.startswith("\\") else _sounds(part) for part in parts)
    return Expression(expression, starts_of(expression))


def _is_word(letter: str) -> bool:
    """As the letters of a word are told in expressions."""
    return letter.isalnum() or letter == "_"


def _sounds(part: str) -> str:
    """Spaces at the ends are part of an expression."""
    lead, trail = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    sounds = by_sound(part.replace("ъ", _VOWEL)).replace(_VOWEL, "[aiu]")
    return part if part.isspace() else f"{lead}{sounds}{trail}"
