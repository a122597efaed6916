"""A product, whole and validated: what every other layer reads. See docs/products.md for the files behind it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from roomdesk.product.calendars import Calendar
from roomdesk.product.fields import Locale, Slug, Text
from roomdesk.product.identity import Addon, Identity, State, Tier
from roomdesk.product.policy import ConsentKind, CoverAction, Rulebook
from roomdesk.product.promises import Measure, Severity, Target
from roomdesk.product.requests import Answer, Kind, Macro, Requests, Triage
from roomdesk.product.texts import fill

__all__ = ["Calendar", "Measure", "Product", "Severity", "Target"]


class Product(Identity, Rulebook, Requests):
    """One version of a product. Frozen; equal content makes equal products and equal hashes (`canonical.py`)."""

    calendars: dict[Slug, Calendar]
    triage: Triage
    texts: dict[Locale, dict[str, Text]]

    @cached_property
    def tiers(self) -> Mapping[str, Tier]:
        """Tiers by slug, in the file's order."""
        return {tier.slug: tier for tier in self.tier_rows}

    @cached_property
    def addons(self) -> Mapping[str, Addon]:
        return {addon.slug: addon for addon in self.addon_rows}

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        return {kind.slug: kind for kind in self.kind_rows}

    @cached_property
    def answers(self) -> Mapping[str, Answer]:
        return {answer.slug: answer for answer in self.answer_rows}

    @cached_property
    def macros(self) -> Mapping[str, Macro]:
        return {macro.slug: macro for macro in self.macro_rows}

    @cached_property
    def states(self) -> Mapping[str, State]:
        return {state.slug: state for state in self.state_rows}

    @cached_property
    def consents(self) -> Mapping[str, ConsentKind]:
        return {kind.slug: kind for kind in self.consent_rows}

    @property
    def severity_slugs(self) -> tuple[str, ...]:
        """Severities from the highest; the first is what P0 makes of a case."""
        return tuple(severity.slug for severity in self.severities)

    @property
    def office(self) -> Calendar:
        """The calendar that says whether the vendor's office is open."""
        return self.calendars[self.oncall.office_calendar]

    def target_rows(self) -> tuple[Target, ...]:
        """All targets; a row for a kind stands a second time under the severity that is tied to this kind."""
        tied = {severity.kind: severity.slug for severity in self.severities if severity.kind}
        twins = (
            row.model_copy(update={"severity": tied[row.kind], "kind": None})
            for row in self.targets
            if row.kind is not None and row.kind in tied
        )
        return (*self.targets, *twins)

    def locale_for(self, locale: str | None) -> str:
        """`locale` if the product speaks it, else the product's default."""
        return locale if locale in self.texts else self.default_locale

    def text(self, locale: str | None, key: str, **values: object) -> str:
        """What the desk says. LookupError names a key that does not exist or a value that is missing."""
        texts = self.texts[self.locale_for(locale)]
        if key not in texts:
            raise LookupError(f'The product "{self.slug}" has no text "{key}".')
        return fill(key, texts[key], values)

    def answer_text(self, locale: str | None, slug: str, **values: object) -> str:
        """The automatic answer `slug` with its address and menu filled in."""
        answer = self.answers[slug]
        return self.text(locale, answer.text_key, **{"address": answer.address, "menu": answer.menu, **values})

    def consent_phrase(self, locale: str | None, slug: str, **values: object) -> str:
        """What must be written for a consent: the fixed phrase, or the one of the locale it is asked in."""
        fixed = self.consents[slug].phrase
        return fixed if fixed is not None else self.text(locale, f"consent.{slug}.phrase", **values)

    def cover_for(self, tier: str, addons: Collection[str], severity: str, *, open_now: bool) -> CoverAction:
        """Whether a P0 or a critical case of such a workspace pages, notifies, or is only answered (R19, R42)."""
        fitting = (row for row in self.cover if row.fits(tier, frozenset(addons), severity, open_now=open_now))
        return next(fitting).action
