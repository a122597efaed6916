"""What people ask for (requests.toml) and the words by which it is recognised (triage.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

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
    Whole,
)


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


Phrases = dict[Locale, tuple[Text, ...]]


class Triage(Part):
    """The file triage.toml: for each finding, by locale, the product's own words and phrases that speak for it.

    A phrase is matched without regard to case and accents, white space collapsed, at the beginning of a word. They are added to the general vocabulary, which knows
    what customers of any business software say.
    """

    kinds: dict[Slug, Phrases] = Field(default_factory=dict)
    severities: dict[Slug, Phrases] = Field(default_factory=dict)
    answers: dict[AnswerSlug, Phrases] = Field(default_factory=dict)
    items: dict[Item, Phrases] = Field(default_factory=dict)

    @property
    def own(self) -> dict[str, Phrases]:
        """All of them, each finding under the name of its group: `kinds.incident`."""
        groups: dict[str, Mapping[Any, Phrases]] = {
            "kinds": self.kinds,
            "severities": self.severities,
            "answers": self.answers,
            "items": self.items,
        }
        return {f"{group}.{name}": phrases for group, findings in groups.items() for name, phrases in findings.items()}
