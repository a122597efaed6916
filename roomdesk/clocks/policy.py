"""The product's promises as the rules want them, prepared once per stored version."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from roomdesk.product.models import ProductVersion
from roomdesk.product.promises import Measure
from roomdesk.product.queries import product_of
from roomdesk.rules.calendars import parse_calendar
from roomdesk.rules.severity import TargetRow
from roomdesk.rules.targets import Target, parse_target
from roomdesk.rules.working_time import CompiledCalendar, compile_calendar


@lru_cache(maxsize=64)
def target_rows(version_id: int) -> tuple[TargetRow, ...]:
    """The version's target rows, for `rules.severity.choose_target`."""
    return tuple(
        TargetRow(
            clock=row.clock,
            tier=row.tier,
            severity=row.severity,
            kind=row.kind,
            target=target_of(row.target),
            calendar=row.calendar or "",
            public=row.public,
            addon=row.addon,
        )
        for row in product_of(version_id).target_rows()
    )


@lru_cache(maxsize=256)
def calendar_of(version_id: int, name: str) -> CompiledCalendar:
    """A calendar of the version, compiled; holidays are those stored with the version (D38)."""
    return compile_calendar(parse_calendar(product_of(version_id).calendars[name].as_plain()))


def office_of(version_id: int) -> CompiledCalendar:
    """The calendar that says whether the vendor's office is open."""
    return calendar_of(version_id, product_of(version_id).oncall.office_calendar)


def warnings_of(version_id: int) -> tuple[int, ...]:
    """The percents of a target at which staff are warned, rising."""
    return product_of(version_id).life.warnings


def grace_of(version_id: int, target: Target) -> Target | None:
    """The least time after a change upward, in the new target's kind of time (D17); None where there is none."""
    minutes = product_of(version_id).life.upward_grace_minutes
    if minutes == 0 or target.kind == "none":
        return None
    return Target("elapsed" if target.kind == "elapsed" else "business_hours", Fraction(minutes, 60))


@lru_cache(maxsize=256)
def name_of(version_id: int) -> tuple[str, int]:
    """The product and number of a version, by which people and the audit know it."""
    return ProductVersion.objects.values_list("slug", "number").get(pk=version_id)


@lru_cache(maxsize=1024)
def target_of(measure: Measure) -> Target:
    """A measure of the product's files as the engine wants it."""
    return parse_target(measure.as_plain())
