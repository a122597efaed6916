"""How urgent a case is and what is promised for it: severities and targets (policy.toml)."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from roomdesk.product.fields import Amount, ClockName, Flag, Part, Slug, refuse

MeasureKind = Literal["business_hours", "business_days", "elapsed", "none"]


def _all_is_none(value: Any) -> Any:
    return None if value == "all" else value


class Severity(Part):
    """One step of urgency, in the file's order from the highest. `kind` ties it to a kind of request (D3)."""

    slug: Slug
    kind: Slug | None = None


class Measure(Part):
    """How much time: business hours, business days, elapsed hours, or none (a place in the queue instead).

    `soft` is an aim: it can pass, it never breaches ("5+ business days").
    """

    kind: MeasureKind
    amount: Amount | None = None
    soft: Flag = False

    @model_validator(mode="after")
    def _amount_where_measured(self) -> Self:
        if self.kind == "none" and self.amount is not None:
            raise refuse('A target of the kind "none" has no amount.')
        if self.kind != "none" and self.amount is None:
            raise refuse('A target of the kind "{k}" needs an amount.', k=self.kind)
        return self

    @property
    def quantity(self) -> Fraction | None:
        """The amount, exact: hours (business or elapsed) or business days."""
        return None if self.amount is None else Fraction(self.amount)

    def as_plain(self) -> dict[str, Any]:
        """The measure in the form of the clock vectors: `kind`, `hours` or `days`, `soft` where it is."""
        unit = "days" if self.kind == "business_days" else "hours"
        plain: dict[str, Any] = {"kind": self.kind}
        if self.amount is not None:
            plain[unit] = self.amount
        return plain | ({"soft": True} if self.soft else {})


class Target(Part):
    """One promise: which clock, for whom (None = all), how much time, by which calendar.

    `kind` is the kind of request it is for; such a row goes before one for the severity. `addon` makes it a row for
    workspaces that have it (D4). Only `public` rows are shown to customers; `example` marks figures that the vendor
    has not published as text. `calendar` also says when staff may be disturbed about it (D18); about
    elapsed targets at all hours.
    """

    clock: ClockName
    tier: Annotated[Slug | None, BeforeValidator(_all_is_none)] = None
    severity: Slug | None = None
    kind: Slug | None = None
    addon: Slug | None = None
    target: Measure
    calendar: Slug
    public: Flag = True
    example: Flag = False

    @property
    def label(self) -> str:
        """The row in words that tell it from the others."""
        about = self.kind or self.severity or "anything"
        extra = f" with {self.addon}" if self.addon else ""
        return f"{self.clock} of {about} for {self.tier or 'all tiers'}{extra}"
