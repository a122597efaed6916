"""The pages Products: each product's policy as tables that people read, and what differs between two of its versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazily
from django.views.decorators.http import require_safe

from roomdesk.product.calendars import Calendar
from roomdesk.product.changes import Change, diff
from roomdesk.product.formatting import format_measure
from roomdesk.product.models import ProductVersion
from roomdesk.product.queries import loaded, newest, product_of
from roomdesk.product.schema import Product
from roomdesk.product.services import known
from roomdesk.refusals import NotFound
from roomdesk.web.console.clock_words import NAMES, moment
from roomdesk.web.console.guard import Reader, frame, staff_only
from roomdesk.web.console.present import plain
from roomdesk.web.languages import locale_now
from roomdesk.web.live.scopes import UNTOLD

Row = list[tuple[str, str]]
#: Differences that are shown; the command line tells all.
MOST = 300


#: When a row of the cover counts.
_HOURS = {"any": lazily("any"), "inside": lazily("in office hours"), "outside": lazily("outside office hours")}


def _own(reader: Reader) -> list[str]:
    return [slug for slug in known() if reader.viewer.sees_all or slug in reader.viewer.products]


@require_safe
@staff_only
def products(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The reader's products with their newest versions."""
    rows = []
    for slug, version in sorted(newest(_own(reader)).items()):
        product = product_of(version.pk)
        rows.append(
            [
                (product.name, reverse("console:product", args=[slug])),
                (slug, ""),
                (str(version.number), ""),
                (moment(version.loaded_at, product.office.timezone, reader.now), ""),
                (", ".join(tier.name for tier in product.tiers.values()), ""),
                (_("yes") if product.room else _("no"), ""),
            ]
        )
    columns = [_("Product"), _("Id"), _("Version"), _("Loaded"), _("Tiers"), _("Rooms")]
    return render(request, "console/products.html", {**frame(reader, UNTOLD), "rows": rows, "columns": columns})


@require_safe
@staff_only
def product(request: HttpRequest, reader: Reader, slug: str) -> HttpResponse:
    """One product, in its newest version or `?version=`, and what differs from the one before or from `?against=`."""
    versions = {one.number: one for one in loaded([slug]).get(slug, [])} if slug in _own(reader) else {}
    if not versions:
        raise NotFound(f'There is no product "{slug}", or it is not yours to see.', field="product")
    shown = _version(versions, request.GET.get("version", ""), max(versions))
    older = _version(versions, request.GET.get("against", ""), max((n for n in versions if n < shown), default=shown))
    here = product_of(versions[shown].pk)
    changes = diff(product_of(versions[older].pk), here) if older != shown else []
    context = {
        **frame(reader, UNTOLD),
        "product": here,
        "versions": [
            (n, n == shown, n == older, moment(versions[n].loaded_at, here.office.timezone, reader.now))
            for n in sorted(versions, reverse=True)
        ],
        "shown": shown,
        "older": older,
        "changes": [_change(one) for one in changes[:MOST]],
        "change_columns": [
            _("What"),
            _("Version %(number)s") % {"number": older},
            _("Version %(number)s") % {"number": shown},
        ],
        "many": len(changes),
        "tables": list(_tables(here, reader.now.year)),
    }
    return render(request, "console/product.html", context)


def _version(versions: dict[int, ProductVersion], given: str, usual: int) -> int:
    if not given:
        return usual
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0
    if number not in versions:
        raise NotFound(
            _("This product has no version %(given)s; choose one of %(first)s to %(last)s.")
            % {"given": given[:20], "first": min(versions), "last": max(versions)},
            field="version",
        )
    return number


def _change(change: Change) -> Row:
    return [(change.key, ""), (change.before or "–", ""), (change.after or "–", "")]


def _tables(here: Product, year: int) -> Iterable[dict[str, Any]]:
    yield {
        "id": "severities",
        "caption": _("Severities, from the gravest"),
        "columns": [_("Severity"), _("Meaning"), _("Only for the kind")],
        "rows": [
            [
                (here.text(here.locale_for(locale_now()), f"severity.{one.slug}.name"), ""),
                (here.text(here.locale_for(locale_now()), f"severity.{one.slug}.definition"), ""),
                (plain(one.kind) if one.kind else _("any"), ""),
            ]
            for one in here.severities
        ],
    }
    yield {
        "id": "targets",
        "caption": _("What is promised"),
        "columns": [_("For"), _("Clock"), _("Tier"), _("Add-on"), _("Time"), _("Calendar"), _("Told to customers")],
        "rows": [_target(one) for one in here.targets],
    }
    yield {
        "id": "cover",
        "caption": _("After hours: the first row that fits decides"),
        "columns": [_("Tiers"), _("Add-on"), _("Severities"), _("Hours"), _("What is done")],
        "rows": [_cover(one) for one in here.cover],
    }
    yield {
        "id": "backup",
        "caption": _("When the room is down"),
        "columns": [_("Way"), _("Tiers"), _("Address")],
        "rows": [[(plain(one.slug), ""), (_listed(one.tiers), ""), (one.address or "–", "")] for one in here.backup],
    }
    yield {
        "id": "calendars",
        "caption": _("Calendars"),
        "columns": [_("Calendar"), _("Zone"), _("Hours"), _("Days off this year")],
        "rows": [_calendar(name, one, year) for name, one in here.calendars.items()],
    }


def _calendar(name: str, one: Calendar, year: int) -> Row:
    hours = [
        f"{_(day.capitalize())} {', '.join('–'.join(window) for window in windows)}"
        for day, windows in one.week
        if windows
    ]
    off = [f"{date_format(day.date, 'j M')} {day.name}" for day in one.days_off if day.date.year == year]
    return [(name, ""), (one.timezone, ""), ("; ".join(hours), ""), (", ".join(off) or _("none"), "")]


def _target(one: Any) -> Row:
    """A row of the policy. Precedence is kind, then severity, then anything (D3)."""
    kind = _("kind %(kind)s") % {"kind": plain(one.kind)} if one.kind else ""
    about = kind or (plain(one.severity) if one.severity else _("anything else"))
    told = (_("yes") if one.public else _("no, internal")) + (_(", an example") if one.example else "")
    return [
        (about, ""),
        (str(NAMES.get(one.clock, one.clock)), ""),
        (plain(one.tier) if one.tier else _("all"), ""),
        (plain(one.addon) if one.addon else "–", ""),
        (format_measure(one.target, locale_now()), ""),
        (one.calendar, ""),
        (told, ""),
    ]


def _cover(one: Any) -> Row:
    done = {
        "page": _("wakes the engineer on call"),
        "notify": _("tells staff quietly"),
        "answer": _("says when the target falls"),
    }
    return [
        (_listed(one.tiers), ""),
        (plain(one.addon) if one.addon else "–", ""),
        (_listed(one.severities), ""),
        (str(_HOURS[one.hours]), ""),
        (done.get(one.action, one.action), ""),
    ]


def _listed(slugs: Iterable[str]) -> str:
    return ", ".join(plain(one) for one in slugs) or _("any")
