"""What customers of business software say, in three languages: the words by which triage recognises what they want."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from roomdesk.rules.triage_opinion import Opinion
from roomdesk.rules.triage_text import folded
from roomdesk.rules.triage_vocabulary import Expressions, Vocabulary, compiled

LANGUAGES = ("en", "bg", "pt")


#: A product's own words: for each finding (`kinds.incident`) by locale the phrases.
Own = Mapping[str, Mapping[str, tuple[str, ...]]]
#: The concept to which a product's own names of screens are added.
_WHERE = "items.where"


def vocabulary(own: Own | None = None) -> Vocabulary:
    """The general vocabulary, and what a product's own words add to it."""
    return _vocabulary(tuple((name, tuple(by_locale.items())) for name, by_locale in (own or {}).items()))


@lru_cache(maxsize=64)
def _vocabulary(own: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]) -> Vocabulary:
    found = {language: dict(_general(language)) for language in LANGUAGES}
    for name, by_locale in own:
        concept = "where" if name == _WHERE else name
        for locale, phrases in by_locale:
            language = locale.partition("-")[0].lower()
            if language in found:
                written = [re.escape(_folded(language, phrase)) for phrase in phrases]
                added = compiled(language, {concept: written})[concept]
                found[language][concept] = found[language].get(concept, ()) + added
    return Vocabulary(found, _opinions())


def _folded(language: str, phrase: str) -> str:
    """As texts are compared: without capitals and accents. Bulgarian is compared by sound, which is done where it is compiled."""
    return phrase.casefold() if language == "bg" else folded(phrase)


def general() -> Vocabulary:
    """The general vocabulary without a second opinion: what that one is learned over."""
    return Vocabulary({language: dict(_general(language)) for language in LANGUAGES})


@lru_cache(maxsize=8)
def _general(language: str) -> tuple[tuple[str, Expressions], ...]:
    """The concepts of a language, from all its files: what several say of one concept counts together."""
    found: dict[str, Expressions] = {}
    for name in (language, f"{language}_scope"):
        with files(__package__).joinpath(f"{name}.toml").open("rb") as file:
            for concept, expressions in compiled(language, tomllib.load(file)).items():
                found[concept] = found.get(concept, ()) + expressions
    return tuple(found.items())


@lru_cache(maxsize=1)
def _opinions() -> Mapping[str, Opinion]:
    """What `tools/train-triage` has learned."""
    learned = json.loads(files(__package__).joinpath("opinion.json").read_text("utf-8"))
    return {about: _opinion(one) for about, one in learned.items()}


def _opinion(learned: Mapping[str, Any]) -> Opinion:
    weights = {sign: tuple(some) for sign, some in learned["weights"].items()}
    return Opinion(tuple(learned["names"]), tuple(learned["bias"]), weights)
