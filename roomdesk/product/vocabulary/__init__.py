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
from roomdesk.rules.triage_vocabulary import Expressions, Vocabulary, compiled

LANGUAGES = ("en", "bg", "pt")


@lru_cache(maxsize=64)
def vocabulary(where: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> Vocabulary:
    """The general vocabulary; `where` adds a product's own names of screens, by language."""
    found = {language: dict(_general(language)) for language in LANGUAGES}
    for language, phrases in where:
        if language in found:
            names = [re.escape(phrase) for phrase in phrases]
            found[language]["where"] = found[language].get("where", ()) + compiled(language, {"where": names})["where"]
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
