"""Which months a report looks at, each as its products' offices have it on the wall."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from roomdesk.refusals import Invalid
from roomdesk.reports.attainment import zones
from roomdesk.rules.errors import RuleError
from roomdesk.rules.months import check_month, following, month_begins, month_of

#: Months of a report, unless told otherwise.
MONTHS = 6


def last_months(now: datetime, number: int = MONTHS) -> list[str]:
    """This month and those before it, in order; at the vendor's, whose zones are at most a day apart."""
    year, month = map(int, month_of(now, "UTC").split("-"))
    return [f"{(year * 12 + month - 1 - back) // 12:04}-{(month - 1 - back) % 12 + 1:02}" for back in range(number)][
        ::-1
    ]


def check(month: str) -> str:
    """Invalid, naming the field, for what is no month."""
    try:
        return check_month(month)
    except RuleError as error:
        raise Invalid(str(error), field="month") from error


def within(field: str, first: str, last: str, product: str | None, version: str = "product_version") -> Q:
    """From the first instant of one month to the last of another, in the zone of the office of each row's product version."""
    found = Q(pk__in=[])
    for zone, ids in zones(product).items():
        begin, end = month_begins(first, zone), month_begins(following(last), zone)
        found |= Q(**{f"{version}__in": ids, f"{field}__gte": begin, f"{field}__lt": end})
    return found
