"""Pages of an exported record, for people: by month, and by thousands where a month has more. No scripts, nothing from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string

from roomdesk.cases.export_folder import Folder
from roomdesk.cases.exporting import Wanted
from roomdesk.rules.file_type import PICTURES

#: Entries of one page.
MOST = 1000
_KINDS = {
    "edit": "changed it to",
    "redaction": "removed a message",
    "reaction": "reacted with",
    "unreadable": "an encrypted message, which nobody could read here",
    "note": "internal note",
    "other": "something else; record.jsonl has it",
}


@dataclass(slots=True)
class Page:
    """One page while it is filled. Its name says the month, and from the second one on which of it."""

    name: str
    title: str
    lines: list[dict[str, Any]] = field(default_factory=list)


class MonthPages:
    """Draws the pages of one export. At most two are in hand: a page links to the one after it."""

    def __init__(self, wanted: Wanted, folder: Folder) -> None:
        self._wanted, self._folder = wanted, folder
        self._written: list[dict[str, Any]] = []
        self._before: Page | None = None
        self._page: Page | None = None
        self._number = 0

    def add(self, line: dict[str, Any]) -> None:
        month = str(line["at"])[:7]
        if self._page is None or self._page.title[:7] != month or len(self._page.lines) >= MOST:
            self._turn(month)
        assert self._page is not None
        self._page.lines.append(_shown(line))

    def finish(self) -> None:
        self._turn("")
        if self._before is not None:
            self._write(self._before, None)
        frame = {**self._frame(), "pages": self._written, "total": sum(page["count"] for page in self._written)}
        self._folder.write("index.html", render_to_string("record/index.html", frame))
        self._folder.write("record.css", render_to_string("record/record.css"))

    def _turn(self, month: str) -> None:
        """Begins the page of this month (empty: none), and writes the one before the last."""
        last, self._page = self._page, self._new(month) if month else None
        if last is None:
            return
        if self._before is not None:
            self._write(self._before, last)
        self._before = last

    def _new(self, month: str) -> Page:
        is_further = self._page is not None and self._page.title[:7] == month
        self._number = self._number + 1 if is_further else 1
        more = f"-{self._number}" if self._number > 1 else ""
        return Page(f"{month}{more}.html", f"{month}{f', part {self._number}' if more else ''}")

    def _write(self, page: Page, following: Page | None) -> None:
        before = self._written[-1]["name"] if self._written else ""
        about = {line["event_id"]: line["id"] for line in page.lines if line["event_id"]}
        for line in page.lines:
            line["about_id"] = about.get(line["about"] or line["answers"])
        frame = {**self._frame(), "page": page, "before": before, "after": following.name if following else ""}
        self._folder.write(page.name, render_to_string("record/month.html", frame))
        first, last = page.lines[0]["time"], page.lines[-1]["time"]
        self._written.append(
            {"name": page.name, "title": page.title, "count": len(page.lines), "first": first, "last": last}
        )

    def _frame(self) -> dict[str, Any]:
        return {"workspace": self._wanted.workspace, "wanted": self._wanted}


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    """What a page needs of a line."""
    file = line["file"] or {}
    return {
        "id": line["id"],
        "event_id": line["event_id"],
        "about": line["about"],
        "answers": line["answers"],
        "author": line["author_name"] or line["author_ref"],
        "author_kind": line["author_kind"],
        "kind": line["kind"],
        "words": _KINDS.get(line["kind"], ""),
        "time": _time(line["at"]),
        "case": line["case"],
        "is_imported": line["why"]["code"] == "imported",
        "sealed": line["sealed"],
        "text": line["text"],
        "is_edited": line["edited_at"] is not None,
        "removed_at": _time(line["removed_at"]),
        "removed_by": line["removed_by"],
        "file": file and {**file, "is_picture": file.get("type") in PICTURES},
    }


def _time(written: str | None) -> str:
    return written[:19].replace("T", " ") if written else ""
