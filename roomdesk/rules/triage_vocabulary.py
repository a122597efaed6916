"""Concepts that texts are searched for: expressions by language, compiled. Where they come from is the caller's business."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from roomdesk.rules.triage_text import Words, by_sound

_ESCAPE = re.compile(r"(\\.)")
Expressions = tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Expressions of each concept, by language (`en`, `bg`, `pt`)."""

    of: Mapping[str, Mapping[str, Expressions]] = field(default_factory=dict)

    def found(self, concept: str, words: Words) -> list[str]:
        """What of the text speaks for the concept: the first match of each expression."""
        return [
            match.group()
            for text, expressions in self._asked(concept, words)
            for one in expressions
            if (match := one.search(text))
        ]

    def without(self, concept: str, words: Words) -> Words:
        """The text without all that speaks for a concept."""
        forms = {"plain": words.plain, "sounds": words.sounds}
        for language, name in (("en", "plain"), ("pt", "plain"), ("bg", "sounds")):
            for one in self.of.get(language, {}).get(concept, ()):
                forms[name] = one.sub(" ", forms[name])
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
    return {name: tuple(_compiled(language, one) for one in expressions) for name, expressions in concepts.items()}


def _compiled(language: str, expression: str) -> re.Pattern[str]:
    if language == "bg":
        parts = _ESCAPE.split(expression)
        expression = "".join(part if part.startswith("\\") else _sounds(part) for part in parts)
    return re.compile(rf"(?:(?<!\w)|(?=\W))(?:{expression})")


def _sounds(part: str) -> str:
    """Spaces at the ends are part of an expression."""
    lead, trail = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    return part if part.isspace() else f"{lead}{by_sound(part)}{trail}"
