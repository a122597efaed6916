"""Concepts that texts are searched for: expressions by language, compiled. Where they come from is the caller's business."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from roomdesk.rules.triage_text import Words, by_sound

_ESCAPE = re.compile(r"(\\.)")
#: The concept of which only whole words are meant.
WHOLE = "small"


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that is found only where a word begins.

    It is looked for anywhere, and what stands before it is looked at afterwards: a look behind within the expression keeps the
    engine from skipping to its first letters, and a text of 1,000 characters took a quarter of a second.
    """

    pattern: re.Pattern[str]

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


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Expressions of each concept, by language (`en`, `bg`, `pt`)."""

    of: Mapping[str, Mapping[str, Expressions]] = field(default_factory=dict)

    def found(self, concept: str, words: Words) -> list[str]:
        """What of the text speaks for the concept: the first match of each expression."""
        found = words.found.get(concept)
        if found is None:
            matches = (one.search(text) for text, expressions in self._asked(concept, words) for one in expressions)
            found = words.found[concept] = [match.group() for match in matches if match]
        return found

    def without(self, concept: str, words: Words) -> Words:
        """The text without all that speaks for a concept."""
        forms = {"plain": words.plain, "sounds": words.sounds}
        for language, name in (("en", "plain"), ("pt", "plain"), ("bg", "sounds")):
            for one in self.of.get(language, {}).get(concept, ()):
                forms[name] = one.without(forms[name])
        return Words(words.original, forms["plain"], forms["sounds"], words.is_bulgarian, words.is_portuguese)

    def _asked(self, concept: str, words: Words) -> Iterable[tuple[str, Expressions]]:
        """English is said everywhere; the others where they are spoken."""
        yield words.plain, self.of.get("en", {}).get(concept, ())
        if words.is_portuguese:
            yield words.plain, self.of.get("pt", {}).get(concept, ())
        if words.is_bulgarian:
            yield words.sounds, self.of.get("bg", {}).get(concept, ())


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
    return Expression(re.compile(expression))


def _is_word(letter: str) -> bool:
    """As the letters of a word are told in expressions."""
    return letter.isalnum() or letter == "_"


def _sounds(part: str) -> str:
    """Spaces at the ends are part of an expression."""
    lead, trail = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    return part if part.isspace() else f"{lead}{by_sound(part)}{trail}"
