"""The console's menu. A new page is one line here, beside its address in `urls.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from roomdesk.web.console.reader import Reader


def _everybody(reader: Reader) -> bool:
    return True


def _leads(reader: Reader) -> bool:
    return reader.is_lead


def _administrators(reader: Reader) -> bool:
    return reader.is_administrator


def _auditors(reader: Reader) -> bool:
    return reader.is_auditor


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu: the name of its address, its words, for whom it is, and the names of pages that belong to it."""

    name: str
    words: str
    who: Callable[[Reader], bool] = _everybody
    under: frozenset[str] = field(default=frozenset())


MENU = (
    Entry("console:cases", "Cases", under=frozenset({"console:case", "console:act"})),
    Entry("console:attention", "Attention"),
    Entry("console:search", "Search"),
    Entry("console:oncall", "On call"),
    Entry("console:consents", "Consents", under=frozenset({"console:consent"})),
    Entry("console:workspaces", "Workspaces", under=frozenset({"console:workspace"})),
    Entry("console:rooms", "Rooms", under=frozenset({"console:room", "console:staff_room"})),
    Entry("console:reports", "Reports", under=frozenset({"console:report", "console:report_cases"})),
    Entry("console:products", "Products", under=frozenset({"console:product"})),
    Entry("console:audit", "Audit", _auditors),
    Entry("console:health", "Health", _leads),
    Entry("console:filing", "Filing", _leads),
    Entry("console:macros", "Macros", _administrators, frozenset({"console:macro", "console:new_macro"})),
    Entry("console:webhooks", "Webhooks", _administrators, frozenset({"console:webhook"})),
)


def menu(reader: Reader) -> list[Entry]:
    """What this reader may open. A page refuses others by itself; the menu does not name what is refused."""
    return [entry for entry in MENU if entry.who(reader)]
