"""Reports as REST, `--json` and CSV give them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from roomdesk.directory.queries import Viewer
from roomdesk.reports.attainment import Asked, Row, attainment, total
from roomdesk.reports.downward import downward

COLUMNS = ("month", "product", "tier", "severity", "clock", "soft", "public")
COUNTS = ("met", "breached", "caused_by", "past_aim", "undecided", "percent")


def report(viewer: Viewer, asked: Asked) -> dict[str, Any]:
    """The whole report: its lines, promises and aims in sum, and every severity that was lowered."""
    rows = attainment(viewer, asked)
    lowered, count = downward(viewer, asked)
    return {
        "items": [row.as_json() for row in rows],
        "promises": total(rows, soft=False).as_json(),
        "aims": total(rows, soft=True).as_json(),
        "downward": lowered,
        "downward_total": count,
    }


def as_csv(rows: Sequence[Row]) -> str:
    """The lines as CSV (RFC 4180), with a head; an unknown month and no percentage are empty."""
    text = io.StringIO()
    sheet = csv.DictWriter(text, [*COLUMNS, *COUNTS], extrasaction="raise")
    sheet.writeheader()
    sheet.writerows({name: _cell(value) for name, value in row.as_json().items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Slugs, counts and `true`/`false`; nothing of it can begin like a spreadsheet's formula."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else value
