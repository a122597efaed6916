"""The inbox: the views with their counts, what narrows them, and the cases in the order of the queue. The address holds it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from roomdesk.cases import narrowing, queries, saved_views, worklist
from roomdesk.cases.models import SavedView
from roomdesk.cases.narrowing import Narrow
from roomdesk.directory.models import Person
from roomdesk.directory.queries import staff_at, workspace_page, workspaces_of
from roomdesk.refusals import DeskError
from roomdesk.web.console import present
from roomdesk.web.console.act_forms import HOURS
from roomdesk.web.console.bulk import context_of
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.own import own_products
from roomdesk.web.portal.refusals import told

#: Views in the order of the menu: words, those over the list, and what is said where one is empty.
_VIEWS = {
    narrowing.OPEN: (_("Open"), _("Open cases"), _("Nothing is open."), _("A case appears here as soon as a customer writes in the room of their workspace.")),
    narrowing.MINE: (_("My cases"), _("My cases"), _("You have no open case."), _("Those that you take, or are given by turn, appear here.")),
    narrowing.UNASSIGNED: (_("Unassigned"), _("Unassigned"), _("Every open case has somebody."), _("Those that nobody has taken yet appear here.")),
    narrowing.SOON: (_("Due soon"), _("Due soon"), _("Nothing presses."), _("Cases with three quarters of their time used appear here.")),
    narrowing.LATE: (_("Breached"), _("Breached"), _("Nothing is late."), _("Cases with a promise that was not kept in time stay here until it is met.")),
    narrowing.P0: (_("P0"), _("P0"), _("There is no P0."), _("A case whose customer writes P0 first appears here, and on top of every page.")),
    narrowing.WAITING: (_("Waiting"), _("Waiting"), _("Nothing waits for others."), _("Cases that wait for the customer or a third party appear here.")),
    narrowing.ALL: (_("All"), _("All cases"), _("There are no cases yet."), _("The first one appears here as soon as a customer writes in the room of their workspace.")),
}  # fmt: skip


_CHIPS = {
    "workspace": _("Workspace"),
    "product": _("Product"),
    "severity": _("Severity"),
    "kind": _("Kind"),
    "assignee": _("Assignee"),
}


@dataclass(frozen=True, slots=True)
class View:
    """A view in the menu. `count` is empty where nobody counts; `number` is that of a kept one that is the reader's own."""

    words: str
    address: str
    is_here: bool
    count: str = ""
    by: str = ""
    number: int = 0


@require_GET
@staff_only
def cases(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The list: a view's cases in the order of the queue, or all of them, the newest first."""
    outer = frame(reader)
    narrow, after = Narrow.of(request.GET.dict()), request.GET.get("after", "")
    found = worklist.worklist(reader.viewer, reader.now, narrow, after=after)
    clocks = queries.clocks_of(found.cases)
    rows = [
        present.case_row(case, clocks[case.pk], reader.now, title=reader.title(case), place=found.places.get(case.pk))
        for case in found.cases
    ]
    _words, head, none, teaches = _VIEWS[narrow.view]
    choices = _choices(reader)
    called = _called(reader, narrow, choices)
    context = {
        **outer,
        **context_of(request, reader),
        **choices,
        "narrow": narrow,
        "of_workspace": called["workspace"],
        "head": head,
        "none": none,
        "teaches": teaches,
        "views": _views(reader, narrow),
        "kept": _kept(reader, narrow),
        "chips": _chips(narrow, called),
        "is_later_page": bool(after),
        "rows": rows,
        "query": urlencode(narrow.wanted),
        "first": address(narrow),
        "next": address(narrow, found.next) if found.next else "",
    }
    return render(request, "console/cases.html", context)


def view_words(view: str) -> str:
    """What a view is called."""
    return str(_VIEWS[view][1])


def address(narrow: Narrow, after: str = "") -> str:
    wanted = {**narrow.wanted, **({"after": after} if after else {})}
    return reverse("console:cases") + (f"?{urlencode(wanted)}" if wanted else "")


def _views(reader: Reader, narrow: Narrow) -> Sequence[View]:
    counts = narrowing.counts(reader.viewer, narrow, reader.now)
    return [
        View(str(words), address(replace(narrow, view=name)), name == narrow.view, str(counts.get(name, "")))
        for name, (words, *_rest) in _VIEWS.items()
    ]


def _kept(reader: Reader, narrow: Narrow) -> Sequence[View]:
    return [_kept_view(one, reader, narrow) for one in saved_views.views_of(reader.person)]


def _kept_view(one: SavedView, reader: Reader, narrow: Narrow) -> View:
    wanted = Narrow.of(one.wanted)
    is_mine = one.owner_id == reader.person.pk
    by = "" if is_mine else one.owner.name
    return View(one.name, address(wanted), wanted == narrow, by=by, number=one.pk if is_mine else 0)


def _called(reader: Reader, narrow: Narrow, choices: Mapping[str, Any]) -> dict[str, str]:
    """What the view is narrowed to, by its name; what there is not by what was asked. One query, where it is a workspace."""
    spaces = workspaces_of(reader.viewer).filter(slug=narrow.workspace) if narrow.workspace else None
    space = spaces.values_list("display_name", flat=True).first() if spaces is not None else None
    return {
        "workspace": space or narrow.workspace,
        "product": dict(choices["products"]).get(narrow.product, narrow.product),
        "severity": present.plain(narrow.severity),
        "kind": present.plain(narrow.kind),
        "assignee": dict(choices["staff"]).get(narrow.assignee, narrow.assignee),
    }


def _chips(narrow: Narrow, called: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What the view is narrowed to: name, value, and the address without it."""
    return [
        (str(words), called[name], address(replace(narrow, **{name: ""})))
        for name, words in _CHIPS.items()
        if called[name]
    ]


def _choices(reader: Reader) -> dict[str, Any]:
    """What the list can be narrowed to, and what its cases can be given. Four queries."""
    viewer = reader.viewer
    products = own_products(reader).values()
    severities = dict.fromkeys(slug for product in products for slug in product.severity_slugs)
    kinds = dict.fromkeys(slug for product in products for slug in product.kinds)
    staff: dict[str, Person] = {
        row.person.slug: row.person
        for row in staff_at(reader.now, None if viewer.sees_all else [one.slug for one in products])
    }
    return {
        "products": sorted((product.slug, product.name) for product in products),
        "severities": [(slug, present.plain(slug)) for slug in severities],
        "kinds": [(slug, present.plain(slug)) for slug in kinds],
        "staff": sorted(((slug, one.name) for slug, one in staff.items()), key=lambda pair: pair[1]),
        "hours": HOURS,
        "workspaces": workspace_page(viewer)[0],
    }


def _kept_words(is_shared: bool) -> str:
    return str(_("The view “%(name)s” is kept for all staff.") if is_shared else _("The view “%(name)s” is kept."))


@require_POST
@staff_only
def keep_view(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Keeps the view that the list shows under a name, or removes one that was kept."""
    narrow = Narrow.of(request.POST.dict())
    by: dict[str, Any] = {"actor": reader.actor, "now": reader.now}
    remove = request.POST.get("remove", "")
    try:
        if remove:
            number = int(remove) if remove.isascii() and remove.isdecimal() and len(remove) < 19 else 0
            saved_views.do_remove(reader.person, number, **by)
            messages.success(request, _("The view was removed; its cases are where they were."))
        else:
            shared = bool(request.POST.get("shared"))
            kept = saved_views.do_save(reader.person, request.POST.get("name", ""), narrow, is_shared=shared, **by)
            messages.success(request, _kept_words(shared) % {"name": kept.name})
    except DeskError as error:
        messages.error(request, told(error))
    return HttpResponseRedirect(address(narrow))
