"""A report as its page and its CSV show it: tables of words with addresses, and bars and lines that say the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from roomdesk.reports.behind import Wanted

#: A cell: its words, and the address of what it counts, or empty.
Cell = tuple[str, str]
#: A bar: its label, its length in percent of the longest, its words, its address.
Bar = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Figures under a head. `id` names it in the page and in the address of its CSV; `names` columns are words, numbers follow."""

    id: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    names: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What a page shows. `empty` teaches where there is nothing yet."""

    name: str
    head: str
    question: str
    tables: Sequence[Table]
    bars: Sequence[tuple[str, Sequence[Bar]]] = field(default=())
    line: Mapping[str, Any] | None = None
    empty: str = ""


def link(wanted: Wanted) -> str:
    """Where a figure's cases are listed."""
    return f"{reverse('console:report_cases')}?{urlencode(wanted.given)}"


def count(number: int, wanted: Wanted) -> Cell:
    """A number with its cases; none has none."""
    return (str(number), link(wanted) if number else "")


def bars(rows: Sequence[tuple[str, float, str, str]]) -> list[Bar]:
    """(label, figure, words, address) as bars."""
    most = max((figure for _, figure, _, _ in rows), default=0) or 1
    return [(label, f"{100 * figure / most:.1f}", words, address) for label, figure, words, address in rows]


def points(figures: Sequence[int]) -> str:
    """A line from left to right in a box of 100 × 40, the highest figure at its top."""
    most, last = max(figures, default=0) or 1, max(len(figures) - 1, 1)
    return " ".join(f"{100 * place / last:.2f},{39 - 38 * figure / most:.2f}" for place, figure in enumerate(figures))


def length(span: timedelta) -> str:
    """In its two largest units; less than a minute in seconds."""
    seconds = int(span.total_seconds())
    if seconds < 60:
        return gettext("%(seconds)s s") % {"seconds": seconds}
    days, rest = divmod(seconds // 60, 24 * 60)
    hours, minutes = divmod(rest, 60)
    day, hour, minute = gettext("d h min").split()
    parts = [(days, day), (hours, hour)] if days else [(hours, hour), (minutes, minute)]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def as_csv(table: Table) -> str:
    """The table as CSV (RFC 4180), with its head."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(table.columns)
    sheet.writerows([_plain(words) for words, _ in row] for row in table.rows)
    return text.getvalue()


def _plain(words: str) -> str:
    """A name that begins like a spreadsheet's formula is not one."""
    return f"'{words}" if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words
