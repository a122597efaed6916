"""The pages Reports: parse, call, answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from roomdesk.directory.models import Workspace
from roomdesk.product.queries import office_zones
from roomdesk.product.services import known
from roomdesk.refusals import Forbidden, NotFound
from roomdesk.reports import spans
from roomdesk.reports.behind import Wanted, behind
from roomdesk.web.console.clock_words import NAMES, moment
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.own import own_products
from roomdesk.web.console.present import STATES, plain
from roomdesk.web.console.reports.drawn import Report, as_csv, length
from roomdesk.web.console.reports.figure_words import facts, figure_words
from roomdesk.web.console.reports.made import HEADS, REPORTS, Chosen
from roomdesk.web.live.scopes import UNTOLD

#: How many months a report looks back, as the form offers it.
MONTHS = (1, 3, 6, 12)
_FOR_LEADS = "workload"


@require_safe
@staff_only
def report(request: HttpRequest, reader: Reader, name: str = "attainment") -> HttpResponse:
    """One report; `?csv=` gives one of its tables as a file."""
    if name not in REPORTS:
        raise NotFound(_("There is no such report."))
    _check(reader, name)
    chosen = _chosen(request, reader)
    made = REPORTS[name](reader, chosen)
    wanted = request.GET.get("csv")
    return _file(made, wanted) if wanted is not None else _page(request, reader, made, chosen)


def _check(reader: Reader, name: str) -> None:
    if name == _FOR_LEADS and not reader.is_lead:
        raise Forbidden(
            _("What colleagues have in hand is for leads and administrators; the inbox shows what is yours.")
        )


def _file(made: Report, wanted: str) -> HttpResponse:
    table = next((one for one in made.tables if one.id == wanted), None)
    if table is None:
        raise NotFound(_("This report has no such table, or nothing in it."))
    name = f"roomdesk-{made.name}-{table.id}.csv"
    return HttpResponse(
        as_csv(table),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _page(request: HttpRequest, reader: Reader, made: Report, chosen: Chosen) -> HttpResponse:
    given = {name: value for name, value in request.GET.items() if name != "csv" and value}
    query = f"?{urlencode(given)}" if given else ""
    names = [name for name in REPORTS if name != _FOR_LEADS or reader.is_lead]
    tabs = [(name == made.name, HEADS[name], f"{reverse('console:report', args=[name])}{query}") for name in names]
    context = {
        **frame(reader, UNTOLD),
        "report": made,
        "tabs": tabs,
        "sheets": [(table, f"?{urlencode({**given, 'csv': table.id})}") for table in made.tables],
        "fields": _fields(reader, made, chosen),
    }
    return render(request, "console/report.html", context)


def _chosen(request: HttpRequest, reader: Reader) -> Chosen:
    given = {
        name: request.GET.get(name, "").replace("\0", "").strip()[:80]
        for name in ("product", "tier", "severity", "clock", "months")
    }
    number = int(given["months"]) if given["months"] in map(str, MONTHS) else spans.MONTHS
    own = {slug for slug in known() if reader.viewer.sees_all or slug in reader.viewer.products}
    if given["product"] and given["product"] not in own:
        raise NotFound(f'There is no product "{given["product"]}", or it is not yours to see.', field="product")
    months = spans.last_months(reader.now, number)
    clock = given["clock"] if given["clock"] in NAMES else ""
    return Chosen(given["product"], given["tier"], given["severity"], clock, months)


def _fields(reader: Reader, made: Report, chosen: Chosen) -> list[dict[str, Any]]:
    """What the report can be narrowed by: the tiers, severities and clocks of the newest versions of the reader's products."""
    products = own_products(reader)
    shown = [products[chosen.product]] if chosen.product in products else list(products.values())
    fields = {"product": (_("Product"), [(slug, one.name) for slug, one in products.items()], chosen.product)}
    if made.name in ("attainment", "responses"):
        tiers = {slug: tier.name for one in shown for slug, tier in one.tiers.items()}
        severities = {slug: plain(slug) for one in shown for slug in one.severity_slugs}
        fields["tier"] = (_("Tier"), list(tiers.items()), chosen.tier)
        fields["severity"] = (_("Severity"), list(severities.items()), chosen.severity)
        fields["clock"] = (_("Clock"), [(name, str(words)) for name, words in NAMES.items()], chosen.clock)
        fields["months"] = (_("Months"), [(str(number), str(number)) for number in MONTHS], str(len(chosen.months)))
    return [
        {"name": name, "label": label, "options": options, "value": value}
        for name, (label, options, value) in fields.items()
    ]


@require_safe
@staff_only
def cases(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The cases that a figure counts."""
    wanted = Wanted.of(request.GET.dict())
    _check(reader, wanted.report)
    found = behind(reader.viewer, wanted, reader.now, after=request.GET.get("after", ""))
    address = reverse("console:report_cases")
    zones = office_zones({case.product for case, _at, _took in found.rows})
    rows = [
        [
            (f"{case.ref} {reader.title(case)}", reverse("console:case", args=[case.ref])),
            (_name(case.workspace), ""),
            (plain(case.severity), ""),
            (str(STATES.get(case.state, case.state)), ""),
            (case.assignee.name if case.assignee else _("nobody"), ""),
            (moment(at, zones[case.product], reader.now) if at else "–", ""),
            (length(took) if took is not None else "–", ""),
        ]
        for case, at, took in found.rows
    ]
    context = {
        **frame(reader, UNTOLD),
        "count": found.count,
        "rows": rows,
        "columns": [_("Case"), _("Workspace"), _("Severity"), _("State"), _("Assignee"), _("When"), _("Took")],
        "facts": list(facts(wanted)),
        "figure": figure_words(wanted),
        "head": HEADS.get(wanted.report, HEADS["backlog"]),
        "back": reverse("console:report", args=[wanted.report if wanted.report in REPORTS else "backlog"]),
        "next": f"{address}?{urlencode({**wanted.given, 'after': found.next})}" if found.next else "",
        "first": f"{address}?{urlencode(wanted.given)}" if request.GET.get("after") else "",
    }
    return render(request, "console/report_cases.html", context)


def _name(workspace: Workspace) -> str:
    return workspace.display_name or workspace.slug
