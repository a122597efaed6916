"""Concepts that texts are searched for: expressions by language, compiled. Where they come from is the caller's business."""

import re
from collections.abc import Iterable, Mapping, Sequence
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

#: Where in a text an expression may begin, in order; None for anywhere.
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
        look = (self._pattern or self.pattern).match
        for spot in spots:
            if (match := look(text, spot)) is not None:
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
#: An expression at its place in an index, and where in a text it may begin.
_Spotted = tuple[int, Expression, Spots]
#: Of a text, by concept: what may be in it, neither in order nor once. Few of the concepts are asked for, see `_matches`.
_MayBe = dict[str, list[_Spotted]]


class _Index:
    """The expressions of a language, concept after concept, told by the letters with which they can begin."""

    def __init__(self, of: Mapping[str, Expressions]) -> None:
        row = enumerate((concept, one) for concept in sorted(of) for one in of[concept])
        entries = [(concept, place, one) for place, (concept, one) in row]
        self._always = [entry for entry in entries if entry[2].starts is None]
        self._by_start: dict[str, list[tuple[str, int, Expression]]] = {}
        for entry in entries:
            for start in entry[2].starts or ():
                self._by_start.setdefault(start, []).append(entry)
        #: What was looked up, whole beginnings: those of a language come again and again.
        self._known: dict[str, tuple[tuple[str, int, Expression], ...]] = {}

    def spotted(self, text: str) -> _MayBe:
        """What may be in the text."""
        found: _MayBe = {}
        for concept, place, one in self._always:
            found.setdefault(concept, []).append((place, one, None))
        known = self._known
        for start, spots in starts_in(text).items():
            begun = known.get(start)
            if begun is None:
                begun = self._look_up(start)
            for concept, place, one in begun:
                if concept in found:
                    found[concept].append((place, one, spots))
                else:
                    found[concept] = [(place, one, spots)]
        return found

    def in_order(self, text: str) -> list[_Spotted]:
        """All that may be in the text, each once, in the order of the index."""
        return _in_order([one for some in self.spotted(text).values() for one in some])

    def _look_up(self, start: str) -> tuple[tuple[str, int, Expression], ...]:
        """What begins as `start` does, by one of its letters or by more."""
        if len(self._known) >= _KNOWN:
            self._known.clear()
        letters = range(1, len(start) + 1)
        begun = dict.fromkeys(one for many in letters for one in self._by_start.get(start[:many], ()))
        found = self._known[start] = tuple(begun)
        return found


def _in_order(some: list[_Spotted]) -> list[_Spotted]:
    """Each expression once, with all its spots. Several of its beginnings may be in the text."""
    if len(some) == 1:
        return some
    found: dict[int, _Spotted] = {}
    for place, one, spots in some:
        more = found.get(place)
        # What may begin anywhere is there once.
        found[place] = (place, one, spots if more is None else sorted([*(more[2] or ()), *(spots or ())]))
    return [found[place] for place in sorted(found)]


def _matches(some: list[_Spotted], text: str) -> list[tuple[Expression, re.Match[str]]]:
    """What of these expressions is in the text, each by its first place."""
    tried = [(one, one.first(text, spots)) for _, one, spots in _in_order(some)]
    return [(one, match) for one, match in tried if match is not None]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Expressions of each concept, by language (`en`, `bg`, `pt`). A product's own words for a finding stand under `group.finding`, as in `kinds.incident`."""

    of: Mapping[str, Mapping[str, Expressions]] = field(default_factory=dict)
    #: Second opinions over these concepts (`triage_opinion.Opinion`), by `kind` and `severity`.
    opinions: Mapping[str, Any] = field(default_factory=dict, compare=False)
    #: The names of all concepts, in order, and of a product's own by their group.
    concepts: tuple[str, ...] = field(init=False, repr=False, compare=False)
    own: Mapping[str, Sequence[str]] = field(init=False, repr=False, compare=False)
    #: By language, and once more by language and concept, for `without`.
    _indexes: dict[str, _Index] = field(init=False, repr=False, compare=False)
    _of_one: dict[tuple[str, str], _Index] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        of, put = self.of, object.__setattr__
        names = sorted({name for all_ in of.values() for name in all_})
        put(self, "concepts", tuple(name for name in names if "." not in name))
        own = [name for name in names if "." in name]
        groups = {name.partition(".")[0] for name in own}
        put(self, "own", {group: tuple(one for one in own if one.startswith(f"{group}.")) for group in groups})
        # Bulgarian last: it is told by sound.
        put(self, "_indexes", {lang: _Index(of[lang]) for lang in sorted(of, key=lambda one: (one == "bg", one))})
        of_one = {(lang, name): _Index({name: some}) for lang, all_ in of.items() for name, some in all_.items()}
        put(self, "_of_one", of_one)

    def found(self, concept: str, words: Words) -> list[str]:
        """What of the text speaks for the concept: the first match of each expression. Portuguese and Bulgarian are looked for where they are spoken."""
        found = words.found.get(concept)
        if found is None:
            found = words.found[concept] = []
            for text, may_be in words.heard or self._hear(words):
                if concept in may_be:
                    found += [match.group() for _, match in _matches(may_be[concept], text)]
        return found

    def told(self, concept: str, words: Words) -> list[tuple[str, OwnWord]]:
        """As `found`, of a product's own words: each with what it found."""
        heard = [_matches(may_be.get(concept, []), text) for text, may_be in words.heard or self._hear(words)]
        return [(match.group(), one.own) for some in heard for one, match in some if one.own]

    def begins(self, concept: str, words: Words) -> bool:
        """Whether the first letter of the text belongs to what speaks for the concept. Costs a fraction of `without`, which takes it away then."""
        texts = [("en", words.plain), ("pt", words.plain)] + ([("bg", words.sounds)] if words.is_bulgarian else [])
        return any(_at_first_letter(self._of_one.get((lang, concept)), text) for lang, text in texts)

    def without(self, concept: str, words: Words) -> Words:
        """The text without all that speaks for a concept, in Portuguese too where the text is not."""
        spoken = [self._may_be(language, words) for language in self._indexes if language != "bg" or words.is_bulgarian]
        if not any(concept in may_be and _matches(may_be[concept], text) for text, may_be in spoken):
            return words
        plain = self._without("pt", concept, self._without("en", concept, words.plain))
        sounds = self._without("bg", concept, words.sounds) if words.is_bulgarian else words.sounds
        return Words(words.original, plain, sounds, words.is_bulgarian, words.is_portuguese)

    def _hear(self, words: Words) -> list[tuple[str, _MayBe]]:
        """What may be in a text of its languages."""
        others = {"pt": words.is_portuguese, "bg": words.is_bulgarian}
        words.heard.extend([self._may_be(one, words) for one in self._indexes if others.get(one, True)])
        return words.heard

    def _may_be(self, language: str, words: Words) -> tuple[str, _MayBe]:
        found: tuple[str, _MayBe] | None = words.may_be.get(language)
        if found is None:
            text = words.sounds if language == "bg" else words.plain
            found = words.may_be[language] = text, self._indexes[language].spotted(text)
        return found

    def _without(self, language: str, concept: str, text: str) -> str:
        index, since = self._of_one.get((language, concept)), 0
        while index is not None and (found := _first(index, text, since)) is not None:
            # What is left may begin otherwise: the second half of a word is a word now.
            text, since = found
        return text


def _at_first_letter(index: _Index | None, text: str) -> bool:
    letter = _LETTER.search(text)
    if index is None or letter is None:
        return letter is None
    at = letter.start()
    # What begins no later than there is told by the letters up to there, and the few by which beginnings are told.
    tries = (
        one.first(text, spots if spots is None else [spot for spot in spots if spot <= at])
        for _, one, spots in index.in_order(text[: at + LETTERS])
    )
    return any(match.start() <= at < match.end() for match in tries if match)


def _first(index: _Index, text: str, since: int) -> tuple[str, int] | None:
    """The text without what the first expression at or after a place finds, and the place behind that."""
    for place, one, spots in index.in_order(text):
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
