"""What customers of business software say, in three languages: the words by which triage recognises what they want."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from roomdesk.rules.own_words import ENOUGH, OwnWord
from roomdesk.rules.triage_opinion import Opinion
from roomdesk.rules.triage_vocabulary import Expressions, Vocabulary, compiled, compiled_own

LANGUAGES = ("en", "bg", "pt")


#: A product's own words: for each finding (`kinds.incident`) by locale.
Own = Mapping[str, Mapping[str, tuple[OwnWord, ...]]]
#: The concept to which a product's own names of screens are added, where one is enough by itself.
_WHERE = "items.where"


def vocabulary(own: Own | None = None) -> Vocabulary:
    """The general vocabulary, and what a product's own words add to it."""
    return _vocabulary(tuple((name, tuple(by_locale.items())) for name, by_locale in (own or {}).items()))


@lru_cache(maxsize=64)
def _vocabulary(own: tuple[tuple[str, tuple[tuple[str, tuple[OwnWord, ...]], ...]], ...]) -> Vocabulary:
    found = {language: dict(_general(language)) for language in LANGUAGES}
    for name, by_locale in own:
        for locale, words in by_locale:
            language = locale.partition("-")[0].lower()
            for word in words if language in found else ():
                concept = "where" if name == _WHERE and word.weight >= ENOUGH else name
                known = found[language].get(concept, ())
                found[language][concept] = (*known, compiled_own(language, word))
    return Vocabulary(found, _opinions())


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
