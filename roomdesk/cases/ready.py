"""What a process makes once of the newest product versions: made before the first message or page needs it."""

from __future__ import annotations

from roomdesk.cases import triaging
from roomdesk.clocks.policy import calendar_of, target_rows
from roomdesk.product.queries import newest, product_of
from roomdesk.product.services import known


def make_ready() -> None:
    """Targets, calendars and the vocabulary of triage, some thousands of expressions; versions that older cases were promised by differ in little."""
    versions = [version.pk for version in newest(known()).values()]
    for version in versions:
        target_rows(version)
        for name in product_of(version).calendars:
            calendar_of(version, name)
    triaging.make_ready(versions)
