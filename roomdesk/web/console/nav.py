"""The console's menu. A new page is one line here, beside its address in `urls.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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
    words: str | Promise
    who: Callable[[Reader], bool] = _everybody
    under: frozenset[str] = field(default=frozenset())


MENU = (
    Entry("console:cases", _("Cases"), under=frozenset({"console:case", "console:act"})),
    Entry("console:attention", _("Attention")),
    Entry("console:search", _("Search")),
    Entry("console:oncall", _("On call"), under=frozenset({"console:rota"})),
    Entry("console:consents", _("Consents"), under=frozenset({"console:consent"})),
    Entry("console:workspaces", _("Workspaces"), under=frozenset({"console:workspace"})),
    Entry("console:rooms", _("Rooms"), under=frozenset({"console:room", "console:staff_room"})),
    Entry("console:reports", _("Reports"), under=frozenset({"console:report", "console:report_cases"})),
    Entry("console:products", _("Products"), under=frozenset({"console:product"})),
    Entry("console:audit", _("Audit"), _auditors),
    Entry("console:health", _("Health"), _leads),
    Entry("console:filing", _("Filing"), _leads),
    Entry("console:macros", _("Macros"), _administrators, frozenset({"console:macro", "console:new_macro"})),
    Entry("console:webhooks", _("Webhooks"), _administrators, frozenset({"console:webhook"})),
)


def menu(reader: Reader) -> list[Entry]:
    """What this reader may open. A page refuses others by itself; the menu does not name what is refused."""
    return [entry for entry in MENU if entry.who(reader)]
