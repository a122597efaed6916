"""What people ask for (requests.toml) and the words by which it is recognised (triage.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_serializer, model_validator

from roomdesk.product.fields import (
    AnswerSlug,
    Email,
    Flag,
    Item,
    Locale,
    Part,
    Slug,
    Text,
    Variable,
    Weight,
    Whole,
    refuse,
)
from roomdesk.product.problems import shown
from roomdesk.rules.own_words import ENOUGH, OwnWord


class Kind(Part):
    """A kind of request; staff may file a case under any. Its name is the text `kind.<slug>`."""

    slug: Slug
    restricted: Flag = False
    checklist: Flag = False


class Answer(Part):
    """An answer the desk gives by itself, the text `answer.<slug>` with ":" as "."; `kind` is the case's kind.

    `opens_case` is false for a deflection (a case in state deflected, D14). `address` and `menu` go into the text.
    """

    slug: AnswerSlug
    kind: Slug
    opens_case: Flag = False
    address: Email | None = None
    menu: Text | None = None
    example: Flag = False

    @property
    def text_key(self) -> str:
        return f"answer.{self.slug.replace(':', '.')}"


class Macro(Part):
    """A canned answer, the text `macro.<slug>`. `asks` are variables whose values are given with it, `state` what the case becomes then."""

    slug: Slug
    asks: tuple[Variable, ...] = ()
    state: Literal["investigating", "waiting_customer", "waiting_third_party"] | None = None
    example: Flag = False

    @property
    def text_key(self) -> str:
        return f"macro.{self.slug}"


class Security(Part):
    """`mention`: what was said stays and details go to mail; `always`: all of it goes to mail at once (D22)."""

    mode: Literal["mention", "always"]


class Checklist(Part):
    """What a useful first message has. `from_room` need not be asked in a room; `optional` is never missed."""

    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    from_room: tuple[Item, ...] = ("workspace",)
    optional: tuple[Item, ...] = ("screenshot",)
    example: Flag = False


class Grouping(Part):
    """When messages belong together: the same author's within one window, P0s within another (D11).

    `small_talk` are whole messages, by locale, that never open, reopen or restart anything.
    """

    author_window_minutes: Whole = 10
    p0_window_minutes: Whole = 30
    small_talk: dict[Locale, tuple[Text, ...]]


class Requests(Part):
    """The file requests.toml."""

    kind_rows: Annotated[tuple[Kind, ...], Field(alias="kinds", min_length=1)]
    answer_rows: Annotated[tuple[Answer, ...], Field(alias="answers")]
    macro_rows: Annotated[tuple[Macro, ...], Field(alias="macros")] = ()
    security: Security
    checklist: Checklist
    grouping: Grouping


_SHORT = 'This must be a word or phrase in quotes, or a table such as {{ pattern = "…", weight = 7 }}, not {value}.'


class Said(Part):
    """Something that customers say: a word or phrase, or a pattern (`rules/triage_pattern.py`), and how much it speaks for its finding.

    In the file a word or phrase alone may stand as a text in quotes. From `ENOUGH` on a weight is enough by itself, below 0 it speaks against the finding.
    """

    phrase: Text | None = None
    pattern: Text | None = None
    weight: Weight = ENOUGH

    @model_validator(mode="before")
    @classmethod
    def _in_short(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"phrase": given}
        if not isinstance(given, dict | Said):
            raise refuse(_SHORT, value=shown(given))
        return given

    @model_validator(mode="after")
    def _one_of_both(self) -> Said:
        if (self.phrase is None) == (self.pattern is None):
            raise refuse("Write either a phrase or a pattern here.")
        return self

    @model_serializer
    def _as_written(self) -> str | dict[str, Any]:
        if self.phrase is not None and self.weight == ENOUGH:
            return self.phrase
        what = {"pattern": self.pattern} if self.phrase is None else {"phrase": self.phrase}
        return {**what, "weight": self.weight}

    @property
    def word(self) -> OwnWord:
        """As the rules take it."""
        return OwnWord(self.pattern or self.phrase or "", self.pattern is not None, self.weight)


Phrases = dict[Locale, tuple[Said, ...]]


class Triage(Part):
    """The file triage.toml: for each finding, by locale, the product's own words, phrases and patterns that speak for it.

    They are matched without regard to case and accents, white space collapsed, at the beginning of a word. They are added to the general vocabulary, which knows
    what customers of any business software say.
    """

    kinds: dict[Slug, Phrases] = Field(default_factory=dict)
    severities: dict[Slug, Phrases] = Field(default_factory=dict)
    answers: dict[AnswerSlug, Phrases] = Field(default_factory=dict)
    items: dict[Item, Phrases] = Field(default_factory=dict)

    @property
    def own(self) -> dict[str, dict[str, tuple[OwnWord, ...]]]:
        """All of them by locale, each finding under the name of its group: `kinds.incident`."""
        return {
            name: {locale: tuple(one.word for one in said) for locale, said in by_locale.items()}
            for name, by_locale in self.written.items()
        }

    @property
    def written(self) -> dict[str, Phrases]:
        """As `own`, as the file has it."""
        groups: dict[str, Mapping[Any, Phrases]] = {
            "kinds": self.kinds,
            "severities": self.severities,
            "answers": self.answers,
            "items": self.items,
        }
        return {f"{group}.{name}": phrases for group, findings in groups.items() for name, phrases in findings.items()}
