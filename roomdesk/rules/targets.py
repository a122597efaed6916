"""Targets: how much of which time a clock has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import Literal, get_args

from roomdesk.rules.errors import TargetError
from roomdesk.rules.instants import HOUR, MICROSECOND, NOTHING, shown

Kind = Literal["elapsed", "business_hours", "business_days", "none"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")
_HOUR = HOUR // MICROSECOND
MOST_HOURS, MOST_DAYS = 1_000_000, 100_000
"""Largest amounts that are accepted: more than a century, and small enough that a typing error costs no minute."""


@dataclass(frozen=True, slots=True)
class Target:
    """`amount` is in hours for `elapsed` and `business_hours`, in business days for `business_days`, 0 for `none`.

    A soft target is an aim: it passes (`past_aim`) and is never breached ("5+ business days"). The rest is worked out
    once, for the many due times that follow: `length` is the amount in hours up to a whole microsecond (0 for business
    days), `whole_days` the amount in business days when it is a whole number, else None.
    """

    kind: Kind
    amount: Fraction = Fraction(0)
    soft: bool = False
    length: timedelta = field(init=False, repr=False, compare=False)
    whole_days: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise TargetError(f"target.kind must be one of {', '.join(KINDS)}, not {shown(self.kind)}.")
        if self.kind != "none" and self.amount <= 0:
            raise TargetError(f"target.{amount_key(self.kind)} must be more than 0.")
        if self.amount > (MOST_DAYS if self.kind == "business_days" else MOST_HOURS):
            raise TargetError(f"target.{amount_key(self.kind)} must be at most {MOST_HOURS} hours or {MOST_DAYS} days.")
        in_days = self.kind == "business_days"
        object.__setattr__(self, "length", NOTHING if in_days else up_to_microsecond(self.amount, Fraction(1)))
        whole = self.amount.numerator if in_days and self.amount.denominator == 1 else None
        object.__setattr__(self, "whole_days", whole)


def up_to_microsecond(hours: Fraction, fraction: Fraction) -> timedelta:
    """A fraction of so many hours, up to a whole microsecond."""
    (amount, per), (part, whole) = hours.as_integer_ratio(), fraction.as_integer_ratio()
    return -(-amount * part * _HOUR // (per * whole)) * MICROSECOND


def amount_key(kind: Kind) -> str:
    """The key under which the amount is written (sla/README, Format)."""
    return "days" if kind == "business_days" else "hours"


def parse_target(data: object) -> Target:
    """A target from `{"kind", "hours" | "days", "soft"}`; TargetError with a sentence when it is wrong."""
    if not isinstance(data, Mapping):
        raise TargetError(f"target must be a table, not {shown(data)}.")
    kind, soft = data.get("kind"), data.get("soft", False)
    if kind not in KINDS:
        raise TargetError(f"target.kind must be one of {', '.join(KINDS)}, not {shown(kind)}.")
    if not isinstance(soft, bool):
        raise TargetError(f"target.soft must be true or false, not {shown(soft)}.")
    if kind == "none":
        return Target("none", soft=soft)
    key = amount_key(kind)
    _check_keys(data, kind, key)
    return Target(kind, parse_amount(data.get(key), f"target.{key}"), soft)


def parse_amount(written: object, field: str) -> Fraction:
    """A positive whole number, or a decimal string with at most two places; TargetError otherwise."""
    text = str(written) if isinstance(written, int) and not isinstance(written, bool) else written
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise TargetError(
            f'{field} must be a whole number or a decimal string like "1.5" with at most two places, not {shown(written)}.'
        )
    if not (amount := Fraction(text)):
        raise TargetError(f"{field} must be more than 0.")
    return amount


def _check_keys(data: Mapping[str, object], kind: Kind, key: str) -> None:
    other = "hours" if key == "days" else "days"
    if other in data:
        raise TargetError(f"target.{other} does not belong to the kind {kind}, which is given in {key}.")
